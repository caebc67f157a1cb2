import assert from "node:assert/strict";
import { test } from "node:test";
import { Resampler } from "../../../adk_nb/static/sound/resampler.js";
import { random } from "../random.js";

/** @param {number} hz @param {number} rate @param {number} seconds @param {number} [amplitude] */
const tone = (hz, rate, seconds, amplitude = 0.5) =>
  Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rate));

/** @param {Resampler} resampler @param {Float32Array} input @param {() => number} [size] */
function run(resampler, input, size = () => 128) {
  const output = new Float32Array(resampler.capacity(input.length) + 64);
  let written = 0;
  for (let at = 0; at < input.length; ) {
    const count = Math.min(size(), input.length - at);
    const made = resampler.process(input.subarray(at, at + count), count, output, written);
    assert.ok(made <= resampler.capacity(count), `${made} samples out of ${count}`);
    written += made;
    at += count;
  }
  return output.slice(0, written);
}

/** The amplitude of one frequency, by projection. @param {Float32Array} x @param {number} hz @param {number} rate */
function amplitude(x, hz, rate) {
  let re = 0;
  let im = 0;
  let weight = 0;
  x.forEach((value, i) => {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (x.length - 1));
    re += window * value * Math.cos((2 * Math.PI * hz * i) / rate);
    im += window * value * Math.sin((2 * Math.PI * hz * i) / rate);
    weight += window;
  });
  return (2 * Math.hypot(re, im)) / weight;
}

/** @param {Float32Array} x */
const rms = (x) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
/** @param {number} ratio */
const dB = (ratio) => 20 * Math.log10(ratio);

/** How far it looks ahead (ms). @param {Resampler} resampler */
const lookAheadMs = (resampler) => (resampler.half / resampler.from) * 1000;

const RATES = [
  [48000, 16000], [44100, 16000], [96000, 16000], [16000, 16000], [16000, 48000], [16000, 44100],
  [24000, 48000], [24000, 44100], [22050, 48000], [8000, 48000], [47999, 48000], [24000, 16000],
];

for (const [from, to] of RATES) {
  const name = `${from} to ${to}`;
  const top = Math.min(from, to) / 2;

  test(`${name}: a tone passes with its frequency, amplitude and phase`, () => {
    for (const hz of [100, 440, 1000, 0.8 * top]) {
      const out = run(new Resampler(from, to), tone(hz, from, 0.5));
      const wanted = tone(hz, to, 0.5).subarray(0, out.length);
      const middle = out.subarray(Math.round(to * 0.05));
      assert.ok(Math.abs(dB(amplitude(middle, hz, to) / 0.5)) < 0.5, `${hz} Hz: ${dB(amplitude(middle, hz, to) / 0.5)} dB`);
      const rest = middle.map((value, i) => value - wanted[i + out.length - middle.length]);
      assert.ok(dB(rms(rest) / rms(middle)) < -25, `${hz} Hz: ${dB(rms(rest) / rms(middle))} dB of rest`);
    }
  });

  test(`${name}: it looks ahead for no more than 1.5 ms`, () => assert.ok(lookAheadMs(new Resampler(from, to)) <= 1.5));

  test(`${name}: chunks of any size give the same`, () => {
    const next = random(from + to);
    const input = Float32Array.from({ length: 5000 }, () => next() * 2 - 1);
    const whole = run(new Resampler(from, to), input, () => input.length);
    const pieces = run(new Resampler(from, to), input, () => 1 + Math.floor(next() * 700));
    assert.deepEqual(pieces, whole);
    assert.ok(Math.abs(whole.length - (input.length * to) / from) <= (lookAheadMs(new Resampler(from, to)) * to) / 1000 + 2);
  });
}

for (const from of [44100, 48000]) {
  test(`${from} to 16000: what lies above Nyquist is at least 50 dB down`, () => {
    for (const hz of [8600, 9600, 11000, 13000, 15990, 17000, 20000]) {
      const out = run(new Resampler(from, 16000), tone(hz, from, 0.3)).subarray(800);
      assert.ok(dB(rms(out) / (0.5 / Math.SQRT2)) < -50, `${hz} Hz: ${dB(rms(out) / (0.5 / Math.SQRT2))} dB`);
    }
  });
}

for (const from of [16000, 24000]) {
  test(`${from} to 48000: images are at least 50 dB down`, () => {
    const hz = from * 0.4;
    const out = run(new Resampler(from, 48000), tone(hz, from, 0.3)).subarray(2400);
    assert.ok(dB(amplitude(out, from - hz, 48000) / 0.5) < -50);
  });
}

test("a constant stays itself", () => {
  const out = run(new Resampler(44100, 16000), new Float32Array(4410).fill(0.25)).subarray(100);
  for (const value of out) assert.ok(Math.abs(value - 0.25) < 1e-6);
});

for (const [from, to] of [[24000, 48000], [44100, 48000], [48000, 44100]]) {
  test(`reset forgets the stream, wherever in it that is: ${from} to ${to} Hz`, () => {
    const fresh = run(new Resampler(from, to), tone(440, from, 0.1));
    const resampler = new Resampler(from, to);
    for (const count of [1, 777, 1001]) {
      run(resampler, tone(3000, from, 0.1).subarray(0, count));
      resampler.reset();
      assert.deepEqual(run(resampler, tone(440, from, 0.1)), fresh);
      resampler.reset();
    }
  });
}
