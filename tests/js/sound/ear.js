/** A player that a test listens to. */
import { Player } from "../../../adk_nb/static/sound/player.js";

export const QUANTUM = 128;

/** A player, and an ear. @param {number} [rate] */
export function listen(rate = 48000) {
  /** @type {import("../../../adk_nb/static/sound/player.js").PlayerReport[]} */
  const reports = [];
  const player = new Player({ rate, post: (report) => reports.push(report) });
  /** @type {number[]} */
  const heard = [];
  const quantum = new Float32Array(QUANTUM);
  let due = 0; // samples, which quanta overshoot
  return {
    player,
    reports,
    heard,
    of: (/** @type {string} */ type) => reports.filter((report) => report.type === type),
    /** @param {number} ms */
    play(ms) {
      due += (ms / 1000) * rate;
      while (heard.length < due) {
        player.render(quantum.fill(9), heard.length);
        heard.push(...quantum);
      }
    },
  };
}

/** @param {number} turn @param {number} ms @param {number} [rate] @param {number} [offset] in samples */
export function speech(turn, ms, rate = 24000, offset = 0) {
  const samples = Int16Array.from({ length: (rate * ms) / 1000 }, (_, i) => 16000 * Math.sin((2 * Math.PI * 220 * (i + offset)) / rate));
  return { turn, rate, samples };
}

/** @param {number[]} heard */
export const steepest = (heard) => heard.reduce((most, value, i) => (i ? Math.max(most, Math.abs(value - heard[i - 1])) : most), 0);
/** @param {number[]} heard */
export const sounding = (heard) => heard.filter((value) => value !== 0).length;
// A 220 Hz tone at 0.49 moves 0.014 a sample; a fade over 3 ms adds 0.0034.
export const SMOOTH = 0.02;

// The context's rate, where it is the audio's, 16 kHz: samples pass as they are and can be told exactly.
// A quantum of 128 samples is 8 ms, a fade 48 samples.
export const RATE = 16000;

/** A constant of half the full scale. @param {number} turn @param {number} ms @param {number} [value] @param {number} [rate] */
export const level = (turn, ms, value = 16384, rate = RATE) => ({ turn, rate, samples: new Int16Array((rate * ms) / 1000).fill(value) });

/** One number a sample, as a share of the level that was sent. @param {number[]} heard */
export const gains = (heard) => heard.map((value) => Math.round(value * 2 * 48 * 1e4) / 1e4);
/** @param {number} n @param {number} [fade] how far it fades in and out */
export const faded = (n, fade = 48) => Array.from({ length: n }, (_, i) => Math.min(i + 1, n - i, fade));
/** @param {number} n */
export const silence = (n) => Array(n).fill(0);

/** "started 1 at 24 after 0, 0 underruns, cushion 20" @param {ReturnType<typeof listen>} ear */
export const told = ({ reports }) =>
  reports.map(({ type, turn, time, played_ms, underruns, start_ms }) => {
    const ms = (/** @type {number} */ value) => Math.round(value * 1000) / 1000;
    return `${type} ${turn} at ${ms(time * 1000)} after ${ms(played_ms)}, ${underruns} underruns, cushion ${ms(start_ms)}`;
  });
