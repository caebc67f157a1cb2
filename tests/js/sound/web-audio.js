/** A browser's Web Audio, as far as the page uses it: it notes what is made, connected and sent. */

// Node's own: a test's page has another.
const { Event, EventTarget } = globalThis;

class Port {
  constructor() {
    Object.assign(this, { sent: [], closed: false, onmessage: null });
  }
  postMessage(message, transfer) { this.sent.push(transfer?.length ? [message, transfer] : message); }
  close() { this.closed = true; }
}

class Node {
  constructor(context, name, options) {
    Object.assign(this, { context, name, options, port: new Port(), to: [] });
    browser.nodes.push(this);
  }
  connect(node) { this.to.push(node); }
  disconnect() { this.to = []; }
}

class Context extends EventTarget {
  constructor(options) {
    super();
    Object.assign(this, { options, state: browser.state, currentTime: 0, destination: "speakers", modules: [], resumed: 0 });
    this.audioWorklet = { addModule: async (url) => { this.modules.push(url); await browser.loading; } };
    browser.contexts.push(this);
  }
  becomes(state) {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }
  async resume() {
    this.resumed += 1;
    if (browser.refuse) throw browser.refuse;
    this.becomes("running");
  }
  async close() { this.state = "closed"; }
}

class Track {
  constructor() {
    Object.assign(this, { readyState: "live", onended: null, onmute: null, onunmute: null, muted: browser.muted });
  }
  stop() { this.readyState = "ended"; }
  getSettings() { return browser.settings; }
}

class Stream {
  track = new Track();
  getTracks() { return [this.track]; }
  getAudioTracks() { return [this.track]; }
}

/** What the page made, and how the browser behaves. */
export const browser = /** @type {any} */ ({});

/** Makes it the browser of a test: new, and granting everything. */
export function install() {
  Object.assign(browser, {
    nodes: [], contexts: [], streams: [], asked: [], state: "running", loading: null, refuse: null, denied: null, settings: {}, grant: null, muted: false,
  });
  const getUserMedia = async (asked) => {
    browser.asked.push(asked);
    await browser.grant;
    if (browser.denied) throw browser.denied;
    browser.streams.push(new Stream());
    return browser.streams.at(-1);
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia } }, configurable: true });
  Object.assign(globalThis, {
    isSecureContext: true, AudioContext: Context, AudioWorkletNode: Node,
    GainNode: class extends Node { constructor(context) { super(context, "gain"); } },
    MediaStreamAudioSourceNode: class extends Node { constructor(context, options) { super(context, "source", options); } },
  });
}
