/**
 * How long the agent's sound waits before it is played: as late as what follows may come. Where audio that comes as it is
 * spoken stands longer in the queue than that, as after a stall, its next quiet moment may be left out.
 */
import { Jitter } from "./jitter.js";

const MIN_MS = 20;
const MAX_MS = 300;
const LIVE_LEAD_MS = 400; // audio that comes no further ahead than this comes as it is spoken
const SURPLUS_MS = 8;
const SURPLUS_LOOK_MS = 250;
const CALM_TURN_MS = 500; // a turn without an underrun is so much good time more, however far ahead it came
const PACE_WINDOW_MS = 1000;
const EVEN_MS = 100; // a window in which about as much came as sounded, so far it may be off
const EVEN_WINDOWS = 3; // so many in a row, and the audio comes as it is spoken, whatever came before

/** @param {number} since which frame */
const newPace = (since) => ({ since, ms: 0, live: true, came: -Infinity, last: 0, seen: 0, frames: 0, even: 0 });

/** How much stood in the queue at the most when audio came, over how many frames. @param {number} [skip] input samples too many */
const newSurplus = (skip = 0) => ({ most: -Infinity, frames: 0, skip }); // most counts ms

export class Cushion {
  /** @param {number} rate the context's */
  constructor(rate) {
    this.rate = rate;
    this.pace = newPace(0); // of the audio that came since the queue was empty
    this.jitter = new Jitter();
    this.surplus = newSurplus();
  }

  /** How many ms the first audio of a turn waits: as much as what follows it may be late. */
  get ms() {
    return Math.min(MAX_MS, Math.max(MIN_MS, this.jitter.ms));
  }

  /** How many input samples too many wait. */
  get excess() {
    return this.surplus.skip;
  }

  /** Audio comes that continues none. @param {number} frame now */
  start(frame) {
    this.pace = newPace(frame);
    this.jitter.rebase();
  }

  /**
   * @param {number} frame now
   * @param {number} ms of audio came
   * @param {number} waiting ms before it, where they sound; -Infinity where nothing does yet
   */
  arrived(frame, ms, waiting) {
    const { pace, surplus } = this;
    const ahead = pace.ms - ((frame - pace.since) / this.rate) * 1000;
    // Of what comes in one piece the first tells when it was due.
    if (frame - pace.came >= (pace.last / 2000) * this.rate) {
      if (pace.live) this.jitter.arrived(-ahead);
      surplus.most = Math.max(surplus.most, waiting);
    }
    pace.came = frame;
    pace.last = ms;
    pace.ms += ms;
    if (ahead + ms > LIVE_LEAD_MS) pace.live = false;
  }

  /** It was too short. @param {number} ms by how much */
  late(ms) {
    this.jitter.underrun();
    // Of live audio it is known already how late it came.
    if (!this.pace.live) this.jitter.late(this.ms + ms);
  }

  /** A turn has sounded to its end without an underrun. */
  calm() {
    this.jitter.pass(CALM_TURN_MS);
  }

  /** What waits is nobody's surplus any more. */
  settle() {
    this.surplus = newSurplus();
  }

  /** @param {number} count of the input samples too many that were left out */
  leftOut(count) {
    this.surplus = newSurplus(this.surplus.skip - count);
  }

  /**
   * Tells what waits too long. Audio that comes far ahead is meant to wait.
   *
   * @param {number} frame now
   * @param {number} frames that were rendered
   * @param {number} rate of the audio
   */
  sounded(frame, frames, rate) {
    const { surplus } = this;
    this.judge(frame, frames);
    if (this.pace.live) this.jitter.pass((frames / this.rate) * 1000);
    surplus.frames += frames;
    if (surplus.frames < (SURPLUS_LOOK_MS / 1000) * this.rate) return;
    const ms = this.pace.live && this.pace.even ? surplus.most - this.jitter.ms - MIN_MS : 0;
    this.surplus = newSurplus(ms > SURPLUS_MS ? Math.round((ms / 1000) * rate) : 0);
  }

  /**
   * What came in one piece after a stall was not meant to come ahead: the windows after it tell.
   *
   * @param {number} frame now
   * @param {number} frames that were rendered
   */
  judge(frame, frames) {
    const { pace } = this;
    pace.frames += frames;
    if (pace.frames < (PACE_WINDOW_MS / 1000) * this.rate) return;
    const came = pace.ms - pace.seen;
    pace.seen = pace.ms;
    pace.frames = 0;
    pace.even = Math.abs(came - PACE_WINDOW_MS) <= EVEN_MS ? pace.even + 1 : 0;
    if (pace.live || pace.even < EVEN_WINDOWS) return;
    this.pace = { ...newPace(frame), even: pace.even };
    this.jitter.rebase();
  }
}
