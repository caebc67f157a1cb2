import assert from "node:assert/strict";
import { test } from "node:test";
import { Newer } from "../../../adk_nb/static/screen/newer.js";
import { page } from "../page.js";

test("what comes below is counted on a button that leads there, until it is seen", (t) => {
  page(t);
  document.body.innerHTML = '<div tabindex="0"></div><p></p>';
  const box = /** @type {HTMLElement} */ (document.body.firstElementChild);
  let shown = 0;
  const newer = new Newer(box, () => (shown += 1));
  const { button } = newer;
  const says = () => [button.hidden, button.textContent, button.getAttribute("aria-label")];
  assert.deepEqual([box.nextSibling, button.hidden, button.type, button.dataset.adkNb], [button, true, "button", "newer"]);
  newer.add();
  assert.deepEqual(says(), [false, "1 new ▾", "1 new below: go to the newest"]);
  newer.add();
  assert.deepEqual(says(), [false, "2 new ▾", "2 new below: go to the newest"]);
  button.focus();
  button.click();
  assert.deepEqual([shown, document.activeElement], [1, box]);
  newer.seen();
  assert.equal(button.hidden, true);
  newer.add();
  assert.deepEqual(says(), [false, "1 new ▾", "1 new below: go to the newest"]);
});
