import assert from "node:assert/strict";
import { test } from "node:test";
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
