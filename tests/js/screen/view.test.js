import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { press } from "../page.js";
import { browser } from "../sound/web-audio.js";
import { SERVED } from "../../../adk_nb/static/screen/wording.js";
import { settled, viewed } from "./viewed.js";

const lines = (root) => [...root.querySelectorAll(".adk-nb-entry")].map(({ textContent }) => textContent);
const said = (turn, role, text, final = true) => ({ turn, role, author: role === "agent" ? "dice" : "", text, final });

test("before the bridge says hello it shows what is known, and nothing can be sent", async (t) => {
  const { root, state, usable, hook, view, greet } = await viewed(t, { welcome: false, names: { agent: "dice", model: "smol", tools: ["roll", "flip"] } });
  assert.deepEqual(state(), ["connecting", "connecting", "Connecting…"]);
  assert.deepEqual([hook("agent").textContent, hook("model").textContent, usable()], ["dice", "smol", "text"]);
  assert.equal(root.querySelector(".adk-nb-count").textContent, "2 tools");
  const way = root.querySelector(".adk-nb-transport");
  assert.deepEqual([hook("status").dataset.transport, way.textContent], [undefined, ""]);
  await greet({});
  assert.deepEqual([hook("status").dataset.transport, way.textContent], ["websocket", "websocket"]);
  view.connection.clock.error_ms = 1;
  way.dispatchEvent(new Event("pointerenter"));
  assert.match(way.title, /Round trip: 2\.0 ms/);
});

test("the hello brings the agent, the tools and what was said before", async (t) => {
  const history = [{ type: "transcript", ...said(1, "user", "roll") }, { type: "transcript", ...said(1, "agent", "4.") }];
  const { root, state, usable, hook } = await viewed(t, { hello: { agent: "flip", model: "big", tools: ["a", { name: "b", on: false }, "c"], history } });
  assert.deepEqual(state(), ["ready", "ready", "Ready"]);
  assert.deepEqual([hook("agent").textContent, hook("model").textContent, hook("agent").title], ["flip", "big", "Tools: a, c"]);
  assert.equal(root.querySelector(".adk-nb-count").textContent, "2 of 3 tools");
  assert.deepEqual(lines(root), ["youroll", "dice4."]);
  assert.equal(usable(), "mic text");
});

test("while the model loads nobody can be spoken to", async (t) => {
  const { view, state, usable, says } = await viewed(t, { hello: { state: "connecting", video: true } });
  assert.deepEqual([state()[2], usable()], ["Loading the model…", "text"]);
  says("state", { state: "ready" });
  assert.deepEqual([state()[2], usable()], ["Ready", "mic camera screen text"]);
  says("state", { state: "thinking", detail: "Changing to flip…" });
  assert.deepEqual([state(), usable()], [["thinking", "thinking", "Changing to flip…"], "mic camera screen text interrupt"]);
  assert.equal(view.panel.tools.disabled, false);
  says("state", { state: "closed" });
  assert.deepEqual([state()[2], usable(), view.panel.tools.disabled], ["Closed", "", true]);
});

test("a request that cannot be sent says so, and the error goes with the connection's return", async (t) => {
  const { hook, error, drop, wait, greet } = await viewed(t);
  await drop(1006);
  hook("voice").disabled = false;
  hook("voice").click();
  assert.equal(error(), "not_sent: The message was not sent: there is no connection. Send it again when it is back. not_sent");
  await wait(400);
  await greet({});
  assert.equal(error(), "");
});

test("a microphone that is grey says why", async (t) => {
  const { hook, says, drop } = await viewed(t);
  const label = "Microphone (hold Space to talk)";
  assert.deepEqual([hook("mic").disabled, hook("mic").title], [false, label]);
  says("state", { state: "connecting" });
  assert.deepEqual([hook("mic").disabled, hook("mic").title], [true, `${label}: the model is still loading`]);
  says("state", { state: "ready" });
  says("audio", { audio: { output: false } });
  assert.deepEqual([hook("mic").disabled, hook("mic").title], [false, label]); // an agent that only writes hears
  await drop(1006);
  assert.deepEqual([hook("mic").disabled, hook("mic").title], [true, `${label}: there is no connection just now`]);
});

test("the sheet of keys opens with ?, but not while one types, and closes with Escape, which interrupts nobody", async (t) => {
  const { root, hook, says, sent } = await viewed(t);
  says("state", { state: "thinking" });
  press(hook("text"), "?");
  assert.equal(hook("help-sheet").hidden, true);
  press(root, "?");
  assert.deepEqual([hook("help-sheet").hidden, document.activeElement], [false, hook("help-sheet")]);
  assert.match(hook("help-sheet").textContent, /live\.say.*live\.swap.*live\.turns_df/);
  press(hook("help-sheet"), "Escape");
  assert.deepEqual([hook("help-sheet").hidden, document.activeElement, sent()], [true, hook("help"), []]);
  hook("help").click();
  assert.equal(hook("help").getAttribute("aria-expanded"), "true");
  hook("help-sheet").querySelector("button").click();
  assert.deepEqual([hook("help-sheet").hidden, hook("help").getAttribute("aria-expanded")], [true, "false"]);
});

test("the widget's own keys do not leave it, others do; Escape interrupts an agent that answers", async (t) => {
  const { root, hook, says, sent, played, sound } = await viewed(t);
  const through = [];
  document.body.addEventListener("keydown", ({ key }) => through.push(key));
  press(root, "d");
  press(root, "Escape");
  press(hook("text"), "s", { ctrlKey: true });
  assert.deepEqual([through, sent()], [["s"], []]);
  says("state", { state: "thinking" });
  sound(3);
  press(hook("text"), "Escape", { isComposing: true });
  press(hook("text"), "Escape", { keyCode: 229 });
  assert.deepEqual(sent(), []); // they ended a composition, and nothing else
  press(root, "Escape");
  assert.deepEqual(sent(), [{ type: "interrupt" }]);
  assert.deepEqual(played().at(-1), { type: "flush", turn: 3 });
});

test("sound goes to the player; its reports go to the bridge and to the status", async (t) => {
  const { sound, played, plays, sent, state, says, view, usable } = await viewed(t);
  says("state", { state: "speaking" });
  assert.equal(state()[0], "thinking");
  says("state", { state: "ready" });
  sound(1);
  assert.deepEqual(played().at(-1), { type: "audio", turn: 1, rate: 24000, samples: Int16Array.of(1, 2) });
  says("news");
  assert.equal(state()[0], "thinking"); // it has come, and does not sound yet
  plays("started", 1, { underruns: 2 });
  assert.deepEqual([state()[0], view.voice.sounding, usable()], ["speaking", 1, "mic text interrupt"]);
  plays("progress", 1, { underruns: 3 });
  plays("drained", 0);
  assert.equal(state()[0], "speaking");
  plays("drained", 1, { played_ms: 812.5 });
  assert.deepEqual([state()[0], view.voice.sounding], ["ready", null]);
  const reports = sent();
  assert.ok(reports.every(({ clock }) => typeof clock === "number"));
  assert.deepEqual(reports.map(({ event, turn, played_ms, underruns }) => [event, turn, played_ms, underruns]), [
    ["started", 1, 100, 2], ["progress", 1, 100, 3], ["drained", 0, 100, 0], ["drained", 1, 812.5, 0],
  ]);
  assert.ok(reports.every(({ type }) => type === "playback"));
});

test("an agent that turns out not to hear closes the microphone, and says why", async (t) => {
  const { hook, says, sent, error, usable } = await viewed(t);
  hook("mic").click();
  await settled();
  assert.deepEqual([sent(), hook("text").placeholder], [[{ type: "mic", on: true }], "Speak, or type a message"]);
  says("audio", { audio: { input: false, message: "It cannot hear.", remedy: "Install it." } });
  assert.deepEqual([sent(), hook("mic").getAttribute("aria-pressed")], [[{ type: "mic", on: false }], "false"]);
  assert.deepEqual([error(), usable(), hook("text").placeholder], ["", "mic text", "Type a message"]);
  hook("mic").click();
  assert.deepEqual(sent(), [{ type: "error", code: "cannot_hear", message: "It cannot hear.", remedy: "Install it." }]);
  assert.equal(error(), "cannot_hear: It cannot hear. Install it. cannot_hear");
  says("audio", { audio: true });
  assert.deepEqual([hook("mic").getAttribute("aria-disabled"), hook("text").placeholder], ["false", "Speak, or type a message"]);
  assert.deepEqual([error(), sent()], ["", [{ type: "recovered", code: "cannot_hear" }]]);
});

test("what is withheld is flushed, and what stands in its place is announced as that", async (t) => {
  const { root, says, sound, played } = await viewed(t);
  says("turn", { turn: 2, state: "started" });
  sound(2);
  says("transcript", { turn: 2, role: "agent", author: "dice", text: "The number is", final: false });
  played();
  says("turn", { turn: 2, state: "withheld" });
  assert.deepEqual(played(), [{ type: "flush", turn: 2 }]);
  assert.equal(root.querySelectorAll(".adk-nb-entry").length, 0);
  says("transcript", { turn: 2, role: "agent", author: "dice", text: "I may not say.", final: true, withheld: true });
  assert.equal(root.querySelectorAll(".adk-nb-entry").length, 1);
  assert.equal(root.querySelector("[aria-live=polite]").textContent, "dice: I may not say. (withheld by a guard)");
});

test("the interrupt button silences what came, before the bridge confirms it", async (t) => {
  const { hook, says, sound, played, sent, state } = await viewed(t);
  sound(1);
  sound(4);
  says("state", { state: "thinking" });
  hook("interrupt").click();
  says("state", { state: "ready" });
  assert.deepEqual([sent(), played().at(-1), state()[0]], [[{ type: "interrupt" }], { type: "flush", turn: 4 }, "ready"]);
});

test("the microphone's sound goes out, and a click on it is listening until a turn comes of it", async (t) => {
  const { hook, sent, state, says, root } = await viewed(t);
  hook("mic").click();
  await settled();
  assert.deepEqual([sent(), state()], [[{ type: "mic", on: true }], ["listening", "listening", "Listening"]]);
  says("state", { state: "ready" });
  assert.deepEqual(state(), ["ready", "ready", "Ready, microphone on"]);
  const recorder = browser.nodes.find(({ name }) => name === "adk-nb-recorder");
  recorder.port.onmessage({ data: { samples: Int16Array.of(5, 6), time: 1, rms: 1, peak: 1 } });
  const [{ kind, seq, turn, rate, samples }] = sent();
  assert.deepEqual([kind, seq, turn, rate, [...samples]], [1, 0, 0, 16000, [5, 6]]);
  assert.equal(root.querySelector("[data-adk-nb=level]").getAttribute("aria-valuenow"), "100");
});

test("a microphone that is refused is told to the user and to the session's log", async (t) => {
  const { hook, sent, error } = await viewed(t);
  browser.denied = new DOMException("no", "NotAllowedError");
  hook("mic").click();
  await settled();
  assert.match(error(), /^mic_denied: The browser was not allowed/);
  assert.deepEqual(sent().map(({ type, code, message }) => [type, code, message]), [["error", "mic_denied", "The browser was not allowed to use the microphone."]]);
  hook("dismiss").click();
  assert.deepEqual([error(), sent()], ["", [{ type: "recovered", code: "mic_denied" }]]);
});

test("a microphone that was refused and is allowed then is no error any more", async (t) => {
  const { hook, sent, error } = await viewed(t);
  browser.denied = new DOMException("no", "NotAllowedError");
  hook("mic").click();
  await settled();
  browser.denied = null;
  sent();
  hook("mic").click();
  await settled();
  assert.equal(error(), "");
  assert.deepEqual(sent(), [{ type: "mic", on: true }, { type: "recovered", code: "mic_denied" }]);
});

test("a device that goes away while it is open is told", async (t) => {
  const { hook, sent, error } = await viewed(t);
  hook("mic").click();
  await settled();
  sent();
  browser.streams[0].track.onended();
  assert.match(error(), /^mic_failed/);
  assert.deepEqual(sent().map(({ type }) => type), ["mic", "error"]);
});

test("audio that does not start is told", async (t) => {
  const { greet, error } = await viewed(t, { welcome: false });
  browser.loading = Promise.reject(new Error("no module"));
  await greet({});
  assert.match(error(), /^audio_failed/);
});

test("a browser that waits for a gesture offers a button, which plays", async (t) => {
  const { greet, hook } = await viewed(t, { welcome: false });
  browser.state = "suspended";
  await greet({});
  assert.equal(hook("unmute").hidden, false);
  hook("unmute").click();
  assert.deepEqual([hook("unmute").hidden, browser.contexts[0].state], [true, "running"]);
  browser.contexts[0].becomes("interrupted");
  assert.deepEqual([hook("unmute").hidden, hook("unmute").textContent], [false, "The sound is interrupted, by a call perhaps: click to go on"]);
  hook("unmute").click();
  browser.contexts[0].becomes("suspended");
  assert.equal(hook("unmute").textContent, "Click to hear the agent");
});

test("a microphone that is muted says so until it is back", async (t) => {
  const { hook, sent, error } = await viewed(t);
  hook("mic").click();
  await settled();
  sent();
  browser.streams[0].track.onmute();
  assert.match(error(), /^mic_muted: .* the agent hears nothing/);
  assert.deepEqual(sent().map(({ type, code }) => [type, code]), [["error", "mic_muted"]]);
  browser.streams[0].track.onunmute();
  assert.equal(error(), "");
});

test("a question's answer goes out; without a connection it is said", async (t) => {
  const { says, sent, root, drop, error } = await viewed(t);
  says("question", { turn: 1, id: "b", name: "pay", args: {}, hint: "" });
  const button = (name) => root.querySelector(`[data-adk-nb=${name}]`);
  button("reject").click();
  assert.deepEqual(sent(), [{ type: "confirm", id: "b", approved: false }]);
  says("question", { turn: 1, id: "b", name: "pay", args: {}, hint: "" });
  await drop(1006);
  button("approve").click();
  assert.match(error(), /^not_sent/);
});

test("a sign-in has a link and a field for what comes of it", async (t) => {
  const { says, sent, root } = await viewed(t);
  const part = (name) => root.querySelector(`[data-adk-nb=${name}]`);
  const asks = (id, sign_in) => says("question", { turn: 1, id, name: "mail", args: {}, hint: "Sign in.", sign_in });
  asks("a", "https://accounts.example/auth?x=1");
  assert.equal(part("sign-in").href, "https://accounts.example/auth?x=1");
  assert.equal(part("sign-in-answer").type, "text");
  part("approve").form.requestSubmit?.() ?? part("approve").click();
  assert.deepEqual(sent(), []); // nothing was pasted
  part("sign-in-answer").value = " http://localhost/?code=c ";
  part("approve").click();
  assert.deepEqual(sent(), [{ type: "confirm", id: "a", approved: true, answer: "http://localhost/?code=c" }]);
  says("answer", { turn: 1, id: "a", approved: true });
  asks("b", "javascript:alert(1)");
  assert.deepEqual([part("sign-in"), part("sign-in-answer").type], [null, "password"]);
  part("reject").click();
  assert.deepEqual(sent().at(-1), { type: "confirm", id: "b", approved: false });
});

test("a tool is switched, and back where the kernel refuses", async (t) => {
  const { says, sent, root, error } = await viewed(t);
  const box = () => root.querySelector("[data-tool=roll]");
  box().click();
  assert.deepEqual([sent(), box().checked, box().disabled], [[{ type: "tool", name: "roll", on: false }], false, true]);
  says("error", { code: "swap_failed", message: "It cannot be.", remedy: "Try later." });
  assert.deepEqual([box().checked, box().disabled, error()], [true, false, "swap_failed: It cannot be. Try later. swap_failed"]);
});

test("an error that says little is shown all the same", async (t) => {
  const { says, error } = await viewed(t);
  says("error");
  assert.equal(error(), "error:   error");
});

test("what a good answer disproves is no error any more; what lasts is", async (t) => {
  const { says, error } = await viewed(t);
  says("error", { code: "connection_lost", message: "Lost.", remedy: "", lasts: false });
  says("turn", { turn: 1, state: "started" });
  assert.match(error(), /^connection_lost/);
  says("turn", { turn: 1, state: "complete" });
  assert.equal(error(), "");
  says("error", { code: "recording", message: "Full.", remedy: "", lasts: true });
  says("transcript", said(2, "agent", "Hello."));
  says("turn", { turn: 2, state: "complete" });
  assert.match(error(), /^recording/);
});

test("each turn has its line, and under it what became of it", async (t) => {
  const { root, says } = await viewed(t);
  says("transcript", said(1, "user", "roll"));
  says("turn_facts", { turn: 1, time: 1, latency: "", ms: null, sound: false, outcome: "no answer: it broke", failed: true });
  assert.match(root.querySelector("[data-adk-nb=transcript]").textContent, /^turn 1 .*youroll.*no answer: it broke$/);
  assert.equal(root.querySelector("[data-kind=failed]").dataset.turn, "1");
});

test("a swap changes who answers, and shows that it did", async (t) => {
  const { says, hook, root, usable } = await viewed(t, { hello: { video: true } });
  const header = root.querySelector(".adk-nb-header");
  assert.equal(header.classList.contains("adk-nb-swapped"), false);
  says("agent", { agent: "flip", model: "big", tools: ["flip"], changes: ["The model was changed."], video: null });
  assert.deepEqual([hook("agent").textContent, hook("model").textContent, hook("agent").title], ["flip", "big", "Tools: flip"]);
  assert.equal(header.classList.contains("adk-nb-swapped"), true);
  assert.match(root.querySelector("[data-adk-nb=agent-panel]").textContent, /The model was changed\./);
  assert.equal(usable(), "mic camera screen text");
  const changes = t.mock.method(header.classList, "remove");
  says("agent", { agent: "flip", model: "small", tools: [], video: false });
  assert.deepEqual(changes.mock.calls.map(({ arguments: [name] }) => name), ["adk-nb-swapped"]); // or it would not start again
  assert.deepEqual([usable(), hook("agent").title], ["mic text", ""]);
});

test("after an accident everything is as the new hello says, and open devices are told again", async (t) => {
  const { hook, says, greet, drop, wait, sent, state, root, plays, played } = await viewed(t);
  hook("mic").click();
  await settled();
  says("transcript", said(1, "user", "roll"));
  plays("started", 1, { underruns: 4 });
  await drop(1006);
  assert.deepEqual(state(), ["reconnecting", "reconnecting", "Reconnecting…"]);
  await wait(400);
  played();
  await greet({ history: [{ type: "transcript", ...said(1, "user", "roll a die") }] });
  assert.deepEqual([lines(root), sent()], [["youroll a die"], [{ type: "mic", on: true }]]);
  assert.deepEqual(played(), []);
  plays("progress", 1, { underruns: 5 });
  assert.equal(sent()[0].underruns, 1);
});

test("an error that the connection is no matter of stays through an accident", async (t) => {
  const { says, drop, wait, greet, error } = await viewed(t);
  says("error", { code: "model", message: "No model.", remedy: "" });
  await drop(1006);
  assert.match(error(), /^model/);
  await wait(400);
  await greet({});
  assert.match(error(), /^model/);
});

test("another session begins with nothing of the last", async (t) => {
  const { says, greet, drop, wait, root, sound, plays, played, state } = await viewed(t);
  says("transcript", said(3, "agent", "Once"));
  says("turn", { turn: 3, state: "interrupted" });
  sound(5);
  plays("started", 5);
  await drop(1006);
  await wait(400);
  played();
  await greet({ session_id: "another", history: [{ type: "transcript", ...said(3, "agent", "Well") }] });
  assert.deepEqual([played(), state()[0]], [[{ type: "reset" }], "ready"]);
  assert.deepEqual([lines(root), root.querySelector(".adk-nb-entry").dataset.interrupted], [["diceWell"], "false"]);
  sound(1);
  says("news");
  assert.equal(state()[0], "thinking");
});

test("a kernel that cannot be reached is said after three attempts, and no more once it can", async (t) => {
  const { drop, wait, greet, error } = await viewed(t);
  const errors = [];
  for (let i = 0; i < 3; i++) {
    await drop(1006);
    errors.push(error());
    await wait(2000);
  }
  assert.deepEqual(errors.slice(0, 2), ["", ""]);
  assert.match(errors[2], /^unreachable: The kernel cannot be reached\. Tried: its own port \(refused\)\. If it was restarted/);
  await greet({});
  assert.equal(error(), "");
});

test("at a server the sheet of keys has no calls for cells", async (t) => {
  const { root } = await viewed(t, { wording: SERVED });
  const sheet = root.querySelector('[data-adk-nb="help-sheet"]');
  assert.deepEqual([sheet.querySelectorAll("code").length, sheet.getAttribute("aria-label")], [0, "Keys"]);
});

for (const [code, shown] of [
  [4404, "session_closed: This conversation has ended. Run the cell for a new one. session_closed"],
  [4000, ""],
]) {
  test(`a bridge that closes with ${code} is final: ${shown || "no error"}`, async (t) => {
    const { view, drop, wait, error, state, usable, hook } = await viewed(t, { hello: { video: true } });
    hook("mic").click();
    await settled();
    await drop(code);
    assert.deepEqual([error(), state(), usable()], [shown, ["closed", "closed", "Closed"], ""]);
    assert.deepEqual([hook("mic").getAttribute("aria-pressed"), browser.streams[0].track.readyState, browser.contexts[0].state], ["false", "ended", "closed"]);
    await wait(60_000);
    assert.equal(view.connection.dials, 1);
  });
}

test("the microphone is closed when the link stays lost, and opened again when it is back", async (t) => {
  const { drop, wait, greet, hook, sent, view } = await viewed(t);
  hook("mic").click();
  await settled();
  const [{ track }] = browser.streams;
  await drop(1006);
  await wait(400);
  await greet({});
  assert.deepEqual([track.readyState, sent()], ["live", [{ type: "mic", on: true }]]);
  await drop(1006);
  await wait(1999);
  assert.equal(track.readyState, "live");
  await wait(1);
  assert.deepEqual([track.readyState, hook("mic").getAttribute("aria-pressed")], ["ended", "false"]);
  await wait(1500);
  await greet({});
  assert.deepEqual([hook("mic").getAttribute("aria-pressed"), browser.streams.length, sent()], ["true", 2, [{ type: "mic", on: true }]]);
  hook("mic").click();
  await drop(1006);
  await wait(10_000);
  await greet({});
  assert.equal(view.sound.microphone, null);
});

test("a kernel that cannot be reached by the only way that is allowed says which that is", async (t) => {
  const port = { send() {}, listen: () => () => {} };
  const { drop, wait, error } = await viewed(t, { welcome: false, transport: "websocket", port });
  for (let i = 0; i < 3; i++) {
    await drop(1006);
    await wait(2000);
  }
  assert.match(error(), /^unreachable: .*the only way that talk\(transport="websocket"\) allows/);
});

test("an open microphone shows itself where the view is hidden, until it is closed", async (t) => {
  const { root, view, hook } = await viewed(t);
  const mark = () => document.querySelector("[data-adk-nb=away]");
  root.getClientRects = () => [];
  view.away.look();
  hook("mic").click();
  await settled();
  assert.match(mark().textContent, /^dice hears you/);
  mark().querySelector("button").click();
  assert.deepEqual([mark() === null, view.microphone.isOpen], [true, false]);
  hook("mic").click();
  await settled();
  assert.notEqual(mark(), null);
  await view.close();
  assert.equal(mark() === null, true);
});

for (const [what, ends] of [["the view is closed", ({ view }) => view.close()], ["the conversation has ended", ({ drop }) => drop(4404)]]) {
  test(`a camera that is on is switched off where ${what}`, async (t) => {
    const made = await viewed(t, { hello: { video: true } });
    Object.defineProperty(window.HTMLMediaElement.prototype, "srcObject", { value: null, writable: true });
    made.hook("camera").click();
    await settled();
    const { track } = browser.streams[0];
    assert.equal(track.readyState, "live");
    await ends(made);
    assert.equal(track.readyState, "ended");
  });
}

test("an agent that does not hear any more when the link is back gets no microphone", async (t) => {
  const { drop, wait, greet, hook, view, sent } = await viewed(t);
  hook("mic").click();
  await settled();
  await drop(1006);
  await wait(2000);
  await greet({ audio: { input: false, message: "It cannot hear.", remedy: "Install it." } });
  assert.deepEqual([view.microphone.isOpen, browser.streams.length, hook("mic").getAttribute("aria-pressed"), sent()], [false, 1, "false", []]);
});

test("a cell that keeps the kernel from hearing the page is said as long as it does", async (t) => {
  const { view, error } = await viewed(t);
  view.held({ ipykernel: "6.29.0" });
  assert.match(error(), /^cell_holds: A running cell blocks the sound: this kernel has ipykernel 6\.29\.0/);
  view.held(null);
  assert.equal(error(), "");
});

test("a page that is refused three times says so", async (t) => {
  const { drop, wait, error, state } = await viewed(t, { welcome: false });
  for (let i = 0; i < 3; i++) {
    await drop(4401);
    await wait(10_000);
  }
  assert.deepEqual([error(), state()[0]], ["refused: The bridge refused this page. Re-run the cell that made this widget. refused", "closed"]);
});

test("a session that the kernel closed is over", async (t) => {
  const { view, state, error, usable } = await viewed(t);
  view.end();
  assert.deepEqual([state()[0], error(), usable()], ["closed", "", ""]);
});

test("closing undoes everything, quietly", async (t) => {
  const { view, hook, root, state, sent, type } = await viewed(t);
  hook("mic").click();
  press(root, " ");
  await settled();
  sent();
  const before = state();
  await view.close();
  assert.deepEqual(sent().map(({ type: kind }) => kind), ["activity_end"]);
  assert.deepEqual([browser.streams[0].track.readyState, browser.contexts[0].state, state()], ["ended", "closed", before]);
  type("hello");
  hook("send").click();
  hook("interrupt").disabled = false;
  press(root, "Escape");
  hook("help").click();
  assert.deepEqual([sent(), hook("help-sheet").hidden], [[], true]);
});

test("a view that does not play makes no player, shows that the agent speaks, and can take the sound", async (t) => {
  const { hook, says, sent, sound, played, state, view } = await viewed(t, { hello: { plays: false } });
  assert.deepEqual([browser.contexts.length, hook("places").hidden, hook("hear-here").hidden], [0, false, false]);
  says("position", { turn: 3, played_ms: 10, sounding: true });
  assert.deepEqual([state()[0], hook("interrupt").disabled], ["speaking", false]);
  hook("hear-here").click();
  assert.deepEqual(sent(), [{ type: "take" }]);
  says("place", { speaker: "here", microphone: "none" });
  says("continue", { turn: 3, played_ms: 4900 });
  sound(3);
  await settled();
  assert.deepEqual(played(), [{ type: "continue", turn: 3, played_ms: 4900 }, { type: "audio", turn: 3, rate: 24000, samples: Int16Array.of(1, 2) }]);
  assert.equal(hook("places").hidden, true);
  assert.equal(Math.round(view.connection.position.have.audio_ms), 4900);
});

test("a view whose sound another takes is silent at once, and reports no more of it", async (t) => {
  const { hook, says, sound, played, plays, view } = await viewed(t);
  sound(3);
  plays("started", 3);
  says("place", { speaker: "elsewhere", microphone: "none" });
  assert.deepEqual([played().at(-1), view.voice.sounding, hook("places").hidden], [{ type: "reset" }, null, false]);
  sound(3);
  assert.deepEqual(played(), []);
});

test("a view that plays again after another did has no turn that sounds", async (t) => {
  const { says, view, plays, state } = await viewed(t, { hello: { plays: false } });
  says("position", { turn: 3, played_ms: 10, sounding: true });
  assert.equal(view.voice.sounding, 3);
  says("position", { turn: 3, played_ms: 20, sounding: false });
  assert.equal(view.voice.sounding, null);
  says("position", { turn: 3, played_ms: 10, sounding: true });
  says("place", { speaker: "here", microphone: "none" });
  assert.deepEqual([view.voice.sounding, state()[0]], [null, "ready"]);
  says("position", { turn: 3, played_ms: 10, sounding: true });
  assert.equal(view.voice.sounding, null);
});

test("a microphone that another view takes is closed, and the kernel is not told what it knows", async (t) => {
  const { hook, says, sent } = await viewed(t);
  hook("mic").click();
  await settled();
  sent();
  says("place", { speaker: "here", microphone: "elsewhere" });
  assert.deepEqual([browser.streams[0].track.readyState, hook("mic").getAttribute("aria-pressed"), sent()], ["ended", "false", []]);
  hook("speak-here").click();
  await settled();
  assert.deepEqual(sent(), [{ type: "mic", on: true }]);
  says("place", { speaker: "here", microphone: "here" });
  assert.equal(hook("places").hidden, true);
});

test("a microphone that another widget takes is closed and says so, unless it may be shared", async (t) => {
  const { hook, sent, view, says } = await viewed(t);
  view.microphoneTaken();
  assert.deepEqual([sent(), hook("places").hidden], [[], true]);
  hook("mic").click();
  await settled();
  sent();
  view.microphoneTaken();
  assert.deepEqual([sent(), hook("places").textContent], [[{ type: "mic", on: false }], "Another widget has taken the microphone.Hear it hereSpeak here"]);
  hook("speak-here").click();
  await settled();
  says("audio", { audio: { shared_microphone: true } });
  assert.deepEqual([view.microphone.isOpen, hook("places").hidden], [true, true]);
  view.microphoneTaken();
  assert.equal(view.microphone.isOpen, true);
});

test("a view says who it is each time it connects", async (t) => {
  const { view } = await viewed(t);
  assert.deepEqual(view.connection.options.about(), { view: view.id });
  assert.match(view.id, /^\w+$/);
});

test("what the page knows of itself is told where adk_nb.doctor() asks", async (t) => {
  const { view, says, sent } = await viewed(t);
  view.connection.ping = async () => 4;
  view.ways.all = ({ url }) => [{ transport: "relay", dial: () => { throw new Error(url); } }];
  says("examine", { id: 5 });
  for (let i = 0; i < 5; i++) await settled();
  const [{ type, id, found }, ...more] = sent();
  assert.deepEqual([type, id, found.transport, found.round_trip_ms, found.relay_opens_ms, more], ["findings", 5, "websocket", 4, null, []]);
});

test("other widgets hear of a microphone that was opened, unless it may be shared", async (t) => {
  const { view, hook, says } = await viewed(t);
  const opened = t.mock.method(view.one, "opened", () => {});
  hook("mic").click();
  await settled();
  assert.equal(opened.mock.callCount(), 1);
  hook("mic").click();
  says("audio", { audio: { shared_microphone: true } });
  hook("mic").click();
  await settled();
  assert.deepEqual([opened.mock.callCount(), view.microphone.isOpen], [1, true]);
});

test("a turn is played again by its button, until the agent speaks", async (t) => {
  const { says, sent, root, plays } = await viewed(t);
  says("transcript", said(1, "user", "roll"));
  says("turn_facts", { turn: 1, time: 1, latency: "", ms: null, sound: true, outcome: "", failed: false });
  const button = root.querySelector("[data-adk-nb=play]");
  button.click();
  await settled();
  assert.deepEqual([sent(), button.textContent], [[{ type: "play", turn: 1, offset: 0 }], "■"]);
  plays("started", 2);
  assert.equal(button.textContent, "▶");
  plays("drained", 2);
  sent();
  button.click();
  await settled();
  says("turn_sound", { turn: 1, rate: 8000, offset: 0, length: 8, pcm: "AAAAAA==" });
  assert.deepEqual(sent(), [{ type: "play", turn: 1, offset: 0 }, { type: "play", turn: 1, offset: 4 }]);
});


test("a microphone that goes on in another view of this widget is not another widget's any more", async (t) => {
  const { hook, view, says } = await viewed(t);
  hook("mic").click();
  await settled();
  view.microphoneTaken();
  says("place", { speaker: "here", microphone: "elsewhere" });
  assert.match(hook("places").textContent, /^The microphone is on in another view/);
  says("place", { speaker: "here", microphone: "none" });
  assert.equal(hook("places").hidden, true);
});
