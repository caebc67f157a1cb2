import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentState } from "../../../adk_nb/static/screen/agent-state.js";

const tool = (name, on = true, description = "") => ({ name, on, description });
const swap = (tools, more = {}) => ({ type: "agent", agent: "dice", model: "smol", tools, ...more });
const hello = (tools) => ({ ...swap(tools), type: "hello" });
const heard = (...messages) => {
  const agent = new AgentState();
  for (const message of messages) agent.say(message);
  return agent;
};

test("it knows what answers, and with which tools", () => {
  const agent = heard(hello([tool("roll", true, "Rolls a die."), tool("flip", false)]));
  assert.deepEqual([agent.name, agent.model, agent.working], ["dice", "smol", ["roll"]]);
  assert.deepEqual(agent.shown, [
    { name: "roll", on: true, description: "Rolls a die.", busy: false, fresh: false },
    { name: "flip", on: false, description: "", busy: false, fresh: false },
  ]);
});

test("before anything was said there is nothing", () => {
  const { name, model, tools, changes, working, shown, count } = new AgentState();
  assert.deepEqual([name, model, tools, changes, working, shown, count], ["", "", [], [], [], [], "No tools"]);
  const agent = heard({ ...swap(["roll"]), changes: ["New."] }, { type: "agent" });
  assert.deepEqual([agent.name, agent.model, agent.tools, agent.changes], ["", "", [], []]);
});

test("plain names are tools that are on, and what is no tool is passed over", () => {
  assert.deepEqual(heard(hello(["roll", tool("flip", false), null, 3, {}, "", ["x"], "roll", "spin"])).tools, [tool("roll"), tool("flip", false), tool("spin")]);
  assert.deepEqual(heard({ type: "hello" }).tools, []);
});

for (const [tools, count] of [
  [[], "No tools"],
  [[tool("a")], "1 tool"],
  [[tool("a", false)], "0 of 1 tool"],
  [[tool("a"), tool("b"), tool("c")], "3 tools"],
  [[tool("a"), tool("b", false), tool("c")], "2 of 3 tools"],
]) {
  test(`${tools.length} tools are counted as ${count}`, () => assert.equal(heard(hello(tools)).count, count));
}

test("tools are new with the message that brought them, also after a reconnection", () => {
  const agent = heard(hello(["roll"]), swap(["roll", "flip"]));
  assert.deepEqual([...agent.fresh], ["flip"]);
  agent.say(hello(["roll", "flip", "spin"]));
  assert.deepEqual([...agent.fresh], ["flip"]);
  agent.say(swap(["roll", "flip", "spin"]));
  assert.deepEqual([...agent.fresh], []);
});

test("a switch is shown as the user wants it, busy, until the kernel answers", () => {
  const agent = heard(hello(["roll", "flip"]));
  agent.want("flip", false);
  assert.deepEqual(agent.shown.map(({ on, busy }) => [on, busy]), [[true, false], [false, true]]);
  assert.equal(agent.count, "2 tools");
  agent.say(swap(["roll", tool("flip", false)]));
  assert.deepEqual(agent.shown.map(({ on, busy }) => [on, busy]), [[true, false], [false, false]]);
  assert.equal(agent.count, "1 of 2 tools");
});

test("a refused switch goes back to what the kernel last said", () => {
  const agent = heard(hello(["roll"]));
  agent.want("roll", false);
  assert.equal(agent.settle(), true);
  assert.deepEqual(agent.shown.map(({ on, busy }) => [on, busy]), [[true, false]]);
  assert.equal(agent.settle(), false);
});

test("changes are sentences, and only the newest", () => {
  const agent = heard(hello([]), swap([], { changes: ["The tool flip is new.", "", 3] }));
  assert.deepEqual(agent.changes, ["The tool flip is new."]);
  agent.say(swap([]));
  assert.deepEqual(agent.changes, []);
});
