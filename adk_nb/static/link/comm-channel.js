/**
 * The wire as the widget's own messages, where no WebSocket reaches the kernel: frames go in batches, as buffers,
 * or as Base64 where a front end loses buffers.
 */
import { CLOSE, SUBPROTOCOL } from "./wire.js";

/**
 * @typedef {import("./connection.js").Channel} Channel
 *
 * @typedef {object} Port the widget's messages
 * @property {(content: object, buffers: ArrayBuffer[]) => void} send
 * @property {(hears: (message: any, buffers: (DataView | ArrayBuffer)[]) => void) => () => void} listen returns what ends it
 *
 * @typedef {string | number | {base64: string} | {part: string}} Item a text, the index of a buffer, bytes, or the beginning of a text
 */

/** Batches that may be on their way; what comes meanwhile waits, and goes together. */
const WINDOW = 16;
/** The least time between two batches (ms): a notebook takes a millisecond or two of the page's time for each message. */
const GAP_MS = 40;
/** How long it may owe the kernel the word that a batch came (ms), hoping for one of its own to tell it with. */
const OWED_MS = 100;
/** Bytes of a batch, unless one frame alone has more. */
const MAX_BATCH = 64 * 1024;
/** How long the kernel may take for a batch before it is said that something holds it (ms). */
const HELD_MS = 1500;

/** Every byte there is: a front end that takes buffers for text would change some. */
export const PROBE = Uint8Array.from({ length: 256 }, (_, i) => i);

/** @param {DataView | ArrayBuffer | undefined} buffer @returns {ArrayBuffer} with nothing else in it */
function whole(buffer) {
  if (!buffer) return new ArrayBuffer(0);
  if (buffer instanceof ArrayBuffer) return buffer;
  return /** @type {ArrayBuffer} */ (buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength));
}

/** @param {ArrayBuffer} bytes */
function isProbe(bytes) {
  const came = new Uint8Array(bytes);
  return came.length === PROBE.length && came.every((byte, i) => byte === PROBE[i]);
}

/** @param {ArrayBuffer} bytes */
export function toBase64(bytes) {
  const array = new Uint8Array(bytes);
  let text = "";
  for (let at = 0; at < array.length; at += 8192) text += String.fromCharCode(...array.subarray(at, at + 8192));
  return btoa(text);
}

/** @param {string} text @returns {ArrayBuffer} */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}

/** @implements {Channel} */
export class CommChannel {
  /**
   * @param {Port} port
   * @param {(held: {ipykernel: string} | null) => void} [onheld] a cell keeps the kernel from hearing the page, or no more
   * @param {Partial<EventTarget>} [page] whose going the kernel is told, as no socket closes with it
   */
  constructor(port, onheld = () => {}, page = globalThis) {
    this.port = port;
    this.onheld = onheld;
    this.page = page;
    this.id = Math.random().toString(36).slice(2);
    /** @type {((event: any) => void) | null} */
    this.onopen = null;
    /** @type {((event: any) => void) | null} */
    this.onmessage = null;
    /** @type {((event: any) => void) | null} */
    this.onclose = null;
    /** @type {"opening" | "open" | "closed"} */
    this.state = "opening";
    this.binary = true; // whether buffers reach the kernel
    this.ipykernel = "";
    this.threaded = true;
    /** @type {(string | ArrayBuffer)[]} */
    this.waiting = [];
    this.bytes = 0; // of what waits or is on its way
    this.n = 0;
    /** @type {Map<number, number>} bytes of the batches that are on their way */
    this.sent = new Map();
    this.part = "";
    this.flushedAt = -Infinity;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.flushing = undefined;
    /** @type {number | null} the newest batch that the kernel is not yet told has come */
    this.owed = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.owing = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.holding = undefined;
    this.held = false;
    this.unlisten = port.listen((message, buffers) => this.hears(message, buffers));
    // It stays open here: a page that comes back after all is told that its channel is unknown, and opens another.
    this.leave = () => this.post({ step: "close", code: CLOSE.DONE });
    page.addEventListener?.("pagehide", this.leave);
    this.post({ step: "open", version: SUBPROTOCOL }, [PROBE.slice().buffer]);
  }

  get bufferedAmount() {
    return this.bytes;
  }

  /** @param {object} content @param {ArrayBuffer[]} [buffers] */
  post(content, buffers = []) {
    try {
      this.port.send({ type: "comm", channel: this.id, ...content }, buffers);
    } catch {
      // The kernel was restarted: its front end sends nothing for the widget any more.
      queueMicrotask(() => this.state !== "closed" && this.closed(1006));
    }
  }

  /** @param {string | ArrayBuffer} data */
  send(data) {
    if (this.state !== "open") return;
    this.waiting.push(data);
    this.bytes += size(data);
    this.flush();
  }

  /** Sends what waits: at once, if the last batch is a while ago. */
  flush() {
    if (this.flushing !== undefined) return;
    const wait = GAP_MS - (Date.now() - this.flushedAt);
    if (wait > 0) {
      this.flushing = setTimeout(() => {
        this.flushing = undefined;
        if (this.state === "open") this.sendWaiting();
      }, wait);
    } else this.sendWaiting();
  }

  sendWaiting() {
    while (this.waiting.length && this.sent.size < WINDOW) {
      /** @type {Item[]} */
      const frames = [];
      /** @type {ArrayBuffer[]} */
      const buffers = [];
      let bytes = 0;
      do {
        const data = /** @type {string | ArrayBuffer} */ (this.waiting.shift());
        bytes += size(data);
        if (typeof data === "string") frames.push(data);
        else if (this.binary) frames.push(buffers.push(data) - 1);
        else frames.push({ base64: toBase64(data) });
      } while (this.waiting.length && bytes < MAX_BATCH);
      const n = this.n++;
      this.sent.set(n, bytes);
      this.flushedAt = Date.now();
      this.post({ step: "frames", n, frames, ...this.pay() }, buffers);
      this.watch();
    }
  }

  /** What the kernel is owed: that its batches came. */
  pay() {
    const taken = this.owed;
    this.owed = null;
    clearTimeout(this.owing);
    this.owing = undefined;
    return taken === null ? {} : { taken };
  }

  /** @param {number} n */
  owe(n) {
    this.owed = n;
    this.owing ??= setTimeout(() => this.post({ step: "taken", ...this.pay() }), OWED_MS);
  }

  /** Notices where the kernel takes nothing: without subshells it hears the page only between cells. */
  watch() {
    if (this.holding !== undefined || !this.sent.size) return;
    this.holding = setTimeout(() => {
      if (this.state !== "open" || this.threaded) return;
      this.held = true;
      this.onheld({ ipykernel: this.ipykernel });
    }, HELD_MS);
  }

  /** @param {any} message @param {(DataView | ArrayBuffer)[]} buffers */
  hears(message, buffers) {
    if (message?.type !== "comm" || message.channel !== this.id || this.state === "closed") return;
    if (message.step === "opened") this.opened(message, buffers);
    else if (message.step === "taken") this.taken(message.taken);
    else if (message.step === "close") this.closed(Number(message.code) || 1006);
    else if (message.step === "frames") this.received(message, buffers);
  }

  /** @param {any} message @param {(DataView | ArrayBuffer)[]} buffers */
  opened({ binary, threaded, ipykernel }, buffers) {
    if (this.state !== "opening") return;
    this.state = "open";
    this.binary = binary === true;
    this.threaded = threaded === true;
    this.ipykernel = String(ipykernel ?? "");
    this.post({ step: "ready", binary: isProbe(whole(buffers?.[0])) });
    this.onopen?.({});
  }

  /** The kernel has all batches up to this one. @param {number} upTo */
  taken(upTo) {
    for (const [n, bytes] of this.sent) {
      if (n > upTo) break;
      this.bytes -= bytes;
      this.sent.delete(n);
    }
    clearTimeout(this.holding);
    this.holding = undefined;
    if (this.held) {
      this.held = false;
      this.onheld(null);
    }
    this.watch();
    this.flush();
  }

  /** @param {any} message @param {(DataView | ArrayBuffer)[]} buffers */
  received({ n, frames, taken }, buffers) {
    this.owe(n);
    if (typeof taken === "number") this.taken(taken);
    for (const item of /** @type {Item[]} */ (frames)) {
      if (typeof item === "string") {
        const text = this.part + item;
        this.part = "";
        this.onmessage?.({ data: text });
      } else if (typeof item === "number") this.onmessage?.({ data: whole(buffers[item]) });
      else if ("part" in item) this.part += item.part;
      else this.onmessage?.({ data: fromBase64(item.base64) });
      if (this.isClosed()) return; // by what it heard
    }
  }

  isClosed() {
    return this.state === "closed";
  }

  /** @param {number} code */
  closed(code) {
    this.end();
    this.onclose?.({ code });
  }

  end() {
    this.state = "closed";
    for (const timer of [this.holding, this.flushing, this.owing]) clearTimeout(timer);
    this.unlisten();
    this.page.removeEventListener?.("pagehide", this.leave);
    if (this.held) this.onheld(null);
    this.held = false;
  }

  /** @param {number} [code] */
  close(code = CLOSE.DONE) {
    if (this.state === "closed") return;
    this.end();
    this.post({ step: "close", code });
  }
}

/** @param {string | ArrayBuffer} data */
function size(data) {
  return typeof data === "string" ? data.length : data.byteLength;
}
