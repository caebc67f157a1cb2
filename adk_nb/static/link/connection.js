/**
 * The page's connection to the bridge: it says hello, keeps clocks in step, drops audio and images rather than queue them,
 * and comes back after an accident.
 */
import {
  AGENT_AUDIO, CLOSE, ClockSync, decodeAudio, decodeMessage, encodeAudio, encodeImage, encodeMessage, MAX_JPEG, MICROPHONE,
  SUBPROTOCOL, WireError,
} from "./wire.js";

/**
 * What carries the wire. A WebSocket is one; another transport offers the same few members.
 *
 * @typedef {object} Channel
 * @property {number} bufferedAmount
 * @property {(data: string | ArrayBuffer) => void} send
 * @property {(code?: number) => void} close
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 *
 * @typedef {{url: string, token: string}} Address
 * @typedef {"connecting" | "open" | "reconnecting" | "closed"} Link
 *
 * @typedef {object} ConnectionOptions
 * @property {() => Promise<Address>} address asks the kernel where the bridge is
 * @property {(hello: import("./wire.js").Message) => void} onhello
 * @property {(message: import("./wire.js").Message) => void} onmessage
 * @property {(frame: import("./wire.js").AudioFrame) => void} onaudio
 * @property {(link: Link, code: number) => void} onlink with the close code that led to it, or 0
 * @property {(url: string) => Channel} [dial]
 * @property {() => number} [now]
 */

const MAX_BUFFERED = 64 * 1024;
const FIRST_PROBES = 6;
const PROBE_EVERY_MS = 10_000;
const HELLO_WITHIN_MS = 8_000;
const BACK_OFF_MS = [250, 500, 1000, 2000, 4000, 8000];
const MAX_REFUSALS = 3;

/** @param {string} url @returns {Channel} */
function dialWebSocket(url) {
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = "arraybuffer";
  return socket;
}

/**
 * How long to wait before attempt `n` (from 0): longer each time, never in step with other widgets.
 *
 * @param {number} n
 * @param {number} [chance] from 0 to 1
 */
export function backOff(n, chance = Math.random()) {
  return BACK_OFF_MS[Math.min(n, BACK_OFF_MS.length - 1)] * (0.75 + chance / 2);
}

export class Connection {
  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.options = options;
    this.now = options.now ?? (() => performance.now());
    this.dial = options.dial ?? dialWebSocket;
    /** @type {Link} */
    this.link = "connecting";
    this.sent = 0;
    this.dropped = 0;
    this.imagesSent = 0;
    this.imagesDropped = 0;
    this.dials = 0;
    this.clock = { offset_ms: 0, error_ms: Infinity };
    /** @type {Channel | null} */
    this.channel = null;
    this.seq = 0;
    this.imageSeq = 0;
    this.imageWaiting = 0; // bytes of the last image, while any of it may wait in the socket
    this.failures = 0;
    this.refusals = 0;
    this.probes = 0;
    this.sync = new ClockSync();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.probeTimer = undefined;
  }

  async connect() {
    let address;
    try {
      address = await this.options.address();
    } catch {
      this.again(0);
      return;
    }
    if (this.link === "closed") return;
    this.dials += 1;
    let channel;
    try {
      channel = this.dial(address.url);
    } catch {
      this.again(0);
      return;
    }
    this.channel = channel;
    this.timer = setTimeout(() => this.lost(channel, 0), HELLO_WITHIN_MS);
    channel.onopen = () => channel.send(encodeMessage({ type: "hello", token: address.token, clock: this.now() }));
    channel.onmessage = ({ data }) => this.receive(data);
    channel.onclose = ({ code }) => this.lost(channel, code);
  }

  /** @param {string | ArrayBuffer} data */
  receive(data) {
    try {
      if (typeof data !== "string") {
        const frame = decodeAudio(data);
        if (this.link === "open" && frame.kind === AGENT_AUDIO) this.options.onaudio(frame);
        return;
      }
      const message = decodeMessage(data);
      if (message.type === "hello") this.welcome(message);
      else if (this.link !== "open") return;
      else if (message.type === "clock") this.probed(message);
      else this.options.onmessage(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      console.warn(`adk-nb: ignored a message from the bridge: ${error.message}`);
    }
  }

  /** @param {import("./wire.js").Message} hello */
  welcome(hello) {
    clearTimeout(this.timer);
    this.failures = 0;
    this.refusals = 0;
    this.seq = 0;
    this.imageSeq = 0;
    this.imageWaiting = 0;
    this.probes = 0;
    this.sync = new ClockSync();
    this.link = "open";
    this.options.onlink("open", 0);
    this.options.onhello(hello);
    this.probe();
  }

  /**
   * @param {import("./wire.js").Message} message
   * @returns {boolean} whether it went out
   */
  send(message) {
    if (this.link !== "open" || !this.channel) return false;
    this.channel.send(encodeMessage(message));
    return true;
  }

  /**
   * Sends a microphone frame, or drops it: sound that waits is worth less than none.
   *
   * @param {Int16Array} samples
   * @param {number} rate
   * @param {number} clock
   */
  sendAudio(samples, rate, clock) {
    if (this.link !== "open" || !this.channel) return;
    const seq = this.seq++;
    const waiting = this.channel.bufferedAmount;
    if (waiting <= MAX_BUFFERED) this.imageWaiting = 0;
    // An image alone may be more than the bound; it must not cost the sound that follows it.
    if (waiting > MAX_BUFFERED + this.imageWaiting) {
      this.dropped += 1;
      return;
    }
    this.channel.send(encodeAudio({ kind: MICROPHONE, seq, turn: 0, rate, clock, samples }));
    this.sent += 1;
  }

  /**
   * Sends an image, or drops it where others wait, or where it is too large.
   *
   * @param {import("./wire.js").Source} source
   * @param {Uint8Array} jpeg
   * @param {number} clock when it was taken
   */
  sendImage(source, jpeg, clock) {
    if (this.link !== "open" || !this.channel) return;
    const seq = this.imageSeq++;
    if (this.channel.bufferedAmount > MAX_BUFFERED || jpeg.length > MAX_JPEG) {
      this.imagesDropped += 1;
      return;
    }
    this.imageWaiting = jpeg.length;
    this.channel.send(encodeImage({ source, seq, clock, jpeg }));
    this.imagesSent += 1;
  }

  probe() {
    clearTimeout(this.probeTimer);
    this.send({ type: "clock", id: this.probes, clock: this.now() });
    // Armed now, not upon the answer: one lost answer must not end the probing.
    this.probeTimer = setTimeout(() => this.probe(), PROBE_EVERY_MS);
  }

  /** @param {import("./wire.js").Message} answer */
  probed(answer) {
    const { id, clock, bridge_clock: bridge } = answer;
    if (id !== this.probes || typeof clock !== "number" || typeof bridge !== "number") return;
    this.clock = this.sync.add(clock, bridge, this.now());
    this.probes += 1;
    if (this.probes < FIRST_PROBES) this.probe();
    else this.send({ type: "clock_offset", ...this.clock });
  }

  /**
   * @param {Channel} channel
   * @param {number} code
   */
  lost(channel, code) {
    if (channel !== this.channel) return;
    this.drop();
    if (code === CLOSE.SESSION_ENDED || code === CLOSE.NO_SESSION) return this.end(code);
    if (code === CLOSE.BAD_TOKEN || code === CLOSE.BAD_HELLO) {
      this.refusals += 1;
      if (this.refusals >= MAX_REFUSALS) return this.end(code);
    }
    return this.again(code);
  }

  /** @param {number} code */
  again(code) {
    if (this.link === "closed") return;
    const wait = backOff(this.failures++);
    if (this.link === "open") this.link = "reconnecting";
    this.options.onlink(this.link, code);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  drop() {
    clearTimeout(this.timer);
    clearTimeout(this.probeTimer);
    const channel = this.channel;
    this.channel = null;
    if (!channel) return;
    channel.onopen = channel.onmessage = channel.onclose = null;
    channel.close(CLOSE.DONE);
  }

  /** @param {number} code */
  end(code) {
    this.drop();
    if (this.link === "closed") return;
    this.link = "closed";
    this.options.onlink("closed", code);
  }

  /** Leaves quietly: no callback comes after it. */
  close() {
    this.link = "closed";
    this.drop();
  }
}
