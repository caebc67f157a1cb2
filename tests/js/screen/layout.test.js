import assert from "node:assert/strict";
import { test } from "node:test";
import { element, layOut } from "../../../adk_nb/static/screen/layout.js";
import { assertGolden, page } from "../page.js";

function laidOut(t) {
  page(t);
  const root = document.createElement("div");
  root.append("what was there before");
  return layOut(root);
}

test("the page, as it is before anything is known", (t) => assertGolden("layout", laidOut(t).root));

test("the parts are handed out by their names", (t) => {
  const { root, head, panel, unmute, transcript, live, alert, error, control } = laidOut(t);
  const hooks = { ...control, unmute, transcript, agent: head.agent, model: head.model, status: head.status, error: error.row, dismiss: error.dismiss };
  for (const name of ["mic", "level", "camera", "screen", "text", "send", "interrupt", "unmute", "transcript", "agent", "model", "status", "error", "dismiss"]) {
    assert.equal(hooks[name], root.querySelector(`[data-adk-nb=${name}]`), name);
  }
  assert.equal(panel.toggle, root.querySelector("[data-adk-nb=panel]"));
  assert.equal(panel.region, root.querySelector("[data-adk-nb=agent-panel]"));
  assert.equal(panel.count, root.querySelector(".adk-nb-count"));
  assert.deepEqual([live, alert].map((region) => region.getAttribute("aria-live")), ["polite", "assertive"]);
  assert.equal(head.state.parentElement, head.status);
  assert.deepEqual([error.message, error.remedy, error.code].map(({ className }) => className), ["adk-nb-error-message", "adk-nb-error-remedy", "adk-nb-error-code"]);
});

test("the panel's button names what it opens, also among several widgets", (t) => {
  const { panel, root } = laidOut(t);
  assert.equal(panel.toggle.getAttribute("aria-controls"), panel.region.id);
  const other = layOut(document.createElement("div"));
  assert.notEqual(other.panel.region.id, panel.region.id);
  assert.equal(root.querySelectorAll(`#${panel.region.id}`).length, 1);
});

test("icons are drawings, not words that a screen reader would spell", (t) => {
  const { root } = laidOut(t);
  for (const icon of root.querySelectorAll(".adk-nb-icon, .adk-nb-icon path")) assert.equal(icon.namespaceURI, "http://www.w3.org/2000/svg");
});

test("an element takes text as text, never as markup", (t) => {
  page(t);
  const made = element("p", { class: "a", title: '"<b>' }, "<b>bold</b>", element("i", {}, "x"));
  assert.deepEqual([made.textContent, made.children.length, made.className, made.title], ["<b>bold</b>x", 1, "a", '"<b>']);
});
