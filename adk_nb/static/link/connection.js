/**
 * The page's connection to the bridge: it says hello, keeps clocks in step, drops audio and images rather than queue them,
 * and comes back after an accident.
 */
import { SoundPosition } from "./sound-position.js";
import { Unconfirmed } from "./unconfirmed.js";
import { dialWebSocket } from "./ways.js";
import {
  AGENT_AUDIO, CLOSE, ClockSync, decodeAudio, decodeMessage, encodeAudio, encodeImage, encodeMessage, MAX_JPEG, MICROPHONE, WireError,
} from "./wire.js";

/**
 * What carries the wire. A WebSocket is one; another way offers the same few members. Where one was chosen among several,
 * `transport` is its name; where all of them failed, the close event's `tried` says how.
 *
 * @typedef {object} Channel
 * @property {number} bufferedAmount
 * @property {(data: string | ArrayBuffer) => void} send
 * @property {(code?: number) => void} close
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 * @property {import("./ways.js").Transport | ""} [transport]
 * @property {number} [readyState] a WebSocket's
 *
 * @typedef {object} Address
 * @property {string} url the bridge's own
 * @property {string} token
 * @property {string} [kernel] its id at its Jupyter server
 * @property {import("./ways.js").Transport | ""} [transport] the way to take; any where it is not said
 *
 * @typedef {"connecting" | "open" | "reconnecting" | "closed"} Link
 *
 * @typedef {object} ConnectionOptions
 * @property {() => Promise<Address>} address asks the kernel where the bridge is
 * @property {(hello: import("./wire.js").Message) => void} onhello
 * @property {(message: import("./wire.js").Message) => void} onmessage
 * @property {(frame: import("./wire.js").AudioFrame) => void} onaudio
 * @property {(link: Link, code: number) => void} onlink with the close code that led to it, or 0
 * @property {(address: Address) => Channel} [dial]
 * @property {(address: Address, transport: import("./ways.js").Transport) => void} [ongood] a way led to the kernel
 * @property {() => void} [renew] has the next address be that of a new conversation, where this one is not known any more
 * @property {() => object} [about] what the hello tells of the page
 * @property {() => number} [now]
 */

const MAX_BUFFERED = 64 * 1024;
const FIRST_PROBES = 6;
const FIRST_PING = 1 << 30; // no number of a probe
const PROBE_EVERY_MS = 10_000;
/** Probes in a row without a word from the bridge, and the link is dead: a network that is gone says nothing. */
const DEAD_AFTER = 2;
const HELLO_WITHIN_MS = 8_000;
const BACK_OFF_MS = [250, 500, 1000, 2000, 4000, 8000];
const MAX_REFUSALS = 3;

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
    this.dial = options.dial ?? (({ url }) => dialWebSocket(url));
    /** @type {Link} */
    this.link = "connecting";
    this.sent = 0;
    this.dropped = 0;
    this.imagesSent = 0;
    this.imagesDropped = 0;
    this.dials = 0;
    this.dialledAt = 0;
    this.connectedAfterMs = 0; // from the dial to the hello, the last time
    this.clock = { offset_ms: 0, error_ms: Infinity };
    /** @type {Channel | null} */
    this.channel = null;
    /** @type {Address | null} what it dialled last */
    this.address = null;
    /** @type {import("./ways.js").Tried[]} what failed when all did */
    this.tried = [];
    this.seq = 0;
    this.imageSeq = 0;
    this.imageWaiting = 0; // bytes of the last image, while any of it may wait in the socket
    this.failures = 0;
    this.refusals = 0;
    this.renewed = false; // whether another conversation was asked for since the last welcome
    this.probes = 0;
    this.unheard = 0; // probes since the bridge last said anything
    this.sessionId = "";
    this.unconfirmed = new Unconfirmed();
    this.position = new SoundPosition();
    this.sync = new ClockSync();
    /** @type {Map<number, {sent: number, resolve: (ms: number) => void}>} round trips that somebody asked for */
    this.pings = new Map();
    this.pinged = FIRST_PING;
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
    this.dialledAt = this.now();
    let channel;
    try {
      channel = this.dial(address);
    } catch {
      this.again(0);
      return;
    }
    this.channel = channel;
    this.address = address;
    this.timer = setTimeout(() => this.lost(channel, 0), HELLO_WITHIN_MS);
    channel.onopen = () => channel.send(encodeMessage({ type: "hello", token: address.token, clock: this.now(), ...this.position.have, ...this.options.about?.() }));
    channel.onmessage = ({ data }) => this.receive(data);
    channel.onclose = ({ code, tried = [] }) => {
      if (channel === this.channel) this.tried = tried;
      this.lost(channel, code);
    };
  }

  /** The way that is taken now. @returns {import("./ways.js").Transport | ""} */
  get transport() {
    if (this.link !== "open" || !this.channel) return "";
    return this.channel.transport ?? "websocket";
  }

  /** The least of the latest round trips (ms); Infinity before there was one. */
  get roundTrip() {
    return this.clock.error_ms * 2;
  }

  /** @param {string | ArrayBuffer} data */
  receive(data) {
    this.unheard = 0;
    try {
      if (typeof data !== "string") {
        const frame = decodeAudio(data);
        if (this.link !== "open" || frame.kind !== AGENT_AUDIO) return;
        this.position.add(frame);
        this.options.onaudio(frame);
        return;
      }
      const message = decodeMessage(data);
      if (message.type === "hello") this.welcome(message);
      else if (this.link !== "open") return;
      else if (message.type === "clock") this.probed(message);
      else if (message.type === "taken") this.unconfirmed.taken(message.id);
      else if (message.type === "sound_from") this.position.from(message);
      else {
        if (message.type === "continue") this.position.goOn(message);
        this.options.onmessage(message);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      console.warn(`adk-nb: ignored a message from the bridge: ${error.message}`);
    }
  }

  /** @param {import("./wire.js").Message} hello */
  welcome(hello) {
    clearTimeout(this.timer);
    this.connectedAfterMs = this.now() - this.dialledAt;
    this.failures = 0;
    this.refusals = 0;
    this.renewed = false;
    this.seq = 0;
    this.imageSeq = 0;
    this.imageWaiting = 0;
    this.probes = 0;
    this.unheard = 0;
    this.sync = new ClockSync();
    this.clock = { offset_ms: 0, error_ms: Infinity };
    this.recognise(hello);
    this.link = "open";
    for (const text of this.unconfirmed.all()) this.send(text); // those of before the break
    this.tried = [];
    if (this.address && this.transport) this.options.ongood?.(this.address, this.transport);
    this.options.onlink("open", 0);
    this.options.onhello(hello);
    this.probe();
  }

  /** @param {import("./wire.js").Message} hello */
  recognise(hello) {
    if (hello.session_id !== this.sessionId) {
      this.sessionId = String(hello.session_id);
      this.position = new SoundPosition();
      if (!this.options.renew) this.unconfirmed = new Unconfirmed(); // else nobody has answered it yet
    } else if (Number(hello.turn) < this.position.turn) {
      this.position = new SoundPosition(); // another server has taken the conversation over, and counts anew
    }
    this.position.welcome();
  }

  /**
   * Sends what was typed, and again after a break, until the kernel says that it came.
   *
   * @param {string} text
   * @returns {boolean} whether there is a link to send it on
   */
  say(text) {
    return this.link === "open" && this.send(this.unconfirmed.add(text));
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
    const { channel } = this;
    // A cell may keep the kernel from hearing the comm, for as long as it runs.
    if (channel && this.transport !== "comm" && this.unheard >= DEAD_AFTER) return this.lost(channel, 0);
    this.unheard += 1;
    this.send({ type: "clock", id: this.probes, clock: this.now() });
    // Armed now, not upon the answer: one lost answer must not end the probing.
    this.probeTimer = setTimeout(() => this.probe(), PROBE_EVERY_MS);
  }

  /** Measures a round trip. @returns {Promise<number>} in ms; Infinity if the link is lost meanwhile */
  ping() {
    return new Promise((resolve) => {
      const id = this.pinged++;
      this.pings.set(id, { sent: this.now(), resolve });
      if (!this.send({ type: "clock", id, clock: this.now() })) this.forgetPings();
    });
  }

  forgetPings() {
    for (const { resolve } of this.pings.values()) resolve(Infinity);
    this.pings.clear();
  }

  /** @param {import("./wire.js").Message} answer */
  probed(answer) {
    const { id, clock, bridge_clock: bridge } = answer;
    const ping = this.pings.get(id);
    if (ping) {
      this.pings.delete(id);
      ping.resolve(this.now() - ping.sent);
      return;
    }
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
    const renew = code === CLOSE.NO_SESSION && this.options.renew;
    if (renew) this.renew(renew);
    else if (code === CLOSE.SESSION_ENDED || code === CLOSE.NO_SESSION) return this.end(code);
    if (code === CLOSE.BAD_TOKEN || code === CLOSE.BAD_HELLO) {
      this.refusals += 1;
      if (this.refusals >= MAX_REFUSALS) return this.end(code);
    }
    return this.again(code);
  }

  /** The bridge is there, and another conversation is asked for at once, but not again and again. @param {() => void} renew */
  renew(renew) {
    renew();
    if (!this.renewed) this.failures = 0;
    this.renewed = true;
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
    this.forgetPings();
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
