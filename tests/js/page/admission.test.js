import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { admission, bridgeOf, codeOf, redeem, USED } from "../../../adk_nb/static/page/admission.js";

/** The tab: what it keeps, where it is, and the WebSockets it opened. */
const tab = /** @type {any} */ ({});

class Socket {
  constructor(url, protocol) {
    Object.assign(this, { url, protocol, sent: [] });
    tab.sockets.push(this);
  }
  send(data) { this.sent.push(JSON.parse(data)); }
}

beforeEach(() => {
  Object.assign(tab, { kept: new Map(), sockets: [], replaced: [] });
  const sessionStorage = { getItem: (name) => tab.kept.get(name) ?? null, setItem: (name, value) => tab.kept.set(name, value) };
  const history = { replaceState: (...args) => tab.replaced.push(args) };
  for (const [name, value] of Object.entries({ sessionStorage, history, WebSocket: Socket })) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  at("");
});

function at(hash, pathname = "/page/") {
  Object.assign(globalThis, { location: { protocol: "http:", host: "127.0.0.1:5000", pathname, hash } });
}

test("the served page finds its bridge, at the bridge's own port and below a Jupyter server's", () => {
  assert.equal(bridgeOf({ protocol: "http:", host: "127.0.0.1:5000", pathname: "/page/" }, ""), "ws://127.0.0.1:5000/");
  const below = { protocol: "https:", host: "hub.example", pathname: "/user/ada/adk-nb/page/" };
  assert.equal(bridgeOf(below, "abc"), "wss://hub.example/user/ada/adk-nb/abc");
  assert.equal(bridgeOf(below, "../evil"), "wss://hub.example/user/ada/adk-nb/..%2Fevil");
  assert.deepEqual(codeOf("#c-o_de.kernel"), { code: "c-o_de", kernel: "kernel" });
  assert.deepEqual(codeOf(""), { code: "", kernel: "" });
});

test("a code is exchanged for the session's token", async () => {
  const token = redeem("ws://x/", "abc");
  const [socket] = tab.sockets;
  assert.deepEqual([socket.url, socket.protocol, socket.sent], ["ws://x/", "adk-nb.v1", []]);
  socket.onopen();
  assert.deepEqual(socket.sent, [{ type: "redeem", code: "abc" }]);
  socket.onmessage({ data: '{"type": "redeemed", "token": "t"}' });
  socket.onclose({ code: 1000 });
  assert.equal(await token, "t");
});

test("a code that was used is a failure that says what to do", async () => {
  const token = redeem("ws://x/", "abc");
  tab.sockets[0].onclose({ code: 4003 });
  await assert.rejects(token, (error) => error === USED);
  assert.deepEqual(Object.keys(USED), ["code", "message", "remedy"]);
  assert.equal(USED.code, "link_used");
});

test("a link lets its tab in, is taken from the address, and is not needed when the tab loads again", async () => {
  at("#abc.kern", "/user/ada/adk-nb/page/");
  const entering = admission();
  assert.deepEqual(tab.replaced, [[null, "", "/user/ada/adk-nb/page/"]]);
  tab.sockets[0].onmessage({ data: '{"token": "t"}' });
  const address = { url: "ws://127.0.0.1:5000/user/ada/adk-nb/kern", token: "t", kernel: "kern", transport: "websocket" };
  assert.deepEqual(await entering, address);
  assert.deepEqual([...tab.kept.keys()], ["adk-nb-admission"]);
  at("", "/user/ada/adk-nb/page/");
  assert.deepEqual(await admission(), address);
  assert.deepEqual([tab.sockets.length, tab.replaced.length], [1, 1]);
});

test("a tab without a link has nothing to go in by", async () => {
  await assert.rejects(admission(), (error) => error === USED);
  assert.deepEqual(tab.sockets, []);
});
