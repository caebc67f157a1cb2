/** The speaker's end of the audio thread: it owns the truth of what has sounded. */
import { Cushion } from "./cushion.js";
import { Resampler } from "./resampler.js";

/**
 * One stretch of a turn's audio at one rate.
 *
 * @typedef {object} Segment
 * @property {number} turn
 * @property {number} rate
 * @property {Int16Array[]} chunks not yet resampled
 * @property {number} taken samples of the first chunk already resampled
 * @property {number} received samples so far
 * @property {number} skipped samples that were left out to catch up
 * @property {number} sounded output samples so far
 * @property {number} end output samples after which it is cut off; Infinity unless flushed
 * @property {boolean} padded whether silence was resampled after it, so that nothing can join it any more
 *
 * `time` is the context's: the first sample's for `started`, else the last one's. A turn which paused for so long
 * that it drained starts again, and its `played_ms` goes on.
 * @typedef {{type: "started" | "progress" | "drained" | "flushed", turn: number, time: number,
 *   played_ms: number, underruns: number, nonzero: number, start_ms: number}} PlayerReport
 */

const FADE_MS = 3;
const MIN_GAP_MS = 10; // a shorter gap makes too little room for what is as late
const PROGRESS_MS = 200;
const PAUSE_MS = 300; // a longer gap within a turn is a pause, not an underrun
const QUIET = 200; // PCM16, -44 dBFS: what may be left out unheard
const SLICE = 128;
const TURNS_KEPT = 16;

export class Player {
  /**
   * @param {object} options
   * @param {number} options.rate the context's
   * @param {(report: PlayerReport) => void} options.post
   */
  constructor({ rate, post }) {
    this.rate = rate;
    this.post = post;
    /** @type {Segment[]} */
    this.queue = [];
    /** @type {Map<number, {played: number, underruns: number, started: boolean}>} samples sounded and more, by turn */
    this.turns = new Map();
    /** @type {{turn: number, frame: number} | null} the turn whose audio ran out, and when */
    this.dry = null;
    this.complete = -1; // no more audio comes for this turn and before
    /** @type {Set<number>} turns that were cut off: no more of them is played. An earlier one may still be answered. */
    this.flushed = new Set();
    this.playing = false;
    this.waitingSince = 0;
    this.waitMs = 0;
    this.longest = 0; // the longest chunk, in ms, since waiting began
    this.untilProgress = 0;
    this.cushion = new Cushion(rate);
    this.underruns = 0;
    this.nonzero = 0;
    this.gain = 0;
    this.frame = 0;
    this.fade = Math.round((rate * FADE_MS) / 1000);
    this.resampler = new Resampler(rate, rate);
    this.input = new Float32Array(SLICE);
    this.ready = new Float32Array(this.resampler.capacity(SLICE));
    this.readyAt = 0;
    this.readyEnd = 0;
  }

  /** How many ms the first audio of a turn waits: as much as what follows it may be late. */
  get startMs() {
    return this.cushion.ms;
  }

  /** @param {{turn: number, rate: number, samples: Int16Array}} chunk */
  push({ turn, rate, samples }) {
    if (this.flushed.has(turn) || !samples.length) return;
    if (this.dry) this.refill(this.dry, turn);
    else if (!this.playing && !this.queue.length) this.start();
    const ms = (samples.length / rate) * 1000;
    this.longest = Math.max(this.longest, ms);
    this.cushion.arrived(this.frame, ms, this.playing ? (this.remaining(this.queue[0]) / this.rate) * 1000 : -Infinity);
    const last = this.queue.at(-1);
    if (last?.turn === turn && last.padded && last.end === Infinity) this.late(turn, 0);
    if (last?.turn === turn && last.rate === rate && !last.padded) {
      last.chunks.push(samples);
      last.received += samples.length;
    } else {
      this.queue.push({ turn, rate, chunks: [samples], taken: 0, received: samples.length, skipped: 0, sounded: 0, end: Infinity, padded: false });
    }
  }

  /** Audio comes that continues none. */
  start() {
    this.wait(this.frame, this.startMs);
    this.cushion.start(this.frame);
  }

  /**
   * More audio came after the queue ran dry.
   *
   * @param {{turn: number, frame: number}} dry
   * @param {number} turn the new audio's
   */
  refill(dry, turn) {
    this.dry = null;
    if (turn === dry.turn) {
      // What came late comes in time from now on: the silence since then has made the cushion longer.
      this.late(turn, ((this.frame - dry.frame) / this.rate) * 1000);
      this.wait(dry.frame, MIN_GAP_MS);
      this.longest = Infinity; // all that comes in one piece after a stall is not ahead
    } else {
      this.drained(dry);
      this.start();
    }
  }

  /**
   * @param {number} turn
   * @param {number} ms by how much
   */
  late(turn, ms) {
    this.underruns += 1;
    const record = this.turns.get(turn);
    if (record) record.underruns += 1;
    this.cushion.late(ms);
  }

  /** @param {number} turn of which, and of those before, no more audio comes */
  end(turn) {
    this.complete = Math.max(this.complete, turn);
    if (this.dry && this.dry.turn <= turn) this.drained(this.dry);
  }

  /** @param {number} turn which was cut off, and is answered all the same */
  resume(turn) {
    this.flushed.delete(turn);
    const record = this.turns.get(turn);
    if (record) record.started = false;
  }

  /** @param {number} turn which another player began @param {number} ms of it have sounded there */
  continueAt(turn, ms) {
    this.resume(turn);
    this.turns.set(turn, { played: (ms / 1000) * this.rate, underruns: 0, started: false });
  }

  /** @param {number} turn to cut off for good, at once and with what is there of those before it */
  flush(turn) {
    this.flushed.add(turn);
    if (this.dry && this.dry.turn <= turn) this.drained(this.dry);
    const [head] = this.queue;
    const cut = new Set();
    this.queue = this.queue.filter((segment) => {
      if (segment.turn > turn) return true;
      if (segment === head && this.playing && segment.sounded) {
        this.flushed.add(segment.turn);
        segment.end = Math.min(segment.end, segment.sounded + Math.min(this.remaining(segment), this.fade));
        return true;
      }
      cut.add(segment.turn);
      return false;
    });
    const sounding = this.queue[0]?.end < Infinity ? this.queue[0].turn : -1;
    for (const gone of cut) this.flushed.add(gone);
    for (const gone of cut) if (gone !== sounding) this.report("flushed", gone, this.frame);
    if (!this.queue.length) this.playing = false;
  }

  /**
   * Fills one render quantum.
   *
   * @param {Float32Array} output
   * @param {number} frame the context's, of its first sample
   */
  render(output, frame) {
    this.frame = frame;
    if (!this.playing && this.mayStart()) this.playing = true;
    let at = 0;
    while (this.playing && at < output.length) {
      const segment = this.queue[0];
      const count = Math.min(output.length - at, this.remaining(segment));
      if (count) this.sound(segment, output, at, count);
      at += count;
      this.frame = frame + at;
      if (!this.remaining(segment)) this.finish(segment);
    }
    output.fill(0, at);
    this.frame = frame + output.length;
    if (this.playing && this.queue.length === 1) this.cushion.sounded(this.frame, output.length, this.queue[0].rate);
    if (this.dry && this.frame - this.dry.frame > (PAUSE_MS / 1000) * this.rate) this.drained(this.dry);
  }

  /** Whether enough is queued to ride out the lateness seen so far. */
  mayStart() {
    const [head] = this.queue;
    if (!head) return false;
    if (head.turn <= this.complete || this.queue.length > 1) return true;
    const waited = ((this.frame - this.waitingSince) / this.rate) * 1000;
    const queued = (head.received / head.rate) * 1000;
    return waited >= this.waitMs || queued - this.longest >= this.startMs;
  }

  /** @param {Segment} segment whose next samples may be left out */
  skip(segment) {
    const [chunk] = segment.chunks;
    const count = Math.min(this.cushion.excess, chunk.length - segment.taken);
    for (let i = 0; i < count; i++) if (Math.abs(chunk[segment.taken + i]) > QUIET) return;
    this.cushion.leftOut(count);
    segment.skipped += count;
    this.take(segment, count);
  }

  /**
   * @param {Segment} segment
   * @param {number} count samples of its first chunk that are done with
   */
  take(segment, count) {
    segment.taken += count;
    if (segment.taken < segment.chunks[0].length) return;
    segment.chunks.shift();
    segment.taken = 0;
  }

  /** @param {Segment} segment */
  remaining(segment) {
    const samples = segment.received - segment.skipped;
    return Math.min(segment.end, Math.ceil((samples * this.rate) / segment.rate)) - segment.sounded;
  }

  /**
   * @param {Segment} segment
   * @param {Float32Array} output
   * @param {number} offset
   * @param {number} count no more than remain
   */
  sound(segment, output, offset, count) {
    const record = this.begin(segment, this.frame);
    let left = this.remaining(segment);
    for (let i = offset; i < offset + count; i++) {
      if (this.readyAt === this.readyEnd) this.resample(segment);
      // Fading by what is left means that running dry, ending and being cut off all end in silence.
      this.gain = Math.min(left / this.fade, this.gain + 1 / this.fade, 1);
      const value = this.ready[this.readyAt++] * this.gain;
      if (value !== 0) this.nonzero += 1;
      output[i] = Math.max(-1, Math.min(1, value));
      left -= 1;
    }
    segment.sounded += count;
    record.played += count;
    this.untilProgress -= count;
    if (this.untilProgress <= 0) {
      this.untilProgress += (PROGRESS_MS / 1000) * this.rate;
      this.report("progress", segment.turn, this.frame + count);
    }
  }

  /**
   * @param {Segment} segment
   * @param {number} frame
   */
  begin(segment, frame) {
    let record = this.turns.get(segment.turn);
    if (!segment.sounded) {
      if (segment.rate === this.resampler.from) this.resampler.reset();
      else this.resampler = new Resampler(segment.rate, this.rate);
      const room = this.resampler.capacity(SLICE);
      if (this.ready.length < room) this.ready = new Float32Array(room);
      this.readyAt = this.readyEnd = 0;
      this.gain = 0;
    }
    if (!record) {
      record = { played: 0, underruns: 0, started: false };
      this.turns.set(segment.turn, record);
      // The one that began first, and not this one: an old question may be answered late.
      const [oldest] = this.turns.keys();
      if (this.turns.size > TURNS_KEPT) this.turns.delete(oldest);
    }
    if (!record.started) {
      record.started = true;
      this.untilProgress = (PROGRESS_MS / 1000) * this.rate;
      this.report("started", segment.turn, frame);
    }
    return record;
  }

  /** @param {Segment} segment */
  resample(segment) {
    this.readyAt = this.readyEnd = 0;
    if (this.cushion.excess && segment.chunks.length > 1) this.skip(segment);
    while (!this.readyEnd) {
      const [chunk] = segment.chunks;
      let count = SLICE;
      if (chunk) {
        count = Math.min(SLICE, chunk.length - segment.taken);
        for (let i = 0; i < count; i++) this.input[i] = chunk[segment.taken + i] / 32768;
        this.take(segment, count);
      } else {
        this.input.fill(0);
        segment.padded = true;
      }
      this.readyEnd = this.resampler.process(this.input, count, this.ready);
    }
  }

  /** @param {Segment} segment which has sounded to its end */
  finish(segment) {
    this.queue.shift();
    this.cushion.settle();
    const [next] = this.queue;
    const { turn } = segment;
    if (segment.end < Infinity) this.report("flushed", turn, this.frame);
    else if (next?.turn === turn && segment.padded) this.wait(this.frame, this.startMs / 3);
    else if (next?.turn !== turn) this.ranDry(turn, next !== undefined);
    if (!next) this.playing = false;
  }

  /**
   * @param {number} since which frame
   * @param {number} ms at most
   */
  wait(since, ms) {
    this.playing = false;
    this.waitingSince = since;
    this.waitMs = ms;
    this.longest = 0;
    this.cushion.settle();
  }

  /**
   * @param {number} turn
   * @param {boolean} followed whether another turn's audio is queued
   */
  ranDry(turn, followed) {
    this.dry = { turn, frame: this.frame };
    if (followed || turn <= this.complete) this.drained(this.dry);
  }

  /** @param {{turn: number, frame: number}} dry */
  drained({ turn, frame }) {
    this.dry = null;
    const record = this.turns.get(turn);
    if (record) record.started = false;
    if (!record?.underruns) this.cushion.calm();
    this.report("drained", turn, frame);
  }

  /**
   * @param {PlayerReport["type"]} type
   * @param {number} turn
   * @param {number} frame
   */
  report(type, turn, frame) {
    this.post({
      type,
      turn,
      time: frame / this.rate,
      played_ms: ((this.turns.get(turn)?.played ?? 0) / this.rate) * 1000,
      underruns: this.underruns,
      nonzero: this.nonzero,
      start_ms: this.startMs,
    });
  }

  /** Forgets everything: another session's turns count from the start again. */
  reset() {
    this.queue = [];
    this.turns.clear();
    this.dry = null;
    this.playing = false;
    this.complete = -1;
    this.flushed.clear();
  }
}
