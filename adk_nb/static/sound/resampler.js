/**
 * A streaming windowed-sinc polyphase resampler. Output sample k stands for the input's time k * from / to,
 * so it shifts nothing: its delay is only how far it has to look ahead.
 */

const ZERO_CROSSINGS = 18;
const MAX_LOOK_AHEAD_S = 0.0015;
const KAISER_BETA = 5.65; // 60 dB down past the transition band
const CUTOFF = 0.95; // of the lower Nyquist frequency; the transition band ends at 1.05
const MAX_PHASES = 1024;
const SLICE = 512;

/** @param {number} a @param {number} b @returns {number} */
function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}

/** @param {number} x the modified Bessel function of the first kind, order 0 */
function bessel0(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * One row of taps for each phase, each row summing to 1.
 *
 * @param {number} half how many input samples a row reaches to either side
 * @param {number} cutoff in half cycles a sample
 * @param {number} phases
 */
function designTaps(half, cutoff, phases) {
  const taps = 2 * half;
  const table = new Float32Array((phases + 1) * taps);
  for (let p = 0; p <= phases; p++) {
    const row = table.subarray(p * taps, (p + 1) * taps);
    let sum = 0;
    for (let j = 0; j < taps; j++) {
      const x = j - half + 1 - p / phases;
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
      const inside = Math.max(0, 1 - (x / half) ** 2);
      row[j] = sinc * bessel0(KAISER_BETA * Math.sqrt(inside));
      sum += row[j];
    }
    for (let j = 0; j < taps; j++) row[j] /= sum;
  }
  return table;
}

export class Resampler {
  /**
   * @param {number} from samples a second
   * @param {number} to samples a second
   */
  constructor(from, to) {
    const shared = gcd(from, to);
    this.from = from;
    this.to = to;
    this.up = to / shared;
    this.down = from / shared;
    const low = Math.min(from, to);
    const crossings = Math.min(ZERO_CROSSINGS, Math.floor(low * MAX_LOOK_AHEAD_S));
    this.half = from === to ? 1 : Math.ceil((crossings * from) / low);
    this.phases = Math.min(this.up, MAX_PHASES);
    this.table = designTaps(this.half, from === to ? 1 : (CUTOFF * low) / from, this.phases);
    this.buffer = new Float32Array(2 * this.half + SLICE);
    this.fill = this.half - 1; // the silence before the stream
    this.at = this.half - 1; // where in the buffer the next output's time lies, and
    this.fraction = 0; // how many 1/up of a sample past it
  }

  /** Forgets the stream: the next sample is the first of another. */
  reset() {
    this.buffer.fill(0);
    this.fill = this.half - 1;
    this.at = this.half - 1;
    this.fraction = 0;
  }

  /**
   * How many samples `count` of input can give at most.
   *
   * @param {number} count
   */
  capacity(count) {
    return Math.ceil(((count + 1) * this.to) / this.from) + 1;
  }

  /**
   * @param {Float32Array} input
   * @param {number} count of its samples to take
   * @param {Float32Array} output with room for `capacity(count)` samples from `offset`
   * @param {number} [offset]
   * @returns {number} how many samples were written
   */
  process(input, count, output, offset = 0) {
    let written = offset;
    for (let taken = 0; taken < count; ) {
      const slice = Math.min(count - taken, this.buffer.length - this.fill);
      for (let i = 0; i < slice; i++) this.buffer[this.fill + i] = input[taken + i];
      this.fill += slice;
      taken += slice;
      written = this.convolve(output, written);
      this.discard();
    }
    return written - offset;
  }

  /**
   * @param {Float32Array} output
   * @param {number} written
   */
  convolve(output, written) {
    const { buffer, table, half, up, down } = this;
    const taps = 2 * half;
    while (this.at + half < this.fill) {
      const row = Math.round((this.fraction * this.phases) / up) * taps;
      const start = this.at - half + 1;
      let sum = 0;
      for (let j = 0; j < taps; j++) sum += buffer[start + j] * table[row + j];
      output[written++] = sum;
      this.fraction += down;
      const steps = Math.floor(this.fraction / up);
      this.at += steps;
      this.fraction -= steps * up;
    }
    return written;
  }

  discard() {
    const start = Math.min(this.at - this.half + 1, this.fill);
    this.buffer.copyWithin(0, start, this.fill);
    this.fill -= start;
    this.at -= start;
  }
}
