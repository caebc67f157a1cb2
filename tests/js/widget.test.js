import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import widget, { link } from "../../adk_nb/static/widget.js";

const STATIC = new URL("../../adk_nb/static/", import.meta.url);
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

test("a type named in a comment is no import", () => {
  const source = '/** @typedef {import("./b.js").B} B */\nexport const a = 1;';
  assert.equal(link({ "a.js": source }, (text) => text)["a.js"], source);
});

test("a missing module and a circle are named", () => {
  assert.throws(() => link({ "a.js": 'import "./x.js";\nimport { x } from "./gone.js";' }, toUrl), /gone\.js/);
  assert.throws(() => link({ "a.js": 'import { b } from "./b.js";', "b.js": 'import { a } from "./a.js";' }, toUrl), /circle/);
});

test("the real modules link, and no module but the entry is needed by name", () => {
  const names = readdirSync(STATIC).filter((name) => name.endsWith(".js") && name !== "widget.js");
  const urls = link(Object.fromEntries(names.map((name) => [name, readFileSync(new URL(name, STATIC), "utf8")])), toUrl);
  assert.ok(urls["view.js"] && urls["recorder-processor.js"] && urls["player-processor.js"]);
  assert.deepEqual(Object.keys(urls).sort(), names.sort());
  assert.ok(Object.values(urls).every((url) => !/from%20%22\.\//.test(url)));
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
