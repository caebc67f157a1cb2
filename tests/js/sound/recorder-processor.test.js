import assert from "node:assert/strict";
import { test } from "node:test";

/** The audio thread, as far as a worklet sees it. */
const registered = {};
globalThis.registerProcessor = (name, processor) => (registered[name] = processor);
globalThis.AudioWorkletProcessor = class {
  port = { posted: [], onmessage: null, postMessage(...how) { this.posted.push(how); } };
};
Object.assign(globalThis, { sampleRate: 16000, currentTime: 0 });
await import("../../../adk_nb/static/sound/recorder-processor.js");

/** Records so many quanta of one level on one channel, from a context's time of 10 s. */
function record(quanta, node = new registered["adk-nb-recorder"]()) {
  let goesOn = true;
  for (let i = 0; i < quanta; i++) {
    globalThis.currentTime = 10 + (i * 128) / 16000;
    goesOn = node.process([[new Float32Array(128).fill(0.5)]]);
  }
  return { node, goesOn };
}

test("it posts frames, which it gives away, with the time of their last sample", () => {
  const { node, goesOn } = record(3);
  assert.equal(goesOn, true);
  const [[frame, transfer]] = node.port.posted;
  assert.equal(node.port.posted.length, 1);
  assert.deepEqual(transfer, [frame.samples.buffer]);
  assert.deepEqual([frame.samples.length, frame.samples[100], frame.rms, frame.peak], [320, 16384, 0.5, 0.5]);
  assert.ok(Math.abs(frame.time - 10.02) < 1e-9);
});

test("without a source it goes on, and posts nothing", () => {
  const node = new registered["adk-nb-recorder"]();
  assert.equal(node.process([]), true);
  assert.equal(node.process([[]]), true);
  assert.deepEqual(node.port.posted, []);
});

test("a stop ends it, and nothing is posted any more", () => {
  const { node } = record(2);
  node.port.onmessage({ data: { type: "dance" } });
  assert.equal(record(0, node).node.running, true);
  node.port.onmessage({ data: { type: "stop" } });
  const { goesOn } = record(10, node);
  assert.deepEqual([goesOn, node.port.posted], [false, []]);
});
