import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { dialWebSocket, isLocal, Race, relayUrl, thisPage, Ways } from "../../../adk_nb/static/link/ways.js";
import { page } from "../page.js";

class Wire {
  bufferedAmount = 0;
  sent = [];
  onopen = null;
  onmessage = null;
  onclose = null;
  closedWith = null;
  send(data) { this.sent.push(data); }
  close(code) { this.closedWith = code ?? 1000; }
}

const flush = async () => { for (let i = 0; i < 5; i++) await Promise.resolve(); };

/** Races whose wires and clock a test holds. */
function raced(t, transports = ["websocket", "relay", "comm"]) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const wires = {};
  const ways = transports.map((transport) => ({ transport, dial: () => (wires[transport] = new Wire()) }));
  const race = new Race(ways);
  const seen = { opened: 0, closed: [], data: [] };
  race.onopen = () => (seen.opened += 1);
  race.onclose = (event) => seen.closed.push(event);
  race.onmessage = ({ data }) => seen.data.push(data);
  t.after(() => {
    race.close();
    mock.timers.reset();
  });
  const wait = async (ms) => {
    mock.timers.tick(ms);
    await flush();
  };
  return { race, wires, seen, wait };
}

test("the best way that opens in time is the channel, and the others are not begun", async (t) => {
  const { race, wires, seen, wait } = raced(t);
  assert.equal(race.bufferedAmount, 0);
  wires.websocket.onopen();
  assert.deepEqual([race.transport, seen.opened, Object.keys(wires)], ["websocket", 1, ["websocket"]]);
  race.send("hello");
  wires.websocket.bufferedAmount = 7;
  wires.websocket.onmessage({ data: "hi" });
  assert.deepEqual([wires.websocket.sent, race.bufferedAmount, seen.data], [["hello"], 7, ["hi"]]);
  await wait(10_000);
  assert.deepEqual([Object.keys(wires), seen.closed], [["websocket"], []]);
  wires.websocket.onclose({ code: 4001 });
  assert.deepEqual(seen.closed, [{ code: 4001 }]);
});

test("a way that is refused gives the next its turn at once", async (t) => {
  const { race, wires } = raced(t);
  wires.websocket.onclose({ code: 1006 });
  await flush();
  assert.ok(wires.relay);
  wires.relay.onopen();
  assert.equal(race.transport, "relay");
});

test("a port that swallows everything costs 0.3 s where there is a relay, and 1 s where there is none", async (t) => {
  const { race, wires, seen, wait } = raced(t);
  await wait(100);
  wires.relay.onopen();
  assert.equal(race.transport, "");
  await wait(200);
  assert.deepEqual([race.transport, seen.opened, wires.websocket.closedWith], ["relay", 1, 1000]);
  mock.timers.reset();
  const other = raced(t);
  await other.wait(100);
  other.wires.relay.onclose({ code: 1006 });
  await other.wait(200);
  other.wires.comm.onopen();
  await other.wait(699);
  assert.equal(other.race.transport, "");
  await other.wait(1);
  assert.equal(other.race.transport, "comm");
});

test("a better way that opens while another waits is taken", async (t) => {
  const { race, wires, wait } = raced(t);
  await wait(150);
  wires.relay.onopen();
  await wait(50);
  wires.websocket.onopen();
  assert.deepEqual([race.transport, wires.relay.closedWith], ["websocket", 1000]);
});

test("a WebSocket that lost is closed once it is open, for closing it before is a warning in the console", async (t) => {
  const { race, wires, wait } = raced(t);
  await wait(100);
  Object.assign(wires.relay, { readyState: 0 });
  wires.websocket.onopen();
  assert.deepEqual([race.transport, wires.relay.closedWith], ["websocket", null]);
  wires.relay.onopen();
  assert.equal(wires.relay.closedWith, 1000);
  await wait(60_000);
  assert.equal(race.transport, "websocket");
});

test("one that lost and never opens is closed in the end, one that fails is left", async (t) => {
  for (const [fails, closedWith] of [[false, 1000], [true, null]]) {
    const { wires, wait } = raced(t, ["websocket", "relay"]);
    await wait(100);
    Object.assign(wires.relay, { readyState: 0 });
    wires.websocket.onopen();
    await wait(19_999);
    assert.equal(wires.relay.closedWith, null);
    if (fails) wires.relay.onclose({ code: 1006 });
    await wait(1);
    assert.equal(wires.relay.closedWith, closedWith);
    mock.timers.reset();
  }
});

test("when all fail, it says which and how, within 2 s", async (t) => {
  const { race, wires, seen, wait } = raced(t);
  wires.websocket.onclose({ code: 1006 });
  await wait(1999);
  wires.relay.onclose({ code: 1006 });
  await flush();
  assert.deepEqual(seen.closed, []);
  await wait(1);
  assert.deepEqual(seen.closed, [{ code: 1006, tried: [
    { transport: "websocket", why: "refused" }, { transport: "relay", why: "refused" }, { transport: "comm", why: "no answer" },
  ] }]);
  assert.equal(wires.comm.closedWith, 1000);
  wires.comm.onopen?.();
  assert.equal(race.transport, "");
});

test("what cannot even be dialled is not there; the last of all ends it at once, with its code", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const wire = new Wire();
  const race = new Race([{ transport: "relay", dial: () => { throw new SyntaxError("no URL"); } }, { transport: "comm", dial: () => wire }]);
  const closed = [];
  race.onclose = (event) => closed.push(event);
  await flush();
  wire.onclose({ code: 4404 });
  await flush();
  assert.deepEqual(closed, [{ code: 4404, tried: [{ transport: "relay", why: "not there" }, { transport: "comm", why: "refused" }] }]);
});

test("closing leaves nothing open, begun or said", async (t) => {
  const { race, wires, seen, wait } = raced(t);
  await wait(100);
  race.close(1000);
  await wait(10_000);
  assert.deepEqual([wires.websocket.closedWith, wires.relay.closedWith, wires.comm, seen.closed], [1000, 1000, undefined, []]);
});

test("what a way that was closed still does is nobody's matter", async (t) => {
  const { race, wires, seen, wait } = raced(t);
  await wait(100);
  const { onopen, onclose } = wires.websocket;
  race.close(4000);
  assert.deepEqual([wires.websocket.closedWith, wires.relay.closedWith], [4000, 4000]);
  for (const { onopen: opens, onmessage, onclose: closes } of [wires.websocket, wires.relay]) assert.deepEqual([opens, onmessage, closes], [null, null, null]);
  onopen();
  onclose({ code: 1006 });
  await wait(10_000);
  assert.deepEqual([race.transport, race.tried, seen.opened, seen.closed, wires.comm], ["", [], 0, [], undefined]);
});

test("it gives up once, also where a way fails as it does", async (t) => {
  const { wires, seen, wait } = raced(t, ["websocket"]);
  const { onclose } = wires.websocket;
  wires.websocket.close = () => onclose({ code: 1006 });
  await wait(2000);
  onclose({ code: 1006 });
  await wait(10_000);
  assert.deepEqual(seen.closed, [{ code: 1006, tried: [{ transport: "websocket", why: "no answer" }] }]);
});

test("a way that fails twice has failed once", async (t) => {
  const { race, wires } = raced(t);
  wires.websocket.onclose({ code: 4404 });
  wires.websocket.onclose({ code: 1006 });
  await flush();
  assert.deepEqual([race.tried, race.code], [[{ transport: "websocket", why: "refused" }], 4404]);
});

test("once there is a channel nothing is given up", async (t) => {
  const { race, wires, seen, wait } = raced(t);
  wires.websocket.onopen();
  race.giveUp();
  await wait(10_000);
  assert.deepEqual([wires.websocket.closedWith, seen.closed, race.transport], [null, [], "websocket"]);
});

test("a WebSocket is dialled by its subprotocol, for frames of bytes", (t) => {
  const before = globalThis.WebSocket;
  t.after(() => (globalThis.WebSocket = before));
  globalThis.WebSocket = /** @type {any} */ (class {
    constructor(...args) { this.args = args; }
  });
  const { args, binaryType } = /** @type {any} */ (dialWebSocket("ws://localhost:1/"));
  assert.deepEqual([args, binaryType], [["ws://localhost:1/", "adk-nb.v1"], "arraybuffer"]);
});

test("only a page of this machine may reach the kernel's own port", () => {
  for (const host of ["localhost", "lab.localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) assert.equal(isLocal(host), true, host);
  for (const host of ["hub.example", "localhost.example", "127.0.0.1.example", "10.0.0.1", "", "notlocalhost"]) assert.equal(isLocal(host), false, host);
});

const PAGE = { protocol: "http:", host: "localhost:8888", hostname: "localhost", baseUrl: "/" };

test("the relay is at the server's base URL, secure where the page is", () => {
  assert.equal(relayUrl("a-1", PAGE), "ws://localhost:8888/adk-nb/a-1");
  assert.equal(relayUrl("a-1", { ...PAGE, protocol: "https:", host: "hub.example", baseUrl: "/user/ada%20b" }), "wss://hub.example/user/ada%20b/adk-nb/a-1");
  assert.equal(relayUrl("../x", PAGE), "ws://localhost:8888/adk-nb/..%2Fx");
  assert.equal(relayUrl("a-1", { ...PAGE, baseUrl: "http://localhost:8888/user/ada/" }), "ws://localhost:8888/user/ada/adk-nb/a-1");
  for (const none of [{ baseUrl: null }, { protocol: "vscode-webview:" }, { baseUrl: "https://elsewhere.example/" }]) assert.equal(relayUrl("a-1", { ...PAGE, ...none }), null);
  assert.equal(relayUrl("", PAGE), null);
});

test("a page knows its Jupyter server by what that wrote into it", (t) => {
  page(t);
  assert.deepEqual(thisPage(), { protocol: "http:", host: "localhost:8888", hostname: "localhost", baseUrl: null });
  document.body.dataset.baseUrl = "/classic/";
  assert.equal(thisPage().baseUrl, "/classic/");
  const config = document.createElement("script");
  config.id = "jupyter-config-data";
  document.body.append(config);
  for (const [text, baseUrl] of [['{"baseUrl": "/lab/"}', "/lab/"], ["{}", "/classic/"], ["no JSON", "/classic/"], ['{"baseUrl": 7}', null]]) {
    config.textContent = text;
    assert.equal(thisPage().baseUrl, baseUrl, text);
  }
});

test("which ways there are, and which first", (t) => {
  t.after(() => delete globalThis[Symbol.for("adk-nb.ways")]);
  const order = (address, where = {}, comm = () => new Wire()) => new Ways({ comm, page: () => ({ ...PAGE, ...where }) })
    .order({ url: "ws://127.0.0.1:7/", token: "", kernel: "k", ...address }).map(({ transport }) => transport).join(" ");
  assert.equal(order({}), "websocket relay comm");
  assert.equal(order({}, { hostname: "hub.example" }), "relay comm");
  assert.equal(order({}, { baseUrl: null }), "websocket comm");
  assert.equal(order({ kernel: undefined }), "websocket comm");
  assert.equal(order({}, {}, null), "websocket relay");
  for (const transport of ["websocket", "relay", "comm"]) assert.equal(order({ transport }), transport);
  assert.equal(order({ transport: "websocket" }, { hostname: "hub.example" }), "websocket");
  assert.equal(order({ transport: "relay" }, { baseUrl: null }), "");
  new Ways({ comm: null }).good({ url: "", token: "", kernel: "k" }, "comm");
  assert.equal(order({}), "comm websocket relay");
  assert.equal(order({ kernel: "another" }), "websocket relay comm");
});

test("a way that is forced and not there is said", async (t) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  t.after(() => mock.timers.reset());
  const race = new Ways({ comm: null, page: () => ({ ...PAGE, baseUrl: null }) }).dial({ url: "", token: "", transport: "relay" });
  const closed = [];
  race.onclose = (event) => closed.push(event);
  mock.timers.tick(0);
  await flush();
  assert.deepEqual(closed, [{ code: 1006, tried: [{ transport: "relay", why: "not there" }] }]);
});
