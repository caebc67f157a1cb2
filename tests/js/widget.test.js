import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import widget, { link } from "../../adk_nb/static/widget.js";
import { assertGolden, page } from "./page.js";

const STATIC = new URL("../../adk_nb/static/", import.meta.url);
const PATHS = readdirSync(STATIC, { recursive: true }).filter((path) => path.endsWith(".js") && path !== "widget.js");
/** The front end's modules by path, as the kernel sends them. */
const MODULES = Object.fromEntries(PATHS.map((path) => [path, readFileSync(new URL(path, STATIC), "utf8")]));
const toUrl = (source) => `data:text/javascript,${encodeURIComponent(source)}`;

test("modules are linked in the order of their imports, whatever order they come in", async () => {
  const urls = link(
    {
      "c.js": 'import { a } from "./a.js";\nimport {\n  b,\n} from "./b.js";\nexport const c = a + b;',
      "b.js": "import { a } from './a.js';\nexport const b = a * 10;",
      "a.js": "export const a = 1;",
    },
    toUrl,
  );
  assert.equal((await import(urls["c.js"])).c, 11);
});

test("modules in folders import each other by relative paths", async () => {
  const urls = link(
    {
      "screen/view.js": 'import { a } from "../link/a.js";\nimport { b } from "./parts/b.js";\nexport const c = a + b;',
      "screen/parts/b.js": 'import "../side.js";\nimport { a } from "../../link/a.js";\nimport { t } from "../../top.js";\nexport const b = a * 10 + t;',
      "screen/side.js": "globalThis.seen = true;",
      "link/a.js": 'export { a } from "./../link/one.js";',
      "link/one.js": "export const a = 1;",
      "top.js": "export const t = 100;",
      "a.js": "export const a = 1000;",
    },
    toUrl,
  );
  assert.equal((await import(urls["screen/view.js"])).c, 111);
  assert.equal(globalThis.seen, true);
});

test("a type named in a comment is no import", () => {
  const source = '/** @typedef {import("./b.js").B} B */\nexport const a = 1;';
  assert.equal(link({ "a.js": source }, (text) => text)["a.js"], source);
});

test("a missing module and a circle are named", () => {
  assert.throws(() => link({ "a/b.js": 'import { x } from "../c/gone.js";' }, toUrl), /no module c\/gone\.js/);
  assert.throws(() => link({ "a.js": 'import { b } from "./b.js";', "b.js": 'import { a } from "./a.js";' }, toUrl), /circle/);
});

test("the real modules link, and no module but the entry is needed by name", () => {
  const urls = link(MODULES, (source) => source);
  assert.deepEqual(Object.keys(urls).sort(), Object.keys(MODULES).sort());
  for (const path of ["screen/view.js", "sound/recorder-processor.js", "sound/player-processor.js"]) assert.ok(urls[path]);
  for (const source of Object.values(urls)) assert.doesNotMatch(source, /^(import|export) .*from "\.|^import "\.|^} from "\./m);
});

test("a room knows only the rooms below it", () => {
  const below = { page: ["link", "sound", "screen"], screen: ["link", "sound", "camera"], sound: ["link"], camera: ["link"], link: [] };
  for (const [path, source] of Object.entries(MODULES)) {
    const [room] = path.split("/");
    for (const [, imported] of source.matchAll(/["']\.\.\/([\w-]+)\//g)) assert.ok(below[room].includes(imported), `${path} imports from ${imported}/`);
  }
});

test("the entry itself imports nothing", () => {
  assert.doesNotMatch(readFileSync(new URL("widget.js", STATIC), "utf8"), /^import /m);
});

/** A front end that only notes what the entry does with it. */
const FAKE = {
  "screen/view.js": `import { PATIENCE } from "../link/patience.js";
    export class View {
      constructor(options) { Object.assign(this, { options, failure: null, failures: [], ended: 0, closed: 0, PATIENCE }); globalThis.views.push(this); }
      fail(failure) { this.failure = failure; this.failures.push(failure); }
      end() { this.ended += 1; }
      close() { this.closed += 1; return "closing"; }
    }`,
  "link/patience.js": "export const PATIENCE = 3;",
  "sound/recorder-processor.js": "'recorder';",
  "sound/player-processor.js": "'player';",
};
const CONNECT = { type: "connect", url: "ws://x/", token: "secret", modules: FAKE };
const TRAITS = { status: "connecting", error: {}, agent_name: "dice", model_name: "smol" };

/** A rendering whose kernel a test plays. */
function rendered(t, traits = {}, { send, alive, tells = true, sets = true } = {}) {
  page(t);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.views = [];
  const made = [];
  // Node imports no blob: URLs.
  t.mock.method(globalThis, "Blob", function (parts, options) { return { source: parts[0], options }; });
  t.mock.method(URL, "createObjectURL", (blob) => (made.push(blob), `data:text/javascript;base64,${btoa(blob.source)}`));
  t.after(() => delete globalThis[Symbol.for("adk-nb.modules")]);
  const sent = [];
  const set = {};
  const listeners = new Map();
  const model = {
    set: sets && ((name, value) => {
      if (value === undefined) delete set[name];
      else set[name] = value;
      if (tells) listeners.get(`change:${name}`)?.call({ model: { comm_live: alive } });
    }),
    get: (name) => ({ ...TRAITS, ...traits })[name],
    send: send ?? ((content) => sent.push(content)),
    on: (name, callback) => listeners.set(name, callback),
    off: (name, callback) => listeners.get(name) === callback && listeners.delete(name),
  };
  const el = document.createElement("div");
  const close = widget.render({ model, el });
  const [root] = el.children;
  return {
    el, root, sent, set, model, listeners, close, made,
    hears: async (message, buffers) => {
      listeners.get("msg:custom")(message, buffers);
      for (let i = 0; i < 8; i++) await new Promise(setImmediate);
    },
    commIs: (alive) => listeners.get("comm_live_update").call({ model: { comm_live: alive } }),
    error: () => {
      const bar = root.querySelector("[data-adk-nb=error]");
      return bar.hidden ? "" : `${bar.dataset.code}: ${bar.textContent}`;
    },
    state: () => [root.dataset.state, root.querySelector("[data-adk-nb=status]").dataset.state, root.querySelector(".adk-nb-state").textContent],
    view: () => globalThis.views.at(-1),
  };
}
const NO_ANSWER = "no_answer: The kernel does not answer: it is busy, or was restarted. Wait for it, or re-run the cell that made this widget.";
const GONE = "kernel_gone: The kernel of this widget is gone: it was restarted or shut down. Re-run the cells that made this widget.";

test("until the kernel answers it shows who it is, and asks with the page's origin", (t) => {
  const { el, root, sent, state, error } = rendered(t);
  assertGolden("placeholder", root);
  assert.equal(root.parentElement, el);
  assert.deepEqual(sent, [{ type: "open", origin: "http://localhost:8888" }]);
  assert.deepEqual([state(), error()], [["connecting", "connecting", "Connecting…"], ""]);
});

test("a kernel that does not answer within 10 s is said, until it does", async (t) => {
  const { hears, error, view } = rendered(t);
  t.mock.timers.tick(9_999);
  assert.equal(error(), "");
  t.mock.timers.tick(1);
  assert.equal(error(), NO_ANSWER);
  await hears(CONNECT);
  assert.equal(error(), "");
  assert.deepEqual(view().failures, []);
});

test("with the answer the view is loaded, and told all it needs", async (t) => {
  const { root, hears, view, sent } = rendered(t, { tool_names: ["roll"] });
  await hears({ ...CONNECT, transport: "comm", kernel: "k" });
  const { root: given, names, worklets, address } = view().options;
  assert.deepEqual([given, names, view().PATIENCE], [root, { agent: "dice", model: "smol", tools: ["roll"] }, 3]);
  const source = (url) => atob(url.split(",")[1]);
  assert.deepEqual([source(worklets.recorder), source(worklets.player)], ["'recorder';", "'player';"]);
  const { token, transport, kernel } = await address();
  assert.deepEqual([token, transport, kernel], ["secret", "comm", "k"]);
  assert.equal(sent.length, 1);
});

test("the styles come with the modules, and go with the widget", async (t) => {
  const { el, hears, close } = rendered(t);
  const styles = () => [...el.querySelectorAll("style")].map(({ textContent }) => textContent);
  assert.deepEqual(styles(), [""]);
  await hears({ ...CONNECT, styles: ".adk-nb {}" });
  assert.deepEqual(styles(), [".adk-nb {}"]);
  await close();
  assert.deepEqual(styles(), []);
});

test("the view may use the widget's own messages", async (t) => {
  const { hears, view, model } = rendered(t);
  await hears(CONNECT);
  const { port } = view().options;
  const heard = [];
  const unlisten = port.listen((message, buffers) => heard.push([message, buffers]));
  await hears({ type: "comm", n: 1 }, ["bytes"]);
  await hears({ type: "comm", n: 2 });
  unlisten();
  await hears({ type: "comm", n: 3 });
  assert.deepEqual(heard, [[{ type: "comm", n: 1 }, ["bytes"]], [{ type: "comm", n: 2 }, []]]);
  const before = [];
  model.send = (...all) => before.push(all);
  port.send({ type: "comm" }, ["bytes"]);
  assert.deepEqual(before, [[{ type: "comm" }, undefined, ["bytes"]]]);
});

test("a widget of a saved notebook, with no kernel behind it, says at once that it is over", (t) => {
  for (const [alive, shown] of [[false, "closed"], [true, "connecting"], [undefined, "connecting"]]) {
    const { state, error, sent, set } = rendered(t, {}, { alive });
    assert.equal(state()[0], shown);
    assert.equal(error(), alive === false ? "session_closed: This conversation has ended. Run the cell for a new one." : "");
    assert.equal(sent.length, alive === false ? 0 : 1);
    assert.deepEqual(set, {});
    t.mock.timers.reset();
  }
});

test("the address is asked for anew each time after the first", async (t) => {
  const { hears, view, sent } = rendered(t);
  await hears(CONNECT);
  const { address } = view().options;
  await address();
  const again = address();
  assert.deepEqual(sent.length, 2);
  await hears({ ...CONNECT, token: "another" });
  assert.equal((await again).token, "another");
  assert.equal(globalThis.views.length, 1);
  t.mock.timers.tick(60_000);
  assert.deepEqual(view().failures, []);
});

test("an address that the kernel does not tell within 10 s is a failure of the view, until it tells one", async (t) => {
  const { hears, view } = rendered(t);
  await hears(CONNECT);
  const { address } = view().options;
  await address();
  const asked = address();
  t.mock.timers.tick(10_000);
  await assert.rejects(asked, { message: "The kernel does not answer: it is busy, or was restarted." });
  assert.equal(view().failure.code, "no_answer");
  const again = address();
  await hears(CONNECT);
  await again;
  assert.equal(view().failure, null);
});

test("an address that cannot even be asked for is a failure", async (t) => {
  let broken = false;
  const { hears, view } = rendered(t, {}, { send: () => { if (broken) throw new Error("no comm"); } });
  await hears(CONNECT);
  const { address } = view().options;
  await address();
  broken = true;
  await assert.rejects(address(), { message: "no comm" });
});

test("an error of the kernel is shown, before the view and in it, and an answer does not take it back", async (t) => {
  const { hears, error, view } = rendered(t);
  const failure = { type: "error", code: "bridge", message: "No port.", remedy: "Try again." };
  await hears(failure);
  assert.equal(error(), "bridge: No port. Try again.");
  await hears(CONNECT);
  await hears(failure);
  await hears(CONNECT);
  assert.deepEqual(view().failures, [failure]);
});

test("what failed before there was a page is told to the view", async (t) => {
  const error = { code: "model", message: "No model.", remedy: "Name one." };
  const { hears, view, error: shown } = rendered(t, { error });
  assert.equal(shown(), "model: No model. Name one.");
  await hears(CONNECT);
  assert.deepEqual(view().failures, [error]);
});

test("messages that it does not know are nothing to it", async (t) => {
  const { hears, state, error } = rendered(t);
  for (const message of [null, undefined, {}, { type: "dance" }]) await hears(message);
  assert.deepEqual([state()[0], error(), globalThis.views], ["connecting", "", []]);
});

test("a session that is closed is over, before the view and in it", async (t) => {
  const { hears, state, view, error } = rendered(t);
  await hears({ type: "closed" });
  assert.deepEqual([state(), error()], [["closed", "closed", "Closed"], ""]);
  await hears(CONNECT);
  assert.deepEqual(globalThis.views, []);
  t.mock.timers.tick(60_000);
  assert.equal(error(), "");
  assert.equal(view(), undefined);
});

test("a view whose session is closed ends", async (t) => {
  const { hears, view } = rendered(t);
  await hears(CONNECT);
  await hears({ type: "closed" });
  assert.deepEqual([view().ended, view().failures], [1, [null]]);
});

test("a kernel that is gone is said", async (t) => {
  const { hears, view, commIs } = rendered(t);
  await hears(CONNECT);
  commIs(true);
  assert.equal(view().ended, 0);
  commIs(false);
  assert.deepEqual([view().ended, view().failure.code], [1, "kernel_gone"]);
});

test("a front end that sends nothing for the widget any more has lost its kernel", async (t) => {
  let gone = false;
  const { hears, view } = rendered(t, {}, { send: () => { if (gone) throw new Error("Cannot send"); } });
  await hears(CONNECT);
  const { address } = view().options;
  await address();
  gone = true;
  await assert.rejects(address(), /Cannot send/);
  assert.deepEqual([view().ended, view().failure.code], [1, "kernel_gone"]);
});

test("so is one that goes before it answered", (t) => {
  const { commIs, state, error, listeners } = rendered(t);
  listeners.get("comm_live_update").call(undefined);
  assert.equal(state()[0], "connecting");
  commIs(false);
  assert.deepEqual([state()[0], error()], ["closed", GONE]);
});

test("modules that do not load are said, with what to do, and may be sent again", async (t) => {
  const { hears, error, view } = rendered(t);
  await hears({ ...CONNECT, modules: { "screen/view.js": 'import { a } from "../gone.js";' } });
  assert.equal(error(), "load_failed: The widget could not be loaded: Error: the kernel sent no module gone.js. Reload the page and re-run the cell.");
  await hears(CONNECT);
  assert.equal(view().closed, 0);
});

test("closed while its modules load, it makes no view", async (t) => {
  const { hears, close } = rendered(t);
  const loading = hears(CONNECT);
  close();
  await loading;
  assert.deepEqual(globalThis.views, []);
});

test("asked twice before the modules are there, it loads them once", async (t) => {
  const { hears } = rendered(t);
  await Promise.all([hears(CONNECT), hears(CONNECT)]);
  assert.equal(globalThis.views.length, 1);
});

test("closing undoes everything, and waits for the view", async (t) => {
  const { hears, view, close, el, listeners } = rendered(t);
  await hears(CONNECT);
  const { address } = view().options;
  await address();
  const asked = address();
  assert.equal(close(), "closing");
  await assert.rejects(asked, { message: "the widget is gone" });
  assert.deepEqual([el.children.length, listeners.size, view().closed], [0, 0, 1]);
  t.mock.timers.tick(60_000);
  assert.deepEqual(view().failures, []);
});

test("closed before there was a view, there is nothing left to wait for", (t) => {
  const { close, el, listeners, root, error } = rendered(t);
  assert.equal(close(), undefined);
  assert.deepEqual([el.children.length, listeners.size], [0, 0]);
  t.mock.timers.tick(60_000);
  assert.deepEqual([root.isConnected, error()], [false, ""]);
});

test("renderings of one page share the modules' URLs", async (t) => {
  const { model, hears, made } = rendered(t);
  await hears(CONNECT);
  assert.deepEqual(made.map(({ options }) => options), Array(4).fill({ type: "text/javascript" }));
  const listeners = [];
  const close = widget.render({ model: { ...model, on: (_, callback) => listeners.push(callback) }, el: document.createElement("div") });
  listeners[0](CONNECT);
  for (let i = 0; i < 8; i++) await new Promise(setImmediate);
  close();
  assert.deepEqual([made.length, globalThis.views.length], [4, 2]);
});

test("a session that ended before the page was opened says so, and is not asked for", async (t) => {
  const error = { code: "session_closed", message: "It is over.", remedy: "Make a new widget." };
  const { root, sent, state, hears, error: shown } = rendered(t, { status: "closed", error });
  assert.deepEqual([state(), shown()], [["closed", "closed", "Closed"], "session_closed: It is over. Make a new widget."]);
  assert.deepEqual(sent, []);
  await hears(CONNECT);
  assert.deepEqual([globalThis.views, root.children.length], [[], 2]);
});

test("traits that say nothing are no names", (t) => {
  const { root } = rendered(t, { agent_name: undefined, model_name: null, error: undefined });
  assert.deepEqual(["agent", "model"].map((name) => root.querySelector(`[data-adk-nb=${name}]`).textContent), ["", ""]);
});

test("a link to a page of its own is asked of the kernel, and goes to whoever waits for one", async (t) => {
  const { hears, sent, view } = rendered(t);
  await hears({ type: "page", url: "http://nobody.asked/" });
  await hears(CONNECT);
  sent.splice(0);
  const asked = [view().options.page(), view().options.page()];
  assert.deepEqual(sent, [{ type: "page" }, { type: "page" }]);
  const told = { type: "page", url: "http://localhost:1/#code" };
  await hears(told);
  assert.deepEqual(await Promise.all(asked), [told, told]);
});

test("a front end whose models tell nothing of a change is taken for one with a kernel", (t) => {
  for (const how of [{ tells: false }, { sets: false }]) {
    const { sent, state, close } = rendered(t, {}, how);
    assert.deepEqual([sent.map(({ type }) => type), state()[0]], [["open"], "connecting"]);
    close();
    t.mock.timers.reset();
    t.mock.restoreAll();
  }
});
