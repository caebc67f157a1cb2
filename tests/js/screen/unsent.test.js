import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { Unsent } from "../../../adk_nb/static/screen/unsent.js";
import { page } from "../page.js";

const SEND = "Send (Enter)";
const LATER = "There is no connection: Enter keeps the text here, and it is sent when the connection is back.";
const WAITS = "It waits here, and is sent when the connection is back.";

/** @param {import("node:test").TestContext} t */
function made(t) {
  page(t);
  const { control } = layOut(document.createElement("div"));
  const unsent = new Unsent(control);
  const says = (link) => {
    unsent.show(link);
    assert.equal(control.send.getAttribute("aria-label"), control.send.title);
    return [unsent.line.textContent, control.send.title];
  };
  return { unsent, says, control };
}

test("the line is above the box, and read out when it changes", (t) => {
  const { unsent, control } = made(t);
  assert.equal(control.row.previousSibling, unsent.line);
  assert.deepEqual([unsent.line.dataset.adkNb, unsent.line.getAttribute("role"), unsent.line.className], ["unsent", "status", "adk-nb-unsent"]);
});

for (const link of ["connecting", "reconnecting"]) {
  test(`a text waits while the link is ${link}, unless it is written on`, (t) => {
    const { unsent, says } = made(t);
    assert.deepEqual(says(link), ["", LATER]);
    unsent.wait();
    assert.deepEqual(says(link), [WAITS, LATER]);
    unsent.changed();
    assert.deepEqual([says(link), unsent.take()], [["", LATER], false]);
  });
}

test("it is to be sent once when the link is back", (t) => {
  const { unsent, says } = made(t);
  assert.equal(unsent.take(), false);
  unsent.wait();
  assert.deepEqual([says("open"), says("closed")], [["", SEND], ["", SEND]]);
  assert.deepEqual([unsent.take(), unsent.take()], [true, false]);
});
