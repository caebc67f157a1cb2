import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { SERVED } from "../../../adk_nb/static/screen/wording.js";
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
