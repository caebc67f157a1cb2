import assert from "node:assert/strict";
import { test } from "node:test";
import { Help } from "../../../adk_nb/static/screen/help.js";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { NOTEBOOK } from "../../../adk_nb/static/screen/wording.js";
import { page, press } from "../page.js";

/** @param {import("node:test").TestContext} t */
function made(t, calls = NOTEBOOK.calls) {
  page(t);
  const root = document.createElement("div");
  document.body.append(root);
  const layout = layOut(root);
  const listeners = new AbortController();
  const help = new Help(layout, calls, listeners.signal);
  const open = () => [help.sheet.hidden === false, help.button.getAttribute("aria-expanded")];
  return { help, layout, root, listeners, open };
}

test("the sheet names the keys and the calls, below the head", (t) => {
  const { help, layout } = made(t);
  const { sheet } = help;
  assert.equal(layout.head.row.nextSibling, sheet);
  assert.deepEqual([sheet.getAttribute("role"), sheet.getAttribute("aria-label"), sheet.tabIndex, sheet.hidden], ["dialog", "Keys and calls", -1, true]);
  const rows = (tag) => [...sheet.querySelectorAll(`.adk-nb-help-list > .adk-nb-help-row > ${tag}`)].map(({ textContent }) => textContent);
  assert.deepEqual(rows("kbd"), ["Space", "Enter", "Esc", "?"]);
  assert.deepEqual(rows("code"), ['live.say("roll a die")', "live.swap(tools=[roll, flip])", "live.turns_df()"]);
  assert.ok(rows("span").every(Boolean));
  const titles = [...sheet.querySelectorAll(".adk-nb-help-title")].map(({ textContent }) => textContent);
  assert.deepEqual(titles, ["Keys, where no text is typed", "From a cell, where live is this widget"]);
});

test("where no cell is, no calls are named", (t) => {
  const { sheet } = made(t, []).help;
  assert.equal(sheet.getAttribute("aria-label"), "Keys");
  assert.deepEqual([...sheet.querySelectorAll(".adk-nb-help-title")].map(({ textContent }) => textContent), ["Keys, where no text is typed"]);
});

test("? opens and closes it, its button too, and the focus goes with it", (t) => {
  const { help, root, open } = made(t);
  const through = [];
  document.body.addEventListener("keydown", ({ defaultPrevented }) => through.push(defaultPrevented));
  press(root, "x");
  assert.deepEqual([open()[0], through], [false, [false]]);
  press(root, "?");
  assert.deepEqual([open(), document.activeElement, through], [[true, "true"], help.sheet, [false, true]]);
  press(root, "?");
  assert.deepEqual([open(), document.activeElement], [[false, "false"], help.button]);
  help.button.click();
  assert.deepEqual(open(), [true, "true"]);
  help.close.click();
  assert.deepEqual(open(), [false, "false"]);
});

test("what is so already stays, and takes no focus", (t) => {
  const { help, root } = made(t);
  const elsewhere = document.createElement("button");
  root.append(elsewhere);
  elsewhere.focus();
  help.toggle(false);
  assert.equal(document.activeElement, elsewhere);
  help.toggle(true);
  elsewhere.focus();
  help.toggle(true);
  assert.deepEqual([document.activeElement, help.sheet.hidden], [elsewhere, false]);
});

test("Escape in it closes it, and goes no further; other keys do", (t) => {
  const { help, root, open } = made(t);
  const through = [];
  root.addEventListener("keydown", ({ key }) => through.push(key));
  help.toggle(true);
  press(help.sheet, "a");
  press(help.sheet, "Escape");
  assert.deepEqual([open()[0], through], [false, ["a"]]);
});

test("a view that is closed listens no more", (t) => {
  const { help, root, listeners, open } = made(t);
  help.toggle(true);
  listeners.abort();
  help.close.click();
  help.button.click();
  press(help.sheet, "Escape");
  press(root, "?");
  assert.deepEqual(open(), [true, "true"]);
});
