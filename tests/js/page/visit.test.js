import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** The tab: what it keeps, what it asked the server, and what the server answers. */
const tab = /** @type {any} */ ({});

class Socket extends EventTarget {
  constructor(url, protocols) {
    super();
    Object.assign(this, { url, protocols, sent: [] });
  }
  send(data) { this.sent.push(data); }
}

globalThis.WebSocket = /** @type {any} */ (Socket); // the module's own is made of it as it is loaded
const { admission, say } = await import("../../../adk_nb/static/page/visit.js");

beforeEach(() => {
  Object.assign(tab, { kept: new Map(), asked: [], answer: () => Response.json({ token: "t" }) });
  const sessionStorage = { getItem: (name) => tab.kept.get(name) ?? null, setItem: (name, value) => tab.kept.set(name, value) };
  const location = { href: "https://agent.example/shop/index.html?a=b#c" };
  const fetch = async (url, options) => (tab.asked.push([String(url), options]), tab.answer());
  for (const [name, value] of Object.entries({ sessionStorage, location, fetch, WebSocket: Socket })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
});

/** What the console says while something is done. */
function told(t, act) {
  const log = t.mock.method(console, "log", () => {});
  act();
  return log.mock.calls.map((call) => call.arguments[0]);
}

test("the console of a server's page has the kinds and sizes of frames, and not the clock's", (t) => {
  const lines = told(t, () => {
    for (const type of ["clock", "clock_offset"]) say("[AGENT TO CLIENT]", JSON.stringify({ type }));
    say("[CLIENT TO AGENT]", '{"type": "text", "text": "secret"}');
    say("[CLIENT TO AGENT]", new Uint8Array(640));
    say("[CLIENT TO AGENT]", new Blob(["12345"]));
  });
  assert.deepEqual(lines, ["[CLIENT TO AGENT]: text: 34 characters.", "[CLIENT TO AGENT]: binary: 640 bytes.", "[CLIENT TO AGENT]: binary: 5 bytes."]);
});

test("the server opens a session, and the tab keeps its name for when it is loaded again", async () => {
  const address = { url: "wss://agent.example/shop/session", token: "t", kernel: "", transport: "websocket" };
  assert.deepEqual(await admission(), address);
  assert.deepEqual(await admission(), address);
  assert.deepEqual(tab.asked, [
    ["https://agent.example/shop/open", { method: "POST", body: "" }],
    ["https://agent.example/shop/open", { method: "POST", body: "t" }],
  ]);
  assert.deepEqual([...tab.kept], [["adk-nb-visit", "t"]]);
});

test("what goes over the session's WebSocket is told, both ways", async (t) => {
  await admission();
  const socket = /** @type {any} */ (new WebSocket("wss://agent.example/shop/session", "adk-nb.v1"));
  assert.deepEqual([socket.url, socket.protocols], ["wss://agent.example/shop/session", "adk-nb.v1"]);
  const lines = told(t, () => {
    socket.send('{"type": "text"}');
    socket.dispatchEvent(new MessageEvent("message", { data: '{"type": "hello"}' }));
  });
  assert.deepEqual(lines, ["[CLIENT TO AGENT]: text: 16 characters.", "[AGENT TO CLIENT]: hello: 17 characters."]);
  assert.deepEqual(socket.sent, ['{"type": "text"}']);
});

test("a server that refuses says why, and keeps the tab's name", async () => {
  tab.kept.set("adk-nb-visit", "old");
  const failure = { code: "full", message: "No place is free.", remedy: "Come back." };
  tab.answer = () => Response.json(failure, { status: 503 });
  await assert.rejects(admission(), (error) => assert.deepEqual(error, failure) === undefined);
  assert.equal(tab.kept.get("adk-nb-visit"), "old");
});

test("a server that is not there, or something else in its place, cannot be reached", async () => {
  const unreachable = (error) => error.code === "unreachable" && Boolean(error.message && error.remedy);
  tab.answer = () => Promise.reject(new TypeError("Failed to fetch"));
  await assert.rejects(admission(), unreachable);
  tab.answer = () => new Response("<html>Bad gateway</html>", { status: 502 });
  await assert.rejects(admission(), unreachable);
});
