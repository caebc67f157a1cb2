import assert from "node:assert/strict";
import { test } from "node:test";
import { SoundPosition } from "../../../adk_nb/static/link/sound-position.js";

const frame = (turn, samples, rate = 24_000) => ({ kind: 2, seq: 0, turn, rate, clock: 0, samples: new Int16Array(samples) });

/** A page that was let in, and what then came, as [method, what] each. */
function after(...came) {
  const position = new SoundPosition();
  position.welcome();
  for (const [method, what] of came) position[method](what);
  return position.have;
}

test("a page that has just been opened has nothing, also where sound came", () => {
  const position = new SoundPosition();
  assert.deepEqual(position.have, {});
  position.add(frame(1, 240));
  assert.deepEqual(position.have, {});
  position.welcome();
  assert.deepEqual(position.have, { turn: 1, audio_ms: 10 });
});

for (const [title, came, turn, ms] of [
  ["none came", [], 0, 0],
  ["frames of a turn are added", [["add", frame(2, 240)], ["add", frame(2, 480)]], 2, 30],
  ["each at its own rate", [["add", frame(2, 240)], ["add", frame(2, 160, 16_000)]], 2, 20],
  ["a new turn begins at 0", [["add", frame(2, 240)], ["add", frame(3, 480)]], 3, 20],
  ["an older turn's are not counted", [["add", frame(2, 240)], ["add", frame(1, 480)]], 2, 10],
  ["the rest of a turn goes on where another page is", [["goOn", { turn: 4, played_ms: 120 }], ["add", frame(4, 240)]], 4, 130],
  ["also back to an older turn", [["add", frame(5, 240)], ["goOn", { turn: 4, played_ms: 120 }]], 4, 120],
  ["what is said without numbers is nothing", [["add", frame(5, 240)], ["goOn", {}]], 0, 0],
  ["a turn that comes from its middle", [["from", { turn: 2, from_ms: 500 }], ["add", frame(2, 240)]], 2, 510],
  ["said again of the same turn", [["add", frame(2, 240)], ["from", { turn: 2, from_ms: 500 }]], 2, 500],
  ["not of an older turn", [["add", frame(2, 240)], ["from", { turn: 1, from_ms: 500 }]], 2, 10],
  ["not without the turn", [["add", frame(2, 240)], ["from", { from_ms: 500 }]], 2, 10],
  ["not without the place", [["add", frame(2, 240)], ["from", { turn: 3 }]], 2, 10],
]) {
  test(`how far the sound is: ${title}`, () => assert.deepEqual(after(...came), { turn, audio_ms: ms }));
}
