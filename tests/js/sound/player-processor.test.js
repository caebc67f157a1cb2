import assert from "node:assert/strict";
import { test } from "node:test";

/** The audio thread, as far as a worklet sees it. */
const registered = {};
globalThis.registerProcessor = (name, processor) => (registered[name] = processor);
globalThis.AudioWorkletProcessor = class {
  port = { posted: [], onmessage: null, postMessage(report) { this.posted.push(report); } };
};
Object.assign(globalThis, { sampleRate: 16000, currentFrame: 0 });
await import("../../../adk_nb/static/sound/player-processor.js");

function start() {
  const node = new registered["adk-nb-player"]();
  let frame = 0;
  return {
    node,
    say: (message) => node.port.onmessage({ data: message }),
    reports: () => node.port.posted.splice(0).map(({ type, turn, time }) => [type, turn, time]),
    /** Renders one quantum into so many channels. */
    render(channels = 1) {
      const outputs = Array.from({ length: channels }, () => new Float32Array(128).fill(9));
      globalThis.currentFrame = frame;
      frame += 128;
      const goesOn = node.process([], [outputs]);
      return { outputs, goesOn };
    },
  };
}
const audio = (turn, samples = 256) => ({ type: "audio", turn, rate: 16000, samples: new Int16Array(samples).fill(16384) });

test("it plays what it is sent on every channel, at the context's time, and reports", () => {
  const { say, render, reports } = start();
  render();
  say(audio(1));
  say({ type: "end", turn: 1 });
  const { outputs: [left, right], goesOn } = render(2);
  assert.deepEqual([left[100], right[100], goesOn], [0.5, 0.5, true]);
  assert.deepEqual(left, right);
  render();
  assert.deepEqual(reports(), [["started", 1, 0.008], ["drained", 1, 0.024]]);
});

test("a flush cuts off", () => {
  const { say, render, reports } = start();
  say(audio(1, 1600));
  say({ type: "end", turn: 1 });
  render();
  say({ type: "flush", turn: 1 });
  render();
  assert.deepEqual(reports(), [["started", 1, 0], ["flushed", 1, 0.011]]);
  say({ type: "resume", turn: 1 });
  say(audio(1, 64));
  render();
  assert.deepEqual(reports(), [["started", 1, 0.016], ["drained", 1, 0.02]]);
});

test("a turn that another page began goes on where that was", () => {
  const { say, render, node } = start();
  say({ type: "continue", turn: 2, played_ms: 4900 });
  say(audio(2));
  say({ type: "end", turn: 2 });
  for (let i = 0; i < 3; i++) render();
  const drained = node.port.posted.at(-1);
  assert.deepEqual([drained.type, drained.turn, drained.played_ms], ["drained", 2, 4916]);
});

test("a reset forgets", () => {
  const { say, render, reports } = start();
  say(audio(1, 1600));
  say({ type: "end", turn: 1 }); // so that it would sound at once
  say({ type: "reset" });
  const { outputs: [left] } = render();
  assert.deepEqual([left.every((value) => value === 0), reports()], [true, []]);
});

test("what it does not know it ignores", () => {
  const { say, render } = start();
  say({ type: "dance" });
  assert.equal(render().goesOn, true);
});

test("a stop ends it", () => {
  const { say, render } = start();
  say({ type: "stop" });
  assert.equal(render().goesOn, false);
});
