/**
 * The wire `adk-nb.v1`: bytes and text to values and back. No sockets here.
 *
 * @typedef {{kind: number, seq: number, turn: number, rate: number, clock: number, samples: Int16Array}} AudioFrame
 * @typedef {"camera" | "screen"} Source
 * @typedef {{source: Source, seq: number, clock: number, jpeg: Uint8Array}} ImageFrame
 * @typedef {{type: string, [field: string]: any}} Message
 * @typedef {"started" | "complete" | "interrupted" | "withheld"} TurnState of a `turn` message
 * @typedef {{code: string, message: string, remedy: string}} Failure what is wrong, and what to do about it
 */

export const SUBPROTOCOL = "adk-nb.v1";
export const MICROPHONE = 1;
export const AGENT_AUDIO = 2;
export const IMAGE = 3;

/** Where an image comes from; its place here is its frame's flags. */
export const SOURCES = Object.freeze(/** @type {Source[]} */ (["camera", "screen"]));
/** Bytes of one image. */
export const MAX_JPEG = 512 * 1024;
/** Characters that can be typed at once. */
export const MAX_TYPED = 100_000;

export const CLOSE = Object.freeze({
  DONE: 1000,
  SESSION_ENDED: 4000,
  TOO_SLOW: 4001,
  BAD_HELLO: 4400,
  BAD_TOKEN: 4401,
  NO_SESSION: 4404,
});

const HEADER = 24;
const MIN_RATE = 8000;
const MAX_RATE = 48000;

export class WireError extends Error {
  name = "WireError";
}

/**
 * @param {AudioFrame} frame
 * @returns {ArrayBuffer}
 */
export function encodeAudio({ kind, seq, turn, rate, clock, samples }) {
  const bytes = new ArrayBuffer(HEADER + samples.length * 2);
  const header = new DataView(bytes);
  header.setUint8(0, kind);
  header.setUint32(4, seq, true);
  header.setUint32(8, turn, true);
  header.setUint32(12, rate, true);
  header.setFloat64(16, clock, true);
  // Every platform with Web Audio is little-endian, so samples are copied as they are.
  new Int16Array(bytes, HEADER).set(samples);
  return bytes;
}

/**
 * The samples are a view of `bytes`, not a copy.
 *
 * @param {ArrayBuffer} bytes
 * @returns {AudioFrame}
 */
export function decodeAudio(bytes) {
  if (bytes.byteLength < HEADER + 2) throw new WireError(`an audio frame of ${bytes.byteLength} bytes is too short`);
  if (bytes.byteLength % 2) throw new WireError("an audio frame ends within a sample");
  const header = new DataView(bytes);
  const kind = header.getUint8(0);
  if (kind !== MICROPHONE && kind !== AGENT_AUDIO) throw new WireError(`unknown kind of frame: ${kind}`);
  const rate = header.getUint32(12, true);
  if (rate < MIN_RATE || rate > MAX_RATE) throw new WireError(`a rate of ${rate} samples a second is out of bounds`);
  const clock = header.getFloat64(16, true);
  if (!Number.isFinite(clock)) throw new WireError("the clock of an audio frame is not a number");
  return {
    kind,
    seq: header.getUint32(4, true),
    turn: header.getUint32(8, true),
    rate,
    clock,
    samples: new Int16Array(bytes, HEADER),
  };
}

/**
 * @param {ImageFrame} frame
 * @returns {ArrayBuffer}
 */
export function encodeImage({ source, seq, clock, jpeg }) {
  const bytes = new ArrayBuffer(HEADER + jpeg.length);
  const header = new DataView(bytes);
  header.setUint8(0, IMAGE);
  header.setUint8(1, SOURCES.indexOf(source));
  header.setUint32(4, seq, true);
  header.setFloat64(16, clock, true);
  new Uint8Array(bytes, HEADER).set(jpeg);
  return bytes;
}

/**
 * @param {Message} message
 * @returns {string}
 */
export function encodeMessage(message) {
  return JSON.stringify(message);
}

/**
 * @param {string} text
 * @returns {Message}
 */
export function decodeMessage(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    throw new WireError("a message is not JSON");
  }
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    throw new WireError("a message is not a JSON object");
  }
  if (typeof message.type !== "string") throw new WireError("a message has no type");
  return message;
}

/**
 * Estimates the bridge's clock less the page's from probes, trusting the quickest of the recent ones:
 * queueing only ever makes a round trip longer.
 */
export class ClockSync {
  /** @param {number} [keep] */
  constructor(keep = 12) {
    this.keep = keep;
    /** @type {{offset_ms: number, error_ms: number}[]} */
    this.samples = [];
  }

  /**
   * @param {number} sent the page's clock when the probe left
   * @param {number} bridge the bridge's clock in its answer
   * @param {number} received the page's clock when the answer came
   * @returns {{offset_ms: number, error_ms: number}} the estimate
   */
  add(sent, bridge, received) {
    this.samples.push({ offset_ms: bridge - (sent + received) / 2, error_ms: (received - sent) / 2 });
    if (this.samples.length > this.keep) this.samples.shift();
    return this.samples.reduce((best, sample) => (sample.error_ms <= best.error_ms ? sample : best));
  }
}
