import assert from "node:assert/strict";
import { test } from "node:test";
import { Recorder, toPcm16 } from "../../../adk_nb/static/sound/recorder.js";

/** @param {number} from @param {(i: number) => number[]} channels @param {number} seconds */
function record(from, channels, seconds) {
  /** @type {import("../../../adk_nb/static/sound/recorder.js").RecordedFrame[]} */
  const frames = [];
  const recorder = new Recorder({ from, post: (frame) => frames.push(frame) });
  for (let at = 0; at + 128 <= from * seconds; at += 128) {
    const values = Array.from({ length: 128 }, (_, i) => channels(at + i));
    const quantum = values[0].map((_, c) => Float32Array.from(values, (value) => value[c]));
    recorder.feed(quantum, (at + 128) / from);
  }
  return frames;
}

for (const from of [48000, 44100, 96000, 16000]) {
  test(`${from}: a tone comes out as frames of 320 samples with its level`, () => {
    const frames = record(from, (i) => [0.5 * Math.sin((2 * Math.PI * 1000 * i) / from)], 1);
    assert.ok(frames.length >= 49 && frames.length <= 50);
    for (const { samples, rms, peak } of frames.slice(1)) {
      assert.equal(samples.length, 320);
      assert.ok(Math.abs(rms - 0.5 / Math.SQRT2) < 0.01);
      assert.ok(Math.abs(peak - 0.5) < 0.02);
    }
    const all = frames.flatMap(({ samples }) => [...samples]);
    all.forEach((value, n) => {
      if (n < 320) return;
      assert.ok(Math.abs(value / 32767 - 0.5 * Math.sin((2 * Math.PI * 1000 * n) / 16000)) < 0.01);
    });
  });

  test(`${from}: a frame's clock says when its last sample was captured`, () => {
    record(from, () => [0], 1).forEach(({ time }, n) => assert.ok(Math.abs(time - ((n + 1) * 320) / 16000) < 1e-9));
  });
}

test("channels are mixed down", () => {
  const [, frame] = record(48000, () => [0.6, 0.2], 0.1);
  assert.ok(Math.abs(frame.samples[0] / 32767 - 0.4) < 0.001);
});

test("too loud is clamped, not wrapped around", () => {
  assert.deepEqual([2, 1, -1, -2, 0].map(toPcm16), [32767, 32767, -32767, -32767, 0]);
});

test("no channels give no frames, and the stream goes on after them", () => {
  /** @type {number[]} */
  const times = [];
  const recorder = new Recorder({ from: 48000, post: ({ time }) => times.push(time) });
  for (let i = 0; i < 20; i++) recorder.feed([], i);
  assert.equal(times.length, 0);
  for (let i = 0; i < 16; i++) recorder.feed([new Float32Array(128)], 1 + ((i + 1) * 128) / 48000);
  assert.equal(times.length, 2);
  assert.ok(Math.abs(times[1] - 1.04) < 1e-9);
});
