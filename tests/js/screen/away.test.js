import assert from "node:assert/strict";
import { test } from "node:test";
import { Away } from "../../../adk_nb/static/screen/away.js";
import { page } from "../page.js";

/** A mark whose view a test hides. */
function made(t) {
  page(t);
  const root = document.createElement("div");
  document.body.append(root);
  const seen = { rects: [{}], stopped: 0, observer: /** @type {any} */ (null) };
  root.getClientRects = () => /** @type {any} */ (seen.rects);
  const before = globalThis.ResizeObserver;
  globalThis.ResizeObserver = /** @type {any} */ (class {
    constructor(look) { seen.observer = this; this.look = look; }
    observe(element) { this.element = element; }
    disconnect() { this.element = null; }
  });
  t.after(() => (globalThis.ResizeObserver = before));
  const away = new Away(root, { name: () => "dice", stop: () => (seen.stopped += 1) });
  const mark = () => document.querySelector("[data-adk-nb=away]");
  const shows = (shown) => { seen.rects = shown ? [{}] : []; seen.observer.look(); };
  return { away, seen, mark, shows, root };
}

test("an open microphone shows itself where its view is not on the page, and only there", (t) => {
  const { away, seen, mark, shows, root } = made(t);
  assert.equal(seen.observer.element, root);
  away.show(true);
  assert.equal(mark(), null);
  shows(false);
  assert.match(mark().textContent, /^dice hears you: the microphone is on in an output that is hidden\./);
  const before = mark();
  shows(false);
  assert.equal(mark(), before);
  assert.equal(document.querySelectorAll("[data-adk-nb=away]").length, 1);
  mark().querySelector("button").click();
  assert.equal(seen.stopped, 1);
  shows(true);
  assert.equal(mark(), null);
  shows(false);
  assert.ok(mark(), "it shows itself again");
});

test("a microphone that is closed, or a view that is gone, leaves no mark", (t) => {
  const { away, seen, mark, shows } = made(t);
  shows(false);
  assert.equal(mark(), null);
  away.show(true);
  assert.ok(mark());
  away.show(false);
  assert.equal(mark(), null);
  away.show(true);
  away.close();
  assert.deepEqual([mark(), seen.observer.element], [null, null]);
});
