import assert from "node:assert/strict";
import { test } from "node:test";
import { PushToTalk } from "../../../adk_nb/static/screen/push-to-talk.js";
import { page, press, release } from "../page.js";

/** A widget of a button, a text box and more, and what the space bar does in it. */
function widget(t, allowed = true) {
  const window = page(t);
  document.body.innerHTML = `<div id="root" tabindex="0">
    <button data-adk-nb="mic">mic</button><button id="other">other</button><textarea></textarea><input><select></select>
    <details><summary>more</summary></details><p contenteditable>words</p><span>plain</span></div><i id="outside" tabindex="0"></i>`;
  const root = document.getElementById("root");
  const heard = [];
  const talk = new PushToTalk(root, { press: () => (heard.push("press"), allowed), release: () => heard.push("release") });
  const listeners = new AbortController();
  talk.listen(listeners.signal);
  return { window, root, heard, talk, listeners, find: (selector) => root.querySelector(selector) };
}

test("it talks from the key's press to its release, once however often it repeats", (t) => {
  const { root, heard } = widget(t);
  assert.equal(press(root, " ").defaultPrevented, true);
  assert.equal(press(root, " ", { repeat: true }).defaultPrevented, true);
  press(root, " ");
  assert.deepEqual(heard, ["press"]);
  assert.equal(release(root, " ").defaultPrevented, true);
  release(root, " ");
  assert.deepEqual(heard, ["press", "release"]);
});

test("a key that repeats from before does not begin to talk", (t) => {
  const { root, heard } = widget(t);
  press(root, " ", { repeat: true });
  assert.deepEqual(heard, []);
});

test("other keys, and the space bar with another key, are not its own", (t) => {
  const { root, heard } = widget(t);
  for (const how of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { shiftKey: true }]) {
    assert.equal(press(root, " ", how).defaultPrevented, false);
  }
  assert.equal(press(root, "a").defaultPrevented, false);
  press(root, " ");
  assert.equal(release(root, "a").defaultPrevented, false);
  assert.deepEqual(heard, ["press"]);
});

for (const [selector, its] of [
  ["textarea", true], ["input", true], ["select", true], ["summary", true], ["[contenteditable]", true], ["#other", true],
  ["[data-adk-nb=mic]", false], ["span", false],
]) {
  test(`the space bar in ${selector} is ${its ? "its own" : "to talk"}`, (t) => {
    const { find, heard } = widget(t);
    assert.equal(press(find(selector), " ").defaultPrevented, !its);
    assert.equal(release(find(selector), " ").defaultPrevented, !its);
    assert.deepEqual(heard, its ? [] : ["press", "release"]);
  });
}

test("a key that goes up in a text box ends what began outside of it", (t) => {
  const { root, find, heard } = widget(t);
  press(root, " ");
  assert.equal(release(find("textarea"), " ").defaultPrevented, false);
  assert.deepEqual(heard, ["press", "release"]);
});

test("what may not be said now is neither begun nor ended", (t) => {
  const { root, heard } = widget(t, false);
  press(root, " ");
  release(root, " ");
  assert.deepEqual(heard, ["press"]);
});

test("the focus that leaves the widget ends it, one that moves within does not", (t) => {
  const { root, find, heard } = widget(t);
  const leaves = (to) => root.dispatchEvent(new FocusEvent("focusout", { relatedTarget: to, bubbles: true }));
  press(root, " ");
  leaves(find("#other"));
  leaves(root);
  assert.deepEqual(heard, ["press"]);
  leaves(document.getElementById("outside"));
  assert.deepEqual(heard, ["press", "release"]);
  press(root, " ");
  leaves(null);
  assert.equal(heard.length, 4);
});

test("a window that loses the focus, and a page that is hidden, end it", (t) => {
  const { window, root, heard } = widget(t);
  press(root, " ");
  window.dispatchEvent(new Event("blur"));
  assert.deepEqual(heard, ["press", "release"]);
  press(root, " ");
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(heard.length, 3);
  Object.defineProperty(document, "hidden", { value: true });
  document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(heard.length, 4);
});

test("nothing is heard after its listeners are gone", (t) => {
  const { window, root, heard, listeners } = widget(t);
  press(root, " ");
  listeners.abort();
  release(root, " ");
  press(root, " ");
  window.dispatchEvent(new Event("blur"));
  root.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  Object.defineProperty(document, "hidden", { value: true });
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(heard, ["press"]);
});
