/** How much of the agent's sound has come, so that after a break it goes on from there and nothing sounds twice. */

/** @typedef {import("./wire.js").AudioFrame} AudioFrame */

export class SoundPosition {
  constructor() {
    this.known = false; // whether the page was ever let in
    this.turn = 0; // the newest whose sound came, or was said to come
    this.ms = 0; // of it, from its beginning
  }

  /** What the hello says of it: nothing, of a page that has just been opened. @returns {{turn?: number, audio_ms?: number}} */
  get have() {
    return this.known ? { turn: this.turn, audio_ms: this.ms } : {};
  }

  /** The kernel lets the page in: from here on all sound comes, and where it begins is said. */
  welcome() {
    this.known = true;
  }

  /** The rest of a turn comes, which another page has begun. @param {import("./wire.js").Message} message */
  goOn({ turn, played_ms: ms }) {
    this.turn = Number(turn) || 0;
    this.ms = Number(ms) || 0;
  }

  /** What comes of a turn now begins so far in it. @param {import("./wire.js").Message} message */
  from({ turn, from_ms: ms }) {
    if (typeof turn !== "number" || typeof ms !== "number" || turn < this.turn) return;
    this.turn = turn;
    this.ms = ms;
  }

  /** @param {AudioFrame} frame */
  add({ turn, rate, samples }) {
    if (turn < this.turn) return; // an old question that is answered late
    if (turn > this.turn) this.ms = 0;
    this.turn = turn;
    this.ms += (samples.length / rate) * 1000;
  }
}
