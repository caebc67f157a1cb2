import assert from "node:assert/strict";
import { test } from "node:test";
import { isShort, outline } from "../../../adk_nb/static/screen/tool-entry.js";

for (const [output, short] of [
  ["", true],
  ["one\ntwo\n", true],
  ["1\n2\n3\n4\n5\n6\n", true],
  ["1\n2\n3\n4\n5\n6\n7\n", false],
  ["x".repeat(160), true],
  ["x".repeat(161), false],
  ["x".repeat(1_000_000), false],
]) {
  const name = JSON.stringify(output.slice(0, 16));
  test(`${name} of ${output.length} characters is ${short ? "short" : "folded"}`, () => assert.equal(isShort(output), short));
}

test("an outline is the first line that says something, and how much there is", () => {
  assert.equal(outline("\n\n  epoch 1\nepoch 2", 0), "epoch 1 (19 characters)");
  assert.equal(outline("x".repeat(20_000), 5), `${"x".repeat(72)}… (20005 characters)`);
});
