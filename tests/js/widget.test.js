import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import widget, { link } from "../../adk_nb/static/widget.js";

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
  const below = { screen: ["link", "sound", "camera"], sound: ["link"], camera: ["link"], link: [] };
  for (const [path, source] of Object.entries(MODULES)) {
    const [room] = path.split("/");
    for (const [, imported] of source.matchAll(/["']\.\.\/([\w-]+)\//g)) assert.ok(below[room].includes(imported), `${path} imports from ${imported}/`);
  }
});

test("the entry itself imports nothing", () => {
  assert.doesNotMatch(readFileSync(new URL("widget.js", STATIC), "utf8"), /^import /m);
});

/** As much of an element as the entry needs. */
const bare = () => ({
  dataset: {}, children: [], textContent: "",
  append(...children) { this.children.push(...children); },
  replaceChildren(...children) { this.children = children; },
  setAttribute() {},
  remove() {},
});

test("a session that ended before the page was opened says so, and is not asked for", (t) => {
  globalThis.document = { createElement: bare };
  t.after(() => delete globalThis.document);
  const error = { code: "session_closed", message: "It is over.", remedy: "Make a new widget." };
  const traits = { status: "closed", error, agent_name: "dice", model_name: "smol" };
  const sent = [];
  const model = { get: (name) => traits[name], send: (content) => sent.push(content), on() {}, off() {} };
  const el = bare();
  const close = widget.render({ model, el });
  t.after(close);
  const [root] = el.children;
  assert.equal(root.dataset.state, "closed");
  assert.equal(root.children.at(-1).textContent, "It is over. Make a new widget.");
  assert.deepEqual(sent, []);
});
