import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentState } from "../../../adk_nb/static/screen/agent-state.js";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { Panel } from "../../../adk_nb/static/screen/panel.js";
import { assertGolden, page, press } from "../page.js";

/** A drawn panel of two tools. */
function drawn(t, { sends = true } = {}) {
  page(t);
  const { root, panel: parts } = layOut(document.createElement("div"));
  document.body.append(root);
  const agent = new AgentState();
  const wishes = [];
  const listeners = new AbortController();
  const onswitch = (name, on) => (wishes.push([name, on]), sends);
  const panel = new Panel(parts, { agent, onswitch, signal: listeners.signal });
  const say = (message) => (agent.say({ type: "agent", agent: "dice", model: "smol", ...message }), panel.draw());
  const tools = [{ name: "roll", on: true, description: "Rolls a die." }, { name: "flip", on: false, description: "" }];
  agent.say({ type: "hello", agent: "dice", model: "smol", tools });
  panel.draw();
  const box = (name) => parts.region.querySelector(`[data-tool=${name}]`);
  return { panel, parts, agent, wishes, listeners, say, tools, box };
}

test("the tools with their switches, what is new and what the last swap changed", (t) => {
  const { parts, say, tools, agent } = drawn(t);
  assert.equal(parts.count.textContent, "1 of 2 tools");
  agent.want("roll", false);
  say({ tools: [...tools, { name: "spin", on: true, description: "Spins." }], changes: ["The tool spin is new.", "The model was changed."] });
  agent.want("flip", true);
  parts.region.hidden = false;
  say({ tools: [...tools, { name: "turn", on: true, description: "" }], changes: ["The tool turn is new."] });
  assertGolden("panel", parts.region);
});

test("an agent without tools, and a swap without changes, say so", (t) => {
  const { parts, say } = drawn(t);
  say({ tools: [] });
  assert.equal(parts.region.textContent, "Agent:diceModel:smolTools:No tools");
  assert.equal(parts.count.textContent, "No tools");
});

test("its button opens and closes it", (t) => {
  const { parts } = drawn(t);
  parts.toggle.click();
  assert.deepEqual([parts.region.hidden, parts.toggle.getAttribute("aria-expanded")], [false, "true"]);
  parts.toggle.click();
  assert.deepEqual([parts.region.hidden, parts.toggle.getAttribute("aria-expanded")], [true, "false"]);
});

test("Escape closes it, from within and from its button, and does nothing else", (t) => {
  const { parts, box } = drawn(t);
  let through = 0;
  document.body.addEventListener("keydown", () => (through += 1));
  for (const from of [box("roll"), parts.toggle]) {
    parts.toggle.click();
    press(from, "Escape");
    assert.deepEqual([parts.region.hidden, through], [true, 0]);
  }
  press(parts.toggle, "Escape");
  parts.toggle.click();
  press(box("roll"), "Enter");
  assert.deepEqual([parts.region.hidden, through], [false, 2]);
});

test("closing it gives the focus back to its button, unless the focus is elsewhere", (t) => {
  const { panel, parts, box } = drawn(t);
  panel.open(true);
  box("roll").focus();
  panel.open(false);
  assert.equal(document.activeElement, parts.toggle);
  parts.toggle.blur();
  panel.open(true);
  panel.open(false);
  assert.notEqual(document.activeElement, parts.toggle);
});

test("a switch asks, and is busy until the kernel answers; the focus stays with it", (t) => {
  const { parts, wishes, box, say, tools } = drawn(t);
  parts.toggle.click();
  box("flip").focus();
  box("flip").click();
  assert.deepEqual(wishes, [["flip", true]]);
  assert.deepEqual([box("flip").checked, box("flip").disabled, box("flip").getAttribute("aria-busy")], [true, true, "true"]);
  assert.deepEqual([box("roll").checked, box("roll").disabled, box("roll").getAttribute("aria-busy")], [true, false, "false"]);
  assert.equal(document.activeElement, parts.region);
  say({ tools: tools.map((tool) => ({ ...tool, on: true })) });
  assert.deepEqual([box("flip").checked, box("flip").disabled, document.activeElement], [true, false, box("flip")]);
});

test("a wish that did not go out is no wish", (t) => {
  const { parts, box } = drawn(t, { sends: false });
  parts.toggle.click();
  box("flip").click();
  assert.deepEqual([box("flip").checked, box("flip").disabled], [false, false]);
});

test("drawn anew while the focus is elsewhere, it does not take it", (t) => {
  const { parts, say, tools, box } = drawn(t);
  const text = document.createElement("input");
  document.body.append(text);
  parts.toggle.click();
  box("roll").focus();
  text.focus();
  say({ tools });
  assert.equal(document.activeElement, text);
  // And the focus that was there before is forgotten.
  parts.region.focus();
  say({ tools });
  assert.equal(document.activeElement, parts.region);
});

test("what changes in it and is no tool is no wish", (t) => {
  const { parts, wishes } = drawn(t);
  const other = document.createElement("input");
  parts.region.append(other);
  other.dispatchEvent(new Event("change", { bubbles: true }));
  assert.deepEqual(wishes, []);
});

test("nothing is heard after its listeners are gone", (t) => {
  const { parts, wishes, listeners, box } = drawn(t);
  parts.toggle.click();
  listeners.abort();
  box("flip").click();
  press(box("roll"), "Escape");
  press(parts.toggle, "Escape");
  parts.toggle.click();
  assert.deepEqual([wishes, parts.region.hidden], [[], false]);
});

test("once the box that had the focus can have it again, the focus follows no box any more", (t) => {
  const { parts, box, say, tools } = drawn(t);
  parts.toggle.click();
  box("flip").focus();
  box("flip").click();
  say({ tools });
  assert.equal(document.activeElement, box("flip"));
  parts.region.focus();
  say({ tools });
  assert.equal(document.activeElement, parts.region);
});

test("a box that lost the focus to something else while it was busy does not take it back", (t) => {
  const { parts, box, say, tools } = drawn(t);
  const text = document.createElement("input");
  document.body.append(text);
  parts.toggle.click();
  box("flip").focus();
  box("flip").click();
  text.focus();
  say({ tools });
  parts.region.focus();
  say({ tools });
  assert.equal(document.activeElement, parts.region);
});
