/** Plays a turn again as it was: both sides, beside the player of the running answer and never over it. */

/**
 * @typedef {import("../link/wire.js").Message} Message
 *
 * @typedef {object} ReplayOptions
 * @property {import("../sound/audio.js").Sound} sound
 * @property {(message: Message) => boolean} ask whether it went out
 * @property {() => boolean} busy whether the agent speaks
 * @property {(turn: number | null) => void} onchange which turn is played now
 */

/** @param {string} text @returns {Float32Array<ArrayBuffer>} */
function samplesOf(text) {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return Float32Array.from(new Int16Array(bytes.buffer, 0, bytes.length >> 1), (sample) => sample / 32768);
}

export class Replay {
  /** @param {ReplayOptions} options */
  constructor({ sound, ask, busy, onchange }) {
    this.sound = sound;
    this.ask = ask;
    this.busy = busy;
    this.onchange = onchange;
    /** @type {number | null} the turn that is played, or will be when its sound is here */
    this.turn = null;
    /** @type {Float32Array<ArrayBuffer>[]} */
    this.pieces = [];
    this.taken = 0; // bytes
    /** @type {AudioBufferSourceNode | null} */
    this.source = null;
  }

  /** A click: plays it, or stops. @param {number} turn */
  async toggle(turn) {
    const before = this.turn;
    this.stop();
    if (before === turn || this.busy()) return;
    if (!this.ask({ type: "play", turn, offset: 0 })) return;
    this.turn = turn;
    this.onchange(turn);
    await this.sound.start();
    this.sound.resume();
  }

  /** A piece of its sound. @param {Message} message */
  receive({ turn, rate, offset, length, pcm }) {
    if (turn !== this.turn || offset !== this.taken || typeof pcm !== "string") return;
    const piece = samplesOf(pcm);
    this.pieces.push(piece);
    this.taken += piece.length * 2;
    if (this.taken >= length || !piece.length) this.play(Number(rate));
    else this.ask({ type: "play", turn, offset: this.taken });
  }

  /** @param {number} rate Hz */
  play(rate) {
    const { context, output } = this.sound;
    const count = this.taken / 2;
    if (!context || !output || !count) {
      this.stop();
      return;
    }
    const buffer = context.createBuffer(1, count, rate);
    let at = 0;
    for (const piece of this.pieces) {
      buffer.copyToChannel(piece, 0, at);
      at += piece.length;
    }
    this.pieces = [];
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.onended = () => this.stop();
    source.connect(output);
    source.start();
    this.source = source;
  }

  stop() {
    const { source } = this;
    this.source = null;
    this.pieces = [];
    this.taken = 0;
    if (source) {
      source.onended = null;
      source.stop();
      source.disconnect();
    }
    if (this.turn === null) return;
    this.turn = null;
    this.onchange(null);
  }
}
