import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { page } from "../page.js";
import { browser, install } from "../sound/web-audio.js";

const settled = async () => { for (let i = 0; i < 20; i++) await Promise.resolve(); };

const STATIC = fileURLToPath(new URL("../../../adk_nb/static/", import.meta.url));

/** The page as a server of an agent serves it: its own module lets it in. @param {import("node:test").TestContext} t */
function served(t) {
  const folder = mkdtempSync(join(tmpdir(), "adk-nb-page-"));
  t.after(() => rmSync(folder, { recursive: true }));
  cpSync(join(STATIC, "package.json"), join(folder, "package.json"));
  for (const room of ["link", "screen", "sound", "camera"]) symlinkSync(join(STATIC, room), join(folder, room));
  cpSync(join(STATIC, "page/page.js"), join(folder, "page/page.js"));
  cpSync(join(STATIC, "page/visit.js"), join(folder, "page/admission.js"));
  return pathToFileURL(join(folder, "page/page.js"));
}

/** Loads the page in a tab that keeps this; returns what is in it, and what the tab then did. */
async function loaded(t, kept, { module = new URL("../../../adk_nb/static/page/page.js", import.meta.url), answers = [] } = {}) {
  const window = page(t);
  install();
  const sockets = [];
  const WebSocket = class extends EventTarget {
    constructor(url) {
      super();
      Object.assign(this, { url, bufferedAmount: 0, sent: [] });
      sockets.push(this);
    }
    send(data) { this.sent.push(data); }
    close() {}
  };
  // Nobody closes the view of a page, and another widget's microphone is not heard of here.
  const BroadcastChannel = class extends EventTarget {};
  const listeners = {};
  const location = { hash: "", protocol: "http:", host: "localhost:5000", hostname: "localhost", pathname: "/page/", href: "http://localhost:5000/", reloads: 0, reload() { this.reloads += 1; } };
  const sessionStorage = { getItem: (name) => (name === "adk-nb-admission" ? kept : null), setItem() {} };
  const fetch = async () => answers.shift()();
  const addEventListener = (name, listener) => (listeners[name] = listener);
  for (const [name, value] of Object.entries({ WebSocket, BroadcastChannel, fetch, location, sessionStorage, addEventListener })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  window.document.body.innerHTML = "<main></main>";
  await import(`${module.href}?${encodeURIComponent(t.name)}`);
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
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

test("a tab whose conversation its server knows no more begins another, and one that is only cut off goes on", async (t) => {
  t.mock.method(console, "log", () => {});
  const opened = ["t1", "t2"];
  const answers = opened.map((token) => () => Response.json({ token }));
  const { root, sockets } = await loaded(t, null, { module: served(t), answers });
  const hello = () => {
    sockets.at(-1).onopen();
    return JSON.parse(sockets.at(-1).sent[0]).token;
  };
  const drop = async (code) => {
    sockets.at(-1).onclose({ code });
    await settled();
    mock.timers.tick(5000);
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
  };
  assert.equal(root.dataset.state, "connecting");
  assert.equal(sockets[0].url, "ws://localhost:5000/session");
  assert.equal(hello(), "t1");
  await drop(1006);
  assert.deepEqual([hello(), answers.length], ["t1", 1]);
  await drop(4404);
  assert.deepEqual([hello(), answers.length], ["t2", 0]);
});

test("a tab of a notebook's page whose conversation has ended asks for no other", async (t) => {
  const { root, sockets } = await loaded(t, '{"url": "ws://localhost:5000/", "token": "t", "kernel": "", "transport": "websocket"}');
  sockets[0].onopen();
  sockets[0].onclose({ code: 4404 });
  await settled();
  assert.deepEqual([root.dataset.state, root.querySelector("[data-adk-nb=error]").dataset.code], ["closed", "session_closed"]);
});

test("what a server refuses is said in its words, with a remedy if it has one", async (t) => {
  const refused = () => Response.json({ code: "full", message: "No place is free." }, { status: 503 });
  const { root } = await loaded(t, null, { module: served(t), answers: [refused] });
  assert.equal(root.textContent, "No place is free. ");
});
