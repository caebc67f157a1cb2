import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentVoice } from "../../../adk_nb/static/screen/agent-voice.js";
import { page } from "../page.js";
import { browser } from "../sound/web-audio.js";
import { settled, viewed } from "./viewed.js";

test("a turn that was interrupted is flushed, one that is complete is ended", async (t) => {
  const { says, sound, played, state } = await viewed(t);
  sound(2);
  says("turn", { turn: 2, state: "started" });
  says("turn", { turn: 2, state: "complete" });
  assert.deepEqual(played().slice(1), [{ type: "end", turn: 2 }]);
  assert.equal(state()[0], "thinking");
  says("turn", { turn: 2, state: "interrupted" });
  assert.deepEqual(played(), [{ type: "flush", turn: 2 }]);
  assert.equal(state()[0], "ready");
  says("turn", { turn: 2, state: "resumed" });
  assert.deepEqual(played(), [{ type: "resume", turn: 2 }]);
});

test("where the kernel wants no sound of the page, none is started or played", async (t) => {
  const { sound, says, usable, state } = await viewed(t, { hello: { audio: false } });
  sound(1);
  assert.deepEqual([browser.contexts, usable()], [[], "text"]);
  says("state", { state: "speaking" });
  assert.equal(state()[0], "speaking");
});

test("the agent's voice is switched by its button, as the bridge confirms it", async (t) => {
  const { hook, says, sound, sent, played, state } = await viewed(t);
  const shows = () => [hook("voice").getAttribute("aria-pressed"), hook("voice").title.split(":")[0]];
  assert.deepEqual(shows(), ["true", "The agent speaks"]);
  sound(1);
  hook("voice").click();
  assert.deepEqual([sent(), shows()[0]], [[{ type: "voice", on: false }], "true"]);
  says("audio", { audio: { output: false } });
  assert.deepEqual([shows(), played().at(-1)], [["false", "The agent only writes"], { type: "flush", turn: 1 }]);
  sound(2);
  says("state", { state: "writing" });
  assert.deepEqual([state()[0], hook("interrupt").disabled], ["writing", false]);
  hook("voice").click();
  assert.deepEqual(sent(), [{ type: "voice", on: true }]);
  says("audio", { audio: true });
  assert.deepEqual(shows(), ["true", "The agent speaks"]);
  assert.equal(hook("voice").disabled, false);
});

test("where the agent only writes at first, its sound is played once it speaks", async (t) => {
  const { says, sound, played } = await viewed(t, { hello: { audio: { output: false } } });
  assert.deepEqual(browser.contexts, []);
  says("audio", { audio: true });
  await settled();
  sound(1);
  assert.equal(played().length, 1);
});

test("where another server goes on, the sound of its turns is interrupted as before", async (t) => {
  const { sound, hook, drop, wait, greet, says, played } = await viewed(t);
  sound(7);
  await drop(1012);
  await wait(400);
  played();
  await greet({ turn: 0 });
  assert.ok(played().some(({ type }) => type === "reset")); // a turn of that number may have been cut off
  sound(1);
  says("state", { state: "speaking" });
  hook("interrupt").click();
  assert.deepEqual(played().filter(({ type }) => type === "flush").map(({ turn }) => turn), [1]);
});

test("of the player's reports the last 200 are kept", async (t) => {
  const { plays, view } = await viewed(t);
  for (let n = 0; n < 205; n++) plays("progress", n);
  assert.deepEqual([view.voice.reports.length, view.voice.reports[0].turn, view.voice.reports.at(-1)?.turn], [200, 5, 204]);
});

test("where another server goes on while a turn sounds, nothing sounds any more", async (t) => {
  const { sound, plays, drop, wait, greet, view, state } = await viewed(t);
  sound(7);
  plays("started", 7);
  await drop(1012);
  await wait(400);
  await greet({ turn: 0 });
  assert.deepEqual([view.voice.sounding, state()[0]], [null, "ready"]);
});


/** A voice without a view: what it plays, sends and says. */
function voiced(t, { here = true, fails = null } = {}) {
  page(t);
  const seen = { sound: [], sent: [], asked: [], failures: [], recovered: [] };
  const note = (name) => (...what) => seen.sound.push([name, ...what]);
  const sound = {
    ...Object.fromEntries(["play", "end", "resumeTurn", "flush", "reset", "continueAt"].map((name) => [name, note(name)])),
    start: async () => { note("start")(); if (fails) throw fails; },
  };
  const button = document.createElement("button");
  const voice = new AgentVoice({
    layout: { control: { voice: button } },
    connection: { send: (message) => seen.sent.push(message) },
    sound, here: () => here,
    ask: (message) => seen.asked.push(message),
    report: (failure) => seen.failures.push(failure),
    recovered: (code) => seen.recovered.push(code),
    signal: new AbortController().signal,
  });
  const plays = (type, turn, underruns = 0) => voice.played({ type, turn, played_ms: 100, clock: 5, estimated: false, underruns });
  const hears = (turn) => voice.heard({ turn, rate: 24000, samples: Int16Array.of(1) });
  return { voice, seen, button, plays, hears };
}

test("sound that has come is pending until it sounds, in whatever order turns come", (t) => {
  const { voice, seen, plays, hears } = voiced(t);
  assert.equal(voice.pending, false);
  hears(2);
  hears(1); // an old question, answered late
  assert.deepEqual([voice.pending, voice.framesReceived, seen.sound.map(([name]) => name)], [true, 2, ["play", "play"]]);
  plays("started", 1);
  assert.equal(voice.pending, true);
  plays("started", 2);
  assert.equal(voice.pending, false);
  plays("progress", 1);
  assert.equal(voice.pending, false); // it has begun once
  hears(3);
  assert.equal(voice.pending, true);
  voice.silence();
  assert.deepEqual([voice.pending, seen.sound.at(-1)], [false, ["flush", 3]]);
});

test("a turn sounds from the player's first report of it to its last, and no other's", (t) => {
  const { voice, plays } = voiced(t);
  const sounding = ["started", "progress"].map((type) => (plays(type, 1), voice.sounding));
  plays("flushed", 2);
  assert.deepEqual([...sounding, voice.sounding], [1, 1, 1]);
  plays("progress", 2);
  plays("drained", 1);
  assert.equal(voice.sounding, 2);
  plays("flushed", 2);
  assert.equal(voice.sounding, null);
});

test("the bridge is told what the player did, with the underruns since it was greeted", (t) => {
  const first = voiced(t);
  first.voice.connected();
  first.plays("started", 1, 2);
  assert.equal(first.seen.sent[0].underruns, 2);
  const { voice, seen, plays } = voiced(t);
  plays("started", 1, 2);
  assert.deepEqual(seen.sent, [{ type: "playback", event: "started", turn: 1, played_ms: 100, clock: 5, estimated: false, underruns: 2 }]);
  plays("progress", 1, 4);
  voice.connected();
  plays("progress", 1, 5);
  assert.deepEqual(seen.sent.map(({ underruns }) => underruns), [2, 4, 1]);
});

test("a view that does not play drops what comes, needs no player, and starts one when it takes the sound", async (t) => {
  const { voice, seen, hears } = voiced(t, { here: false });
  hears(1);
  voice.start();
  assert.deepEqual([seen.sound, voice.pending, voice.framesReceived], [[], false, 1]);
  const taken = voiced(t);
  taken.voice.elsewhere({ turn: 2, sounding: true });
  taken.voice.take();
  assert.equal(taken.voice.sounding, null);
  await Promise.resolve();
  assert.deepEqual([taken.seen.sound, taken.seen.recovered], [[["start"]], ["audio_failed"]]);
  const failing = voiced(t, { fails: { code: "audio_failed" } });
  failing.voice.start();
  await new Promise(setImmediate);
  assert.deepEqual([failing.seen.failures, failing.seen.recovered], [[{ code: "audio_failed" }], []]);
});

test("a view whose sound another takes has nothing that pends or sounds", (t) => {
  const { voice, seen, plays, hears } = voiced(t);
  plays("started", 1);
  hears(2);
  voice.leave();
  assert.deepEqual([voice.pending, voice.sounding, seen.sound.at(-1)], [false, null, ["reset"]]);
  voice.elsewhere({ turn: 2, sounding: true });
  assert.equal(voice.sounding, 2);
});

test("its button asks for the other way, and is grey where it is of no use", (t) => {
  const { voice, seen, button } = voiced(t);
  button.click();
  voice.use(false);
  button.click();
  assert.deepEqual([seen.asked, voice.speaks], [[{ type: "voice", on: false }, { type: "voice", on: true }], false]);
  voice.show(false);
  assert.equal(button.disabled, true);
  voice.show(true);
  assert.equal(button.disabled, false);
});
