import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { Window } from "happy-dom";

const GLOBALS = [
  "document", "location", "Node", "Event", "Element", "HTMLElement", "DOMParser", "KeyboardEvent", "MouseEvent", "FocusEvent",
];

/**
 * A page for one test: its window's names are global until the test ends.
 *
 * @param {import("node:test").TestContext} t
 * @returns {any} the window
 */
export function page(t) {
  const window = /** @type {any} */ (new Window({ url: "http://localhost:8888/lab" }));
  const before = { window: globalThis.window, ...Object.fromEntries(GLOBALS.map((name) => [name, globalThis[name]])) };
  Object.assign(globalThis, { window, ...Object.fromEntries(GLOBALS.map((name) => [name, window[name]])) });
  t.after(() => {
    Object.assign(globalThis, before);
    return window.happyDOM.close();
  });
  return window;
}

/** A key that goes down in an element. @param {Element} target @param {string} key @param {object} [how] */
export function press(target, key, how = {}) {
  const event = new KeyboardEvent("keydown", { key, code: key === " " ? "Space" : key, bubbles: true, cancelable: true, ...how });
  target.dispatchEvent(event);
  return event;
}

/** A key that goes up. @param {Element} target @param {string} key */
export function release(target, key) {
  const event = new KeyboardEvent("keyup", { key, code: key === " " ? "Space" : key, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
  return event;
}

/**
 * Compares an element with tests/js/golden/NAME.html: tags, classes, attributes and words, without ids that differ
 * by the run. After a change that is meant, `GOLDEN=write node --test …` writes the file anew.
 *
 * @param {string} name
 * @param {Element} element
 */
export function assertGolden(name, element) {
  const file = new URL(`golden/${name}.html`, import.meta.url);
  const ids = /\b(id|aria-controls|aria-describedby)="(adk-nb-\w+)-[a-z0-9]+"/g;
  const text = `${element.outerHTML.replace(ids, '$1="$2-ID"').replaceAll("><", ">\n<")}\n`;
  if (process.env.GOLDEN === "write") writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
}
