import assert from "node:assert/strict";
import { test } from "node:test";
import { viewed } from "./viewed.js";

test("a swap changes who answers, and shows that it did", async (t) => {
  const { says, hook, root, usable } = await viewed(t, { hello: { video: true } });
  const header = root.querySelector(".adk-nb-header");
  assert.equal(header.classList.contains("adk-nb-swapped"), false);
  says("agent", { agent: "flip", model: "big", tools: ["flip"], changes: ["The model was changed."], video: null });
  assert.deepEqual([hook("agent").textContent, hook("model").textContent, hook("agent").title], ["flip", "big", "Tools: flip"]);
  assert.equal(header.classList.contains("adk-nb-swapped"), true);
  assert.match(root.querySelector("[data-adk-nb=agent-panel]").textContent, /The model was changed\./);
  assert.equal(usable(), "mic camera screen text");
  const changes = t.mock.method(header.classList, "remove");
  says("agent", { agent: "flip", model: "small", tools: [], video: false });
  assert.deepEqual(changes.mock.calls.map(({ arguments: [name] }) => name), ["adk-nb-swapped"]); // or it would not start again
  assert.deepEqual([usable(), hook("agent").title], ["mic text", ""]);
});
