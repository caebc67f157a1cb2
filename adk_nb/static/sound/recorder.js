/** The microphone's end of the audio thread: mono, 16 kHz, PCM16 in frames of 20 ms. */
import { Resampler } from "./resampler.js";

/**
 * `time` is the context's, when the frame's last sample was captured.
 *
 * @typedef {{samples: Int16Array<ArrayBuffer>, time: number, rms: number, peak: number}} RecordedFrame
 */

const QUANTUM = 128;

/**
 * @param {number} value
 * @returns {number} the PCM16 sample nearest to it
 */
export function toPcm16(value) {
  return Math.round(Math.max(-1, Math.min(1, value)) * 32767);
}

export class Recorder {
  /**
   * @param {object} options
   * @param {number} options.from the context's rate
   * @param {(frame: RecordedFrame) => void} options.post
   * @param {number} [options.rate]
   * @param {number} [options.frameMs]
   */
  constructor({ from, post, rate = 16000, frameMs = 20 }) {
    this.from = from;
    this.rate = rate;
    this.post = post;
    this.resampler = new Resampler(from, rate);
    this.mono = new Float32Array(QUANTUM);
    this.resampled = new Float32Array(this.resampler.capacity(QUANTUM));
    this.size = Math.round((rate * frameMs) / 1000);
    this.heard = 0; // input samples so far
    this.made = 0; // output samples so far
    this.samples = new Int16Array(this.size);
    this.fill = 0;
    this.energy = 0;
    this.peak = 0;
  }

  /**
   * @param {Float32Array[]} channels of one render quantum; none while the source is silent or gone
   * @param {number} end the context's time after its last sample
   */
  feed(channels, end) {
    if (!channels.length) return;
    const count = channels[0].length;
    if (count > this.mono.length) this.grow(count);
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let c = 0; c < channels.length; c++) sum += channels[c][i];
      this.mono[i] = sum / channels.length;
    }
    this.heard += count;
    const made = this.resampler.process(this.mono, count, this.resampled);
    for (let i = 0; i < made; i++) this.add(this.resampled[i], end);
  }

  /**
   * @param {number} value
   * @param {number} end
   */
  add(value, end) {
    const size = Math.abs(value);
    if (size > this.peak) this.peak = size;
    this.energy += value * value;
    this.samples[this.fill++] = toPcm16(value);
    this.made += 1;
    if (this.fill < this.size) return;
    const captured = end - (this.heard - (this.made * this.from) / this.rate) / this.from;
    const rms = Math.sqrt(this.energy / this.size);
    this.post({ samples: this.samples, time: captured, rms, peak: Math.min(1, this.peak) });
    this.samples = new Int16Array(this.size); // the last one was transferred
    this.fill = 0;
    this.energy = 0;
    this.peak = 0;
  }

  /** @param {number} count */
  grow(count) {
    this.mono = new Float32Array(count);
    this.resampled = new Float32Array(this.resampler.capacity(count));
  }
}
