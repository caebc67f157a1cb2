import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, TurnLines } from "../../../adk_nb/static/screen/turn-line.js";
import { page } from "../page.js";

const FACTS = { turn: 3, time: 1_790_000_000, latency: "first_heard_ms", ms: 540.4, sound: true };

function shown(t) {
  page(t);
  const box = document.createElement("div");
  const nodes = new Map();
  const lines = new TurnLines(box);
  const add = (turn) => {
    const node = document.createElement("p");
    box.append(node);
    if (!nodes.has(turn)) nodes.set(turn, node);
    return node;
  };
  const draw = (...facts) => lines.draw(new Map(facts.map((one) => [one.turn, factsOf(one)])), (turn) => nodes.get(turn));
  return { box, nodes, lines, add, draw };
}

test("a turn says its number, when it was and how long one waited, in the words of the frames", (t) => {
  const { box, add, draw } = shown(t);
  const node = add(3);
  draw({ ...FACTS, latency: "", ms: null });
  const line = box.querySelector("[data-adk-nb=turn]");
  assert.deepEqual([line.nextSibling, line.dataset.turn, line.querySelector("[data-adk-nb=latency]")], [node, "3", null]);
  draw(FACTS);
  const local = new Date(FACTS.time * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  assert.equal(line.textContent, `turn 3 ${local} 540 ms ▶`);
  const titles = [...line.children].map(({ title }) => title.split(":")[0]);
  assert.deepEqual(titles, ["turn", "time", "first_heard_ms", "Play turn 3 as it was"]);
});

test("what has not changed is not drawn again; what comes late stays before its turn's first entry", (t) => {
  const { box, nodes, add, draw } = shown(t);
  add(1);
  draw({ ...FACTS, turn: 1 });
  const line = box.firstChild;
  const [number] = line.children;
  draw({ ...FACTS, turn: 1 });
  assert.equal(line.children[0], number);
  const before = document.createElement("p");
  box.insertBefore(before, nodes.get(1));
  nodes.set(1, before);
  draw({ ...FACTS, turn: 1 });
  assert.deepEqual([...box.children].slice(0, 2), [line, before]);
});

test("a turn that is gone, or has no entry, has no line", (t) => {
  const { box, nodes, add, draw } = shown(t);
  add(1);
  draw({ ...FACTS, turn: 1 }, { ...FACTS, turn: 2 });
  assert.equal(box.querySelectorAll("[data-adk-nb=turn]").length, 1);
  nodes.delete(1);
  draw({ ...FACTS, turn: 1 });
  assert.equal(box.querySelectorAll("[data-adk-nb=turn]").length, 0);
});

test("a click plays a turn of which there is sound, and the button says which is played", (t) => {
  const { box, lines, add, draw } = shown(t);
  const played = [];
  lines.onplay = (turn) => played.push(turn);
  add(1);
  add(2);
  draw({ ...FACTS, turn: 1 }, { ...FACTS, turn: 2, sound: false });
  const buttons = box.querySelectorAll("[data-adk-nb=play]");
  assert.equal(buttons.length, 1);
  buttons[0].click();
  lines.playing(1);
  assert.deepEqual([played, buttons[0].textContent, buttons[0].getAttribute("aria-label")], [[1], "■", "Stop turn 1"]);
  lines.playing(null);
  assert.deepEqual([buttons[0].textContent, buttons[0].getAttribute("aria-label")], ["▶", "Play turn 1"]);
});

test("a button that has the focus keeps it while its line changes, and a button without takes none", (t) => {
  const { box, add, draw } = shown(t);
  document.body.append(box);
  add(1);
  draw({ ...FACTS, turn: 1 });
  const button = box.querySelector("[data-adk-nb=play]");
  draw({ ...FACTS, turn: 1, ms: 1 });
  assert.notEqual(document.activeElement, button);
  button.focus();
  draw({ ...FACTS, turn: 1, ms: 2 });
  assert.equal(document.activeElement, button);
});

test("a turn that comes back, or of a transcript that was cleared, has a new line", (t) => {
  const { box, lines, add, draw } = shown(t);
  add(1);
  draw({ ...FACTS, turn: 1 });
  const first = box.querySelector("[data-adk-nb=turn]");
  draw();
  assert.equal(lines.lines.size, 0);
  draw({ ...FACTS, turn: 1 });
  const second = box.querySelector("[data-adk-nb=turn]");
  assert.notEqual(second, first);
  second.remove();
  lines.clear();
  draw({ ...FACTS, turn: 1 });
  assert.notEqual(box.querySelector("[data-adk-nb=turn]"), second);
});

for (const [said, facts] of [
  [{ turn: 1, time: 5, latency: "a", ms: 0, sound: true }, { turn: 1, time: 5, latency: "a", ms: 0, sound: true }],
  [{ turn: "2" }, { turn: 2, time: 0, latency: "", ms: null, sound: false }],
  [{ turn: 3, time: "x", latency: null, ms: "1", sound: 1 }, { turn: 3, time: 0, latency: "", ms: null, sound: false }],
]) {
  test(`the facts of ${JSON.stringify(said)}`, () => assert.deepEqual(factsOf(said), facts));
}

test("a turn without a time says none", (t) => {
  const { box, add, draw } = shown(t);
  add(1);
  draw({ turn: 1, ms: 5, latency: "first_text_ms" });
  assert.equal(box.querySelector("[data-adk-nb=turn]").textContent, "turn 1 5 ms");
});
