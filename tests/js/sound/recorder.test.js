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

test("a frame is exactly its samples, rounded, with their level and peak, and nothing of the one before", () => {
  const frames = [];
  const recorder = new Recorder({ from: 16000, post: (frame) => frames.push(frame) });
  const wave = (/** @type {number} */ i) => (i < 320 ? 0.75 : i % 2 ? 0.25 : -0.25);
  const end = 20 + 768 / 16000;
  for (let at = 0; at < 768; at += 128) recorder.feed([Float32Array.from({ length: 128 }, (_, i) => wave(at + i))], 20 + (at + 128) / 16000);
  assert.equal(frames.length, 2);
  assert.deepEqual(frames.map(({ rms, peak }) => [rms, peak]), [[0.75, 0.75], [0.25, 0.25]]);
  assert.ok(frames[0].samples.every((value) => value === Math.round(0.75 * 32767)));
  assert.deepEqual([...frames[1].samples], Array.from({ length: 320 }, (_, i) => (i % 2 ? 8192 : -8192)));
  assert.notEqual(frames[0].samples.buffer, frames[1].samples.buffer);
  assert.deepEqual(frames.map(({ time }) => Math.round((time - end) * 16000)), [320 - 768, 640 - 768]);
});

test("values are rounded to the nearest sample", () => {
  assert.deepEqual([0.4 / 32767, 0.6 / 32767, -0.6 / 32767].map(toPcm16), [0, 1, -1]);
});

test("a peak past full scale is told as full", () => {
  const [, { peak }] = record(16000, () => [1.5], 0.06);
  assert.equal(peak, 1);
});

for (const size of [64, 128, 256, 1000]) {
  test(`quanta of ${size} samples give the same frames`, () => {
    const frames = [];
    const recorder = new Recorder({ from: 48000, post: (frame) => frames.push(frame) });
    for (let at = 0; at + size <= 9600; at += size) {
      recorder.feed([Float32Array.from({ length: size }, (_, i) => 0.5 * Math.sin((at + i) / 20))], (at + size) / 48000);
    }
    const usual = record(48000, (i) => [0.5 * Math.sin(i / 20)], 0.2);
    assert.ok(frames.length >= 8);
    for (const [n, { samples, time }] of frames.entries()) {
      assert.deepEqual(samples, usual[n].samples);
      assert.ok(Math.abs(time - usual[n].time) < 1e-9);
    }
  });
}

test("a large quantum and then small ones are each taken whole", () => {
  const frames = [];
  const recorder = new Recorder({ from: 16000, post: (frame) => frames.push(frame) });
  for (const [size, value] of [[512, 0.5], [128, 0.25], [128, 0.25]]) recorder.feed([new Float32Array(size).fill(value)], 1);
  assert.equal(frames.length, 2);
  assert.deepEqual([...frames[1].samples], [...Array(192).fill(16384), ...Array(128).fill(8192)]);
});

test("rate and length of the frames may be said", () => {
  const frames = [];
  const recorder = new Recorder({ from: 16000, rate: 8000, frameMs: 10, post: (frame) => frames.push(frame) });
  for (let at = 0; at < 1600; at += 128) recorder.feed([new Float32Array(128)], (at + 128) / 16000);
  assert.equal(frames[0].samples.length, 80);
  assert.ok(Math.abs(frames[0].time - 0.01) < 1e-9);
});
