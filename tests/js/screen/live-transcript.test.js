import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { LiveTranscript } from "../../../adk_nb/static/screen/live-transcript.js";
import { SERVED } from "../../../adk_nb/static/screen/wording.js";
import { page } from "../page.js";
import { viewed } from "./viewed.js";

const lines = (root) => [...root.querySelectorAll(".adk-nb-entry")].map(({ textContent }) => textContent);
const said = (turn, role, text, final = true) => ({ turn, role, author: role === "agent" ? "dice" : "", text, final });

test("more of a long result is asked for where it was left", async (t) => {
  const { root, sent, says } = await viewed(t);
  says("tool_result", { turn: 1, id: "a", name: "f", result: "x".repeat(200), ms: 1, length: 999 });
  root.querySelector("[data-adk-nb=more]").click();
  assert.deepEqual(sent(), [{ type: "more", id: "a", offset: 200 }]);
  says("tool_more", { turn: 1, id: "a", offset: 200, text: "y".repeat(799), length: 999 });
  assert.equal(root.querySelector("[data-adk-nb=more]"), null);
});

test("where another conversation can be had, it begins below the one that is not known any more", async (t) => {
  const renew = mock.fn();
  const { drop, wait, greet, says, error, root, state, sent } = await viewed(t, { renew, wording: SERVED });
  says("transcript", said(1, "user", "Roll"));
  says("turn_facts", { turn: 1, time: 1, latency: "", ms: null, sound: true, outcome: "", failed: false });
  assert.equal(root.querySelectorAll(".adk-nb-transcript button").length, 1);
  await drop(4404);
  assert.deepEqual([renew.mock.callCount(), state()[0], error()], [1, "reconnecting", ""]);
  await wait(400);
  await greet({ session_id: "another", turn: 0, history: [] });
  says("transcript", said(1, "user", "Flip"));
  assert.deepEqual([lines(root), state()[0]], [["youRoll", SERVED.anew, "youFlip"], "ready"]);
  assert.equal(root.querySelectorAll(".adk-nb-transcript button").length, 0);
  await drop(1006);
  await wait(400);
  await greet({ session_id: "another", turn: 1, history: [{ type: "transcript", ...said(1, "user", "Flip") }] });
  assert.deepEqual([lines(root), renew.mock.callCount(), sent()], [["youRoll", SERVED.anew, "youFlip"], 1, []]);
});

test("a conversation in which nothing was said is followed by another without a word", async (t) => {
  const { drop, wait, greet, root } = await viewed(t, { renew: () => {}, wording: SERVED });
  await drop(4404);
  await wait(400);
  await greet({ session_id: "another" });
  assert.deepEqual(lines(root), []);
});

test("words sound as the player reports, and in between by the clock", async (t) => {
  const { root, says, plays, view, wait } = await viewed(t);
  says("transcript", said(1, "agent", "One two three."));
  says("words", { turn: 1, piece: 0, start: 0, ends: [3, 7, 14], ms: [200, 500, 900] });
  const coming = () => root.querySelector("[data-adk-nb=coming]")?.textContent ?? "";
  assert.equal(coming(), "One two three.");
  plays("progress", 1, { played_ms: 210 });
  assert.equal(coming(), "two three.");
  let now = performance.now();
  t.mock.method(performance, "now", () => now);
  now += 400;
  await wait(400);
  assert.equal(coming(), "three.");
  says("audio", { audio: { output: false } });
  assert.deepEqual([coming(), view.transcript.model.words.plays], ["", false]); // Nothing sounds: it is there to be read.
  says("audio", { audio: true });
  plays("drained", 1, { played_ms: 900 });
  assert.equal(coming(), "");
});

test("words that sounded while the page was away go on by the clock when it is back", async (t) => {
  const now = { ms: performance.now() };
  t.mock.method(performance, "now", () => now.ms);
  const words = { type: "words", turn: 1, piece: 0, start: 0, ends: [3, 7, 14], ms: [200, 500, 900] };
  const position = { type: "position", turn: 1, played_ms: 210, sounding: true };
  const history = [{ type: "transcript", ...said(1, "agent", "One two three.") }, words, position];
  const { root, wait } = await viewed(t, { hello: { plays: false, history } });
  const coming = () => root.querySelector("[data-adk-nb=coming]")?.textContent ?? "";
  assert.equal(coming(), "two three.");
  now.ms += 300;
  await wait(300);
  assert.equal(coming(), "three.");
});

test("words that are told after their sound has begun are due at once", async (t) => {
  const now = { ms: performance.now() };
  t.mock.method(performance, "now", () => now.ms);
  const { root, says, plays, wait } = await viewed(t);
  says("transcript", said(1, "agent", "One two three."));
  plays("progress", 1, { played_ms: 100, clock: now.ms });
  says("words", { turn: 1, piece: 0, start: 0, ends: [3, 7, 14], ms: [200, 400, 900] });
  const coming = () => root.querySelector("[data-adk-nb=coming]")?.textContent ?? "";
  assert.equal(coming(), "One two three.");
  now.ms += 110;
  await wait(110);
  assert.equal(coming(), "two three.");
  now.ms += 210;
  await wait(210);
  assert.equal(coming(), "three.");
});

/** One without a view. */
function kept(t) {
  page(t);
  mock.timers.enable({ apis: ["setTimeout"] });
  const layout = layOut(document.createElement("div"));
  document.body.append(layout.root);
  const asked = [];
  const transcript = new LiveTranscript(layout, (message) => (asked.push(message), true));
  t.after(() => {
    transcript.close();
    mock.timers.reset();
  });
  const tells = (type, fields) => transcript.receive({ type, ...fields });
  const part = (name) => layout.root.querySelector(`[data-adk-nb=${name}]`);
  return { layout, transcript, asked, tells, part, coming: () => part("coming")?.textContent ?? "" };
}

test("what its buttons ask for goes out: an answer, what comes of a sign-in, a tool's end", (t) => {
  const { asked, tells, part } = kept(t);
  tells("question", { turn: 1, id: "a", name: "pay", args: {}, hint: "" });
  part("approve").click();
  tells("answer", { turn: 1, id: "a", approved: true });
  tells("question", { turn: 1, id: "b", name: "mail", args: {}, hint: "", sign_in: "" });
  part("sign-in-answer").value = "key";
  part("approve").click();
  tells("answer", { turn: 1, id: "b", approved: true });
  tells("tool_call", { turn: 2, id: "c", name: "roll", args: {} });
  [...document.querySelectorAll("[data-adk-nb=stop-tool]")].find((button) => !button.hidden && button.ariaLabel === "Stop roll").click();
  assert.deepEqual(asked, [
    { type: "confirm", id: "a", approved: true }, { type: "confirm", id: "b", approved: true, answer: "key" }, { type: "stop", id: "c" },
  ]);
});

test("what was said and done is read out, and what is asked, also where a hello tells it", (t) => {
  const { layout, transcript, tells } = kept(t);
  tells("transcript", said(1, "agent", "One two three."));
  assert.equal(layout.live.textContent, "dice: One two three.");
  tells("heard", { turn: 1, unheard: [[0, 7, 14]], heard_ms: 550, audio_ms: 1400 });
  assert.equal(layout.live.textContent, "The answer was cut off: heard 0.6 of 1.4 s. Not heard: three.");
  tells("state", { state: "ready" });
  assert.match(layout.live.textContent, /^The answer was cut off/);
  const question = { type: "question", turn: 1, id: "a", name: "pay", args: {}, hint: "Now?" };
  transcript.receive(question);
  assert.equal(layout.alert.textContent, "pay() needs your approval. Now?");
  transcript.refill([]);
  assert.equal(layout.alert.textContent, "");
  transcript.refill([question]);
  assert.equal(layout.alert.textContent, "pay() needs your approval. Now?");
});

test("a hello tells all anew, and another conversation knows nothing of the last", (t) => {
  const { layout, transcript, tells } = kept(t);
  tells("transcript", said(1, "user", "roll"));
  tells("transcript", said(2, "user", "flip"));
  transcript.refill([{ type: "transcript", ...said(1, "user", "roll a die") }]);
  assert.deepEqual(lines(layout.root), ["youroll a die"]);
  tells("transcript", said(1, "agent", "Four."));
  tells("turn", { turn: 1, state: "interrupted" });
  transcript.begin("");
  transcript.refill([{ type: "transcript", ...said(1, "agent", "Heads.") }]);
  assert.deepEqual([lines(layout.root), layout.root.querySelector(".adk-nb-entry").dataset.interrupted], [["diceHeads."], "false"]);
});

const WORDS = { turn: 1, piece: 0, start: 0, ends: [3, 7, 14], ms: [200, 500, 900] };

test("words that sound in another view go on by the clock between what it tells", (t) => {
  const now = { ms: performance.now() };
  t.mock.method(performance, "now", () => now.ms);
  const { tells, coming } = kept(t);
  tells("transcript", said(1, "agent", "One two three."));
  tells("words", WORDS);
  tells("position", { turn: 1, played_ms: 210, sounding: true });
  assert.equal(coming(), "two three.");
  now.ms += 300;
  mock.timers.tick(300);
  assert.equal(coming(), "three.");
});

test("once it is closed no word moves", (t) => {
  const now = { ms: performance.now() };
  t.mock.method(performance, "now", () => now.ms);
  const { transcript, tells, coming } = kept(t);
  tells("transcript", said(1, "agent", "One two three."));
  tells("words", WORDS);
  tells("position", { turn: 1, played_ms: 210, sounding: true });
  transcript.close();
  now.ms += 300;
  mock.timers.tick(300);
  assert.equal(coming(), "two three.");
});

test("what another view tells of the sound counts once that is there, and not before", (t) => {
  const now = { ms: performance.now() };
  t.mock.method(performance, "now", () => now.ms);
  const { transcript, tells, coming } = kept(t);
  tells("transcript", said(1, "agent", "One two three."));
  tells("words", WORDS);
  transcript.played({ type: "progress", turn: 1, played_ms: 210, clock: now.ms });
  tells("position", { turn: 1, played_ms: 510, sounding: true });
  assert.equal(coming(), "two three.");
  transcript.elsewhere();
  tells("position", { turn: 1, played_ms: 510, sounding: true });
  assert.equal(coming(), "three.");
});

test("one who reads further up is led to the end", (t) => {
  const { transcript } = kept(t);
  transcript.shown.following = false;
  transcript.toEnd();
  assert.equal(transcript.shown.following, true);
});
