import assert from "node:assert/strict";
import { test } from "node:test";
import { OneMicrophone } from "../../../adk_nb/static/sound/one-microphone.js";

/** Widgets of a browser, by their sessions, and which of them were told. */
function widgets(t, ...sessions) {
  const taken = [];
  const made = sessions.map((session, n) => new OneMicrophone({ session: () => session, taken: () => taken.push(n) }));
  t.after(() => made.forEach((one) => one.close()));
  return { made, taken };
}
/** Lets what was posted arrive: a message to the same channels comes after it. */
const arrived = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

test("another widget's microphone is taken, and not that of another view of the same one", async (t) => {
  const { made: [first], taken } = widgets(t, "a", "b", "a", "c");
  first.opened();
  await arrived();
  assert.deepEqual(taken.sort(), [1, 3]);
});

test("a widget that is gone is told nothing, and tells nothing", async (t) => {
  const { made: [first, second], taken } = widgets(t, "a", "b");
  second.close();
  first.opened();
  second.opened();
  await arrived();
  assert.deepEqual(taken, []);
});

test("a browser without channels between its pages has no such rule", (t) => {
  const { BroadcastChannel } = globalThis;
  t.after(() => Object.assign(globalThis, { BroadcastChannel }));
  Reflect.deleteProperty(globalThis, "BroadcastChannel");
  const { made: [only] } = widgets(t, "a");
  only.opened();
});
