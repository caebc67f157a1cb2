import assert from "node:assert/strict";
import { test } from "node:test";
import { Conversation, effectiveState, formatCall, formatMs, meterLevel, show, unwrap } from "../../adk_nb/static/conversation.js";

const said = (turn, role, text, final = false, author = role === "agent" ? "dice" : "") =>
  ({ type: "transcript", turn, role, author, text, final });
const texts = (conversation) => conversation.entries.map(({ role, text, call }) => `${role}: ${text || call}`);

test("a transcript replaces what came before of that speaker and turn", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "user", "roll"));
  conversation.apply(said(1, "user", "roll a die", true));
  conversation.apply(said(1, "agent", "You rolled"));
  conversation.apply(said(1, "agent", "You rolled 4.", true));
  conversation.apply(said(2, "user", "again"));
  assert.deepEqual(texts(conversation), ["user: roll a die", "agent: You rolled 4.", "user: again"]);
});

test("two agents of one turn have an entry each", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "agent", "I pass you on.", true, "host"));
  conversation.apply(said(1, "agent", "Hello.", true, "dice"));
  assert.deepEqual(texts(conversation), ["agent: I pass you on.", "agent: Hello."]);
});

test("what comes late finds its place: turns in order, the user first within one", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "agent", "one"));
  conversation.apply(said(2, "agent", "two"));
  conversation.apply({ type: "tool_call", turn: 1, id: "a", name: "roll", args: {} });
  conversation.apply(said(2, "user", "second"));
  conversation.apply(said(1, "user", "first"));
  assert.deepEqual(texts(conversation), ["user: first", "agent: one", "tool: roll()", "user: second", "agent: two"]);
});

test("a tool's result joins its call, and may come alone or as an error", () => {
  const conversation = new Conversation();
  conversation.apply({ type: "tool_call", turn: 1, id: "a", name: "roll", args: { sides: 20, label: "x" } });
  const [call] = conversation.entries;
  assert.equal(call.call, 'roll(sides=20, label="x")');
  assert.equal(call.outcome, "running");
  conversation.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", result: { result: 17 }, ms: 3 });
  conversation.apply({ type: "tool_result", turn: 1, id: "b", name: "flip", error: "no coin", ms: 1500 });
  assert.deepEqual(conversation.entries.map(({ text, outcome, ms }) => [text, outcome, ms]), [["17", "returned", 3], ["no coin", "failed", 1500]]);
});

test("an interrupted turn's agent entries are final and marked, also after a history came again", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "user", "tell"));
  conversation.apply(said(1, "agent", "Once upon"));
  const changed = conversation.apply({ type: "turn", turn: 1, state: "interrupted" });
  assert.deepEqual(changed.map(({ role, final, interrupted }) => [role, final, interrupted]), [["user", true, false], ["agent", true, true]]);
  conversation.clear();
  assert.equal(conversation.apply(said(1, "agent", "Once upon", true))[0].interrupted, true);
});

test("a complete turn's entries are final", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "agent", "done"));
  conversation.apply({ type: "turn", turn: 1, state: "complete" });
  assert.equal(conversation.entries[0].final, true);
  assert.deepEqual(conversation.apply({ type: "turn", turn: 1, state: "complete" }), []);
});

test("entries have a bound, and so has each one's text", () => {
  const conversation = new Conversation(10);
  for (let turn = 1; turn <= 50; turn++) conversation.apply(said(turn, "user", "x".repeat(30_000)));
  assert.equal(conversation.entries.length, 10);
  assert.equal(conversation.entries[0].turn, 41);
  assert.ok(conversation.entries[0].text.length < 21_000);
});

test("unknown messages change nothing", () => {
  assert.deepEqual(new Conversation().apply({ type: "news", turn: 1 }), []);
});

test("malformed fields do no harm", () => {
  const conversation = new Conversation();
  for (const type of ["transcript", "tool_call", "tool_result", "turn"]) {
    for (const value of [undefined, null, 3, "x", [], {}]) {
      conversation.apply({ type, turn: value, role: value, author: value, text: value, id: value, name: value, args: value, result: value });
    }
  }
  for (const entry of conversation.entries) assert.equal(typeof entry.text, "string");
});

const calm = { link: "open", kernel: "ready", sounding: false, pending: false, audible: true, fresh: false };
for (const [now, state] of [
  [{}, "ready"],
  [{ pending: true }, "thinking"],
  [{ pending: true, audible: false }, "ready"],
  [{ fresh: true }, "listening"],
  [{ kernel: "listening" }, "listening"],
  [{ kernel: "thinking", fresh: true }, "thinking"],
  [{ kernel: "speaking" }, "thinking"],
  [{ kernel: "speaking", sounding: true }, "speaking"],
  [{ kernel: "ready", sounding: true }, "speaking"],
  [{ kernel: "speaking", audible: false }, "speaking"],
  [{ kernel: "closed", sounding: true }, "closed"],
  [{ kernel: "reconnecting" }, "reconnecting"],
  [{ link: "connecting", kernel: "thinking" }, "connecting"],
  [{ link: "reconnecting", sounding: true }, "reconnecting"],
  [{ link: "closed" }, "closed"],
  [{ kernel: "connecting", fresh: true }, "connecting"],
  [{}, "ready"],
  [{ pending: true }, "thinking"],
  [{ pending: true, audible: false }, "ready"],
]) {
  test(`${JSON.stringify(now)} shows as ${state}`, () => assert.equal(effectiveState({ ...calm, ...now }), state));
}

test("values are shown as a researcher would write them", () => {
  assert.equal(show("text"), "text");
  assert.equal(show(undefined), "undefined");
  assert.equal(show({ a: 1 }), '{"a":1}');
  const circle = {};
  circle.self = circle;
  assert.equal(typeof show(circle), "string");
  assert.equal(formatCall("f", null), "f()");
  assert.deepEqual([unwrap({ result: 3 }), unwrap({ result: 3, more: 1 }), unwrap([1]), unwrap(null)], [3, { result: 3, more: 1 }, [1], null]);
  assert.deepEqual([formatMs(12.4), formatMs(1234)], ["12 ms", "1.2 s"]);
  assert.deepEqual([meterLevel(0), meterLevel(1), meterLevel(10), meterLevel(1e-9)], [0, 1, 1, 0]);
});
