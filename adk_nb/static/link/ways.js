/** The ways from a page to the kernel, and the choice between them: each carries the same frames. */
import { SUBPROTOCOL } from "./wire.js";

/**
 * @typedef {import("./connection.js").Channel} Channel
 * @typedef {import("./connection.js").Address} Address
 * @typedef {"websocket" | "relay" | "comm"} Transport straight to the kernel's port, through the Jupyter server, or as the widget's messages
 *
 * @typedef {{transport: Transport, dial: () => Channel}} Way
 * @typedef {{transport: Transport, why: string}} Tried a way that failed, and how
 *
 * @typedef {object} Page where the page is: its location and what its Jupyter server says of itself
 * @property {string} protocol
 * @property {string} host
 * @property {string} hostname
 * @property {string | null} baseUrl the server's; null where none is known
 */

/** How long the ways before it may take before one that is open is used, by its place (ms). */
const PATIENCE_MS = [0, 300, 1000];
/** When the ways are tried, by their place, unless those before have failed sooner (ms). */
const START_MS = [0, 100, 300];
const GIVE_UP_MS = 2000;
/** How long a way that lost may still be opening (ms). */
const RETIRED_MS = 20_000;
const CONNECTING = 0; // WebSocket.CONNECTING

/** @param {string} url @returns {Channel} */
export function dialWebSocket(url) {
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = "arraybuffer";
  return socket;
}

/** Whether a page of this host may reach the kernel's port without the browser asking its user. @param {string} hostname */
export function isLocal(hostname) {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** @returns {Page} of this page */
export function thisPage() {
  const { protocol, host, hostname } = location;
  let baseUrl = document.body?.dataset.baseUrl ?? null; // nbclassic's
  try {
    const config = document.getElementById("jupyter-config-data")?.textContent;
    if (config) baseUrl = JSON.parse(config).baseUrl ?? baseUrl;
  } catch {
    // Of some other page; what is not known is not tried.
  }
  return { protocol, host, hostname, baseUrl: typeof baseUrl === "string" ? baseUrl : null };
}

/** The relay to a kernel; null where no Jupyter server is known. @param {string} kernel its id @param {Page} page */
export function relayUrl(kernel, { protocol, host, baseUrl }) {
  if (!kernel || baseUrl === null || !/^https?:$/.test(protocol)) return null;
  const url = new URL(baseUrl.replace(/\/*$/, "/"), `${protocol}//${host}/`);
  // Another host's page would be asked for the server's login, which this page's cookies are not.
  if (url.host !== host) return null;
  return `${url.protocol.replace("http", "ws")}//${url.host}${url.pathname}adk-nb/${encodeURIComponent(kernel)}`;
}

/** What was good for a kernel before: widgets of one page share it. @returns {Map<string, Transport>} */
function remembered() {
  const page = /** @type {any} */ (globalThis);
  return (page[Symbol.for("adk-nb.ways")] ??= new Map());
}

export class Ways {
  /**
   * @param {object} options
   * @param {(() => Channel) | null} options.comm dials the widget's own messages
   * @param {() => Page} [options.page]
   */
  constructor({ comm, page = thisPage }) {
    this.comm = comm;
    this.page = page;
  }

  /** Every way that there may be, the best first. @param {{url: string, kernel?: string}} address @returns {Way[]} */
  all({ url, kernel = "" }) {
    const relay = relayUrl(kernel, this.page());
    /** @type {Way[]} */
    const all = [{ transport: "websocket", dial: () => dialWebSocket(url) }];
    if (relay) all.push({ transport: "relay", dial: () => dialWebSocket(relay) });
    if (this.comm) all.push({ transport: "comm", dial: this.comm });
    return all;
  }

  /** The ways to try, the best first. @param {Address} address @returns {Way[]} */
  order({ url, kernel = "", transport = "" }) {
    const page = this.page();
    const all = this.all({ url, kernel }).filter((way) => way.transport !== "websocket" || isLocal(page.hostname) || transport === "websocket");
    if (transport) return all.filter((way) => way.transport === transport);
    const before = remembered().get(kernel);
    return all.sort((one, other) => Number(other.transport === before) - Number(one.transport === before));
  }

  /** @param {Address} address @returns {Race} */
  dial(address) {
    const ways = this.order(address);
    /** @type {Tried[]} */
    const missing = ways.length || !address.transport ? [] : [{ transport: address.transport, why: "not there" }];
    return new Race(ways, missing);
  }

  /** The kernel has said hello on this way. @param {Address} address @param {Transport} transport */
  good({ kernel = "" }, transport) {
    remembered().set(kernel, transport);
  }
}

/** Several ways at once, until one of them is the channel: the best that opens in time. @implements {Channel} */
export class Race {
  /** @param {Way[]} ways the best first @param {Tried[]} [tried] */
  constructor(ways, tried = []) {
    this.tried = tried;
    /** @type {((event: any) => void) | null} */
    this.onopen = null;
    /** @type {((event: any) => void) | null} */
    this.onmessage = null;
    /** @type {((event: any) => void) | null} */
    this.onclose = null;
    /** @type {Channel | null} */
    this.channel = null;
    /** @type {Transport | ""} */
    this.transport = "";
    this.over = false;
    this.code = 1006; // of the last that failed
    this.began = Date.now();
    /** @type {{way: Way, state: "waiting" | "dialling" | "open" | "failed", channel: Channel | null}[]} */
    this.lanes = ways.map((way) => ({ way, state: "waiting", channel: null }));
    const last = ways.length ? GIVE_UP_MS : 0;
    /** @type {ReturnType<typeof setTimeout>[]} */
    this.timers = [...START_MS, ...PATIENCE_MS].map((ms) => setTimeout(() => this.look(), ms));
    this.timers.push(setTimeout(() => this.giveUp(), last));
    this.look();
  }

  get bufferedAmount() {
    return this.channel?.bufferedAmount ?? 0;
  }

  /** Starts what is due, and chooses if it can. */
  look() {
    if (this.over || this.channel) return;
    const passed = Date.now() - this.began;
    let better = true; // whether all ways before have failed
    for (const [place, lane] of this.lanes.entries()) {
      if (lane.state === "waiting" && (better || passed >= (START_MS[place] ?? 0))) this.start(lane);
      if (lane.state === "open" && (better || passed >= (PATIENCE_MS[place] ?? 0))) return this.choose(lane);
      better &&= lane.state === "failed";
    }
    if (better && this.lanes.length) this.giveUp();
  }

  /** @param {Race["lanes"][number]} lane */
  start(lane) {
    lane.state = "dialling";
    try {
      const channel = lane.way.dial();
      lane.channel = channel;
      channel.onopen = () => {
        lane.state = "open";
        this.look();
      };
      channel.onclose = ({ code }) => this.failed(lane, "refused", code);
    } catch {
      this.failed(lane, "not there");
    }
  }

  /** @param {Race["lanes"][number]} lane @param {string} why @param {number} [code] */
  failed(lane, why, code = 1006) {
    if (lane.state === "failed" || this.over) return;
    this.code = code;
    lane.state = "failed";
    this.tried.push({ transport: lane.way.transport, why });
    queueMicrotask(() => this.look()); // not within look() itself
  }

  /** @param {Race["lanes"][number]} lane */
  choose(lane) {
    const channel = /** @type {Channel} */ (lane.channel);
    this.stop();
    for (const other of this.lanes) if (other !== lane) retire(other.channel);
    this.channel = channel;
    this.transport = lane.way.transport;
    channel.onmessage = (event) => this.onmessage?.(event);
    channel.onclose = (event) => this.onclose?.(event);
    this.onopen?.({});
  }

  giveUp() {
    if (this.over || this.channel) return;
    for (const lane of this.lanes) if (lane.state === "dialling") this.tried.push({ transport: lane.way.transport, why: "no answer" });
    this.close();
    this.onclose?.({ code: this.code, tried: this.tried });
  }

  stop() {
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** @param {string | ArrayBuffer} data */
  send(data) {
    this.channel?.send(data);
  }

  /** @param {number} [code] */
  close(code) {
    this.over = true;
    this.stop();
    for (const lane of this.lanes) hangUp(lane.channel, code);
  }
}

/** @param {Channel | null} channel @param {number} [code] */
function hangUp(channel, code) {
  if (!channel) return;
  channel.onopen = channel.onmessage = channel.onclose = null;
  channel.close(code);
}

/** Of a way that lost: browsers write a warning where a WebSocket is closed before it is open. @param {Channel | null} channel */
function retire(channel) {
  if (channel?.readyState !== CONNECTING) return hangUp(channel);
  const tooLate = setTimeout(() => hangUp(channel), RETIRED_MS);
  channel.onclose = () => clearTimeout(tooLate);
  channel.onopen = () => {
    clearTimeout(tooLate);
    hangUp(channel);
  };
}
