import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { page } from "../page.js";
import { browser, install } from "../sound/web-audio.js";

const settled = async () => { for (let i = 0; i < 20; i++) await Promise.resolve(); };

/** Loads the page in a tab that keeps this; returns what is in it, and what the tab then did. */
async function loaded(t, kept) {
  const window = page(t);
  install();
  const sockets = [];
  const WebSocket = class {
    constructor(url) {
      Object.assign(this, { url, bufferedAmount: 0, sent: [] });
      sockets.push(this);
    }
    send(data) { this.sent.push(data); }
    close() {}
  };
  // Nobody closes the view of a page, and another widget's microphone is not heard of here.
  const BroadcastChannel = class extends EventTarget {};
  const listeners = {};
  const location = { hash: "", protocol: "http:", host: "localhost:5000", hostname: "localhost", pathname: "/page/", reloads: 0, reload() { this.reloads += 1; } };
  const sessionStorage = { getItem: (name) => (name === "adk-nb-admission" ? kept : null) };
  const addEventListener = (name, listener) => (listeners[name] = listener);
  for (const [name, value] of Object.entries({ WebSocket, BroadcastChannel, location, sessionStorage, addEventListener })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  window.document.body.innerHTML = "<main></main>";
  await import(`../../../adk_nb/static/page/page.js?${t.name}`);
  await settled();
  return { root: window.document.querySelector("main > .adk-nb"), sockets, listeners, location };
}

test("a tab that is let in shows the conversation, and takes the keys", async (t) => {
  const { root, sockets, listeners, location } = await loaded(t, '{"url": "ws://localhost:5000/", "token": "t", "kernel": "", "transport": "websocket"}');
  assert.deepEqual([root.tabIndex, root.dataset.state, sockets.map(({ url }) => url)], [0, "connecting", ["ws://localhost:5000/"]]);
  assert.ok(root.querySelector("[data-adk-nb=mic]"));
  assert.equal(root.querySelector("[data-adk-nb=error]").hidden, true);
  assert.deepEqual(["agent", "model"].map((name) => root.querySelector(`[data-adk-nb=${name}]`).textContent), ["", ""]);
  sockets[0].onopen();
  assert.equal(JSON.parse(sockets[0].sent[0]).token, "t");
  sockets[0].onmessage({ data: '{"type": "hello", "session_id": "s", "audio": true}' });
  await settled();
  const { modules } = browser.contexts[0];
  assert.deepEqual(modules.map((url) => url.split("/").slice(-2).join("/")), ["sound/recorder-processor.js", "sound/player-processor.js"]);
  listeners.hashchange();
  assert.equal(location.reloads, 1);
});

test("a tab that is not let in says why, and what to do", async (t) => {
  const { root, sockets } = await loaded(t, null);
  assert.deepEqual([root.children.length, sockets], [1, []]);
  const said = root.querySelector("p[role=alert][data-adk-nb=error]");
  assert.match(said.textContent, /^This link was used already, .*\. Open another one: adk_nb\.open\(live\)/);
});

test("what goes wrong without a remedy is said in its own words", async (t) => {
  const { root } = await loaded(t, "{");
  assert.match(root.textContent, /JSON at position 1/);
});
