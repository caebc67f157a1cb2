import assert from "node:assert/strict";
import { test } from "node:test";
import { isComposing, isOwn, keepOwnKeys } from "../../../adk_nb/static/screen/keys.js";
import { page, press } from "../page.js";

/** A key with its modifiers, written as "Ctrl+Shift+c". */
function key(written) {
  const parts = written.split("+");
  const has = (name) => parts.includes(name);
  return { key: parts.at(-1), ctrlKey: has("Ctrl"), metaKey: has("Meta"), altKey: has("Alt"), shiftKey: has("Shift"), getModifierState: (name) => has(name) };
}

const OWN_ALWAYS = ["d", "D", "0", " ", "Enter", "Shift+Enter", "Escape", "Tab", "Shift+Tab", "ArrowDown", "PageUp", "Ctrl+c", "Meta+c", "AltGraph+Ctrl+Alt+q"];
const OWN_IN_A_TEXT = ["Ctrl+a", "Ctrl+v", "Ctrl+x", "Ctrl+z", "Ctrl+Shift+Z", "Meta+Shift+V", "Ctrl+ArrowLeft", "Ctrl+Backspace", "Ctrl+Enter", "Alt+Enter", "Alt+n"];
const OF_THE_NOTEBOOK = ["Ctrl+s", "Meta+s", "Ctrl+Shift+c", "Ctrl+b", "Ctrl+Shift+f", "Ctrl+k", "F1", "F11", "Shift+F10", "Control", "Ctrl+Alt"];

for (const [names, outside, typing] of [[OWN_ALWAYS, true, true], [OWN_IN_A_TEXT, false, true], [OF_THE_NOTEBOOK, false, false]]) {
  for (const name of names) {
    test(`${name} is ${typing ? "the widget's own" : "the notebook's"} in a text, and ${outside ? "the widget's own" : "the notebook's"} beside it`, () => {
      assert.deepEqual([isOwn(key(name), false), isOwn(key(name), true)], [outside, typing]);
    });
  }
}

test("what an input method takes is the widget's own, whichever way the browser says so", () => {
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) {
    assert.equal(isComposing({ ...key("Escape"), ...how }), true);
    assert.equal(isOwn({ ...key("Ctrl+s"), ...how }, true), true);
  }
  assert.equal(isComposing(key("Escape")), false);
});

test("shortcuts are held back for the widget's own keys alone, before they come to the widget", (t) => {
  page(t);
  const root = document.createElement("div");
  const text = document.createElement("textarea");
  root.append(text);
  document.body.append(root);
  const listeners = new AbortController();
  keepOwnKeys(root, listeners.signal);
  const seen = [];
  document.addEventListener("keydown", ({ key }) => seen.push([key, root.hasAttribute("data-lm-suppress-shortcuts")]), { capture: true });
  const bubbled = [];
  document.addEventListener("keydown", ({ key }) => bubbled.push(key));
  press(text, "a");
  press(text, "s", { ctrlKey: true });
  press(root, "d");
  assert.deepEqual([seen, bubbled], [[["a", true], ["s", false], ["d", true]], ["s"]]);
  press(document.body, "d");
  listeners.abort();
  press(text, "a");
  assert.deepEqual(bubbled, ["s", "d", "a"]);
});
