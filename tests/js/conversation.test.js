import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Conversation, effectiveState, formatCall, formatMs, formatQuestion, meterLevel, show, sourceList, stateLabel, unwrap,
} from "../../adk_nb/static/conversation.js";

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

test("a tool's newest result replaces the one before", () => {
  const conversation = new Conversation();
  conversation.apply({ type: "tool_call", turn: 1, id: "a", name: "watch", args: {} });
  conversation.apply({ type: "tool_result", turn: 1, id: "a", name: "watch", result: "begun", ms: 3 });
  conversation.apply({ type: "tool_result", turn: 1, id: "a", name: "watch", error: "lost", ms: 9 });
  conversation.apply({ type: "tool_result", turn: 1, id: "a", name: "watch", result: "done", ms: 12 });
  assert.deepEqual(conversation.entries.map(({ text, outcome, ms }) => [text, outcome, ms]), [["done", "returned", 12]]);
});

test("a note comes after what there is of its turn, and only once", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "agent", "one"));
  conversation.apply(said(2, "user", "second"));
  const [note] = conversation.apply({ type: "note", id: "n1", turn: 1, kind: "swap", text: "Now flip." });
  assert.deepEqual([note.key, note.kind, note.final], ["note/n1", "swap", true]);
  conversation.apply(said(1, "agent", "one, late", true, "flip"));
  conversation.apply(said(1, "user", "first"));
  conversation.apply({ type: "note", id: "n1", turn: 1, kind: "swap", text: "Now flip." });
  assert.deepEqual(texts(conversation), ["user: first", "agent: one", "note: Now flip.", "agent: one, late", "user: second"]);
});

test("earlier turns of a resumed conversation, below 1, come first and in order", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "user", "now"));
  conversation.apply({ type: "note", id: "h", turn: 0, kind: "history", text: "It goes on." });
  for (const turn of [0, -10, -9, -2]) {
    conversation.apply(said(turn, "agent", `agent ${turn}`, true));
    conversation.apply(said(turn, "user", `user ${turn}`, true));
  }
  conversation.apply({ type: "tool_call", turn: -2, id: "a", name: "roll", args: {} });
  assert.deepEqual(texts(conversation), [
    "user: user -10", "agent: agent -10", "user: user -9", "agent: agent -9", "user: user -2", "agent: agent -2", "tool: roll()",
    "user: user 0", "note: It goes on.", "agent: agent 0", "user: now",
  ]);
});

const PNG = "data:image/png;base64,AAAA";
const output = (fields) => ({ type: "tool_output", turn: 1, id: "a", ...fields });

test("what a tool prints is added up, and kept when its result comes", () => {
  const conversation = new Conversation();
  conversation.apply(output({ text: "one\n" }));
  conversation.apply({ type: "tool_call", turn: 1, id: "a", name: "roll", args: {} });
  conversation.apply(output({ text: "two\n", image: "" }));
  conversation.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", result: 4, ms: 1 });
  conversation.apply(output({ text: "late" }));
  const [entry] = conversation.entries;
  assert.deepEqual([entry.output, entry.cut, entry.call, entry.name, entry.text], ["one\ntwo\nlate", 0, "roll()", "roll", "4"]);
  assert.equal(entry.outcome, "returned");
  assert.equal(conversation.entries.length, 1);
});

test("of what a tool prints so much is kept, and the rest counted", () => {
  const conversation = new Conversation();
  conversation.apply(output({ text: "x".repeat(19_999) }));
  conversation.apply(output({ text: "yz" }));
  for (let piece = 0; piece < 1000; piece++) conversation.apply(output({ text: "w".repeat(1000) }));
  const [entry] = conversation.entries;
  assert.equal(entry.output.length, 20_000);
  assert.equal(entry.output.at(-1), "y");
  assert.equal(entry.cut, 1_000_001);
});

test("only pictures are displayed, and only so many", () => {
  const conversation = new Conversation();
  for (const image of [
    "data:image/svg+xml;base64,AAAA", "data:text/html;base64,AAAA", "data:image/png,AAAA", "https://example.org/a.png",
    "javascript:alert(1)", ` ${PNG}`, 3, null,
  ]) conversation.apply(output({ image }));
  assert.deepEqual(conversation.entries[0].images, []);
  for (const kind of ["png", "jpeg", "gif", "webp"]) conversation.apply(output({ image: PNG.replace("png", kind) }));
  assert.equal(conversation.entries[0].images.length, 4);
  for (let more = 0; more < 10; more++) conversation.apply(output({ image: PNG }));
  assert.deepEqual([conversation.entries[0].images.length, conversation.entries[0].imagesCut], [8, 6]);
});

const question = { type: "question", turn: 1, id: "a", name: "pay", args: { euros: 3 }, hint: "Pay now?" };

test("a question waits for its answer, with its call whole", () => {
  const conversation = new Conversation();
  conversation.apply({ type: "tool_call", turn: 1, id: "a", name: "pay", args: { euros: 3 } });
  const [entry] = conversation.apply({ ...question, args: { to: "x".repeat(30_000) } });
  assert.equal(entry.outcome, "asking");
  assert.deepEqual([entry.question.id, entry.question.hint, conversation.question], ["a", "Pay now?", entry.question]);
  assert.ok(entry.question.call.length > 30_000 && entry.call.length < 21_000);
  assert.ok(formatQuestion(entry.question).length < 21_000);
});

for (const [approved, answer] of [[true, "approved"], [false, "rejected"], [null, ""]]) {
  test(`an answer of ${approved} takes the question away`, () => {
    const conversation = new Conversation();
    conversation.apply(question);
    const [entry] = conversation.apply({ type: "answer", turn: 1, id: "a", approved });
    assert.deepEqual([entry.question, entry.answer, entry.outcome], [null, answer, "running"]);
    assert.equal(conversation.question, null);
    conversation.apply({ type: "tool_result", turn: 1, id: "a", name: "pay", result: "paid", ms: 1 });
    assert.deepEqual([entry.outcome, entry.answer, entry.final], ["returned", answer, true]);
  });
}

test("a result takes an unanswered question away, and an answer alone changes nothing", () => {
  const conversation = new Conversation();
  conversation.apply(question);
  conversation.apply({ type: "tool_result", turn: 1, id: "a", name: "pay", error: "too late", ms: 1 });
  const [entry] = conversation.apply({ type: "answer", turn: 1, id: "a", approved: null });
  assert.deepEqual([entry.question, entry.outcome], [null, "failed"]);
  assert.deepEqual(conversation.apply({ type: "answer", turn: 1, id: "unknown", approved: true }), []);
});

test("the question that is announced is the newest that waits", () => {
  const conversation = new Conversation();
  conversation.apply(question);
  conversation.apply({ ...question, id: "b", name: "ship", hint: "" });
  assert.equal(formatQuestion(conversation.question), "ship(euros=3) needs your approval.");
  conversation.apply({ type: "answer", turn: 1, id: "b", approved: true });
  assert.equal(formatQuestion(conversation.question), "pay(euros=3) needs your approval. Pay now?");
});

const OSLO = { title: "yr.no", uri: "https://www.yr.no/oslo" };
const sources = (turn, ...list) => ({ type: "sources", turn, sources: list });
const cited = (conversation) => conversation.entries.map(({ turn, role, sources: shown }) => [turn, role, shown.map(({ title }) => title).join()]);

test("only web addresses become links", () => {
  for (const [uri, href] of [
    ["https://www.yr.no/oslo?a=1#b", "https://www.yr.no/oslo?a=1#b"],
    ["http://yr.no", "http://yr.no/"],
    ["HTTPS://yr.no/", "https://yr.no/"],
    ["javascript:alert(1)", ""],
    [" java\nscript:alert(1)", ""],
    ["data:text/html,<script>alert(1)</script>", ""],
    ["file:///etc/passwd", ""],
    ["//yr.no/oslo", ""],
    ["/oslo", ""],
    ["https://", ""],
    ["", ""],
    [undefined, ""],
    [{ toString: () => "https://yr.no" }, ""],
  ]) assert.deepEqual(sourceList([{ title: "yr.no", uri }]), [{ title: "yr.no", href }], String(uri));
});

test("a source without a title is called by its host, one twice is shown once, one of nothing not at all", () => {
  const list = [{ title: "", uri: "https://www.yr.no/oslo" }, { uri: "urn:isbn:1" }, OSLO, OSLO, {}, { title: " ", uri: 3 }, null, "x", 4];
  assert.deepEqual(sourceList(list), [
    { title: "www.yr.no", href: "https://www.yr.no/oslo" }, { title: "urn:isbn:1", href: "" }, { title: "yr.no", href: "https://www.yr.no/oslo" },
  ]);
  for (const value of [undefined, null, 3, "x", {}]) assert.deepEqual(sourceList(value), []);
});

test("sources and their titles have a bound", () => {
  const list = sourceList(Array.from({ length: 1000 }, (_, n) => ({ title: `${n} ${"x".repeat(1000)}`, uri: `https://example.org/${n}` })));
  assert.equal(list.length, 50);
  assert.ok(list[0].title.length < 130);
});

test("an answer's sources are shown with it, and the newest list replaces the one before", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "user", "rain?"));
  conversation.apply(said(1, "agent", "It rained."));
  conversation.apply(said(2, "user", "more"));
  const [changed] = conversation.apply(sources(1, OSLO));
  assert.deepEqual([changed.role, changed.sources], ["agent", [{ title: "yr.no", href: "https://www.yr.no/oslo" }]]);
  conversation.apply(sources(1, OSLO, { title: "met.no", uri: "https://met.no" }));
  conversation.apply(said(1, "agent", "It rained in Oslo.", true));
  assert.deepEqual(cited(conversation), [[1, "user", ""], [1, "agent", "yr.no,met.no"], [2, "user", ""]]);
  conversation.apply(sources(1));
  assert.deepEqual(cited(conversation)[1], [1, "agent", ""]);
});

test("sources that come before the answer wait for it", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "agent", "one"));
  assert.deepEqual(conversation.apply(sources(2)), []);
  assert.deepEqual(conversation.apply(sources(2, OSLO)), []);
  conversation.apply(said(1, "agent", "one, late"));
  conversation.apply(said(2, "user", "rain?"));
  conversation.apply(said(2, "agent", "It"));
  conversation.apply(said(2, "agent", "It rained."));
  assert.deepEqual(cited(conversation), [[1, "agent", ""], [2, "user", ""], [2, "agent", "yr.no"]]);
});

test("where two agents answer, the sources are below the last of them, in a history too", () => {
  const conversation = new Conversation();
  conversation.apply(said(1, "agent", "I pass you on.", true, "host"));
  conversation.apply(sources(1, OSLO));
  const changed = conversation.apply(said(1, "agent", "It rained.", false, "weatherman"));
  assert.deepEqual(changed.map(({ author }) => author), ["host", "weatherman"]);
  assert.deepEqual(cited(conversation), [[1, "agent", ""], [1, "agent", "yr.no"]]);
  const late = conversation.apply(said(1, "agent", "I pass you on!", true, "host"));
  assert.deepEqual(late.map(({ author }) => author), ["host"]);
  assert.deepEqual(cited(conversation), [[1, "agent", ""], [1, "agent", "yr.no"]]);
  conversation.clear();
  conversation.apply(said(1, "agent", "It rained.", true));
  conversation.apply(sources(1, OSLO));
  assert.deepEqual(cited(conversation), [[1, "agent", "yr.no"]]);
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
  for (const type of ["transcript", "tool_call", "tool_output", "question", "answer", "tool_result", "sources", "note", "turn"]) {
    for (const value of [undefined, null, 3, "x", [], {}]) {
      conversation.apply({ type, turn: value, role: value, author: value, text: value, id: value, name: value, args: value, result: value, image: value, hint: value, sources: value });
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

for (const [args, label] of [
  [["ready", "open", "", false], "Ready"],
  [["ready", "open", "", true], "Ready, microphone on"],
  [["connecting", "open", "", false], "Loading the model…"],
  [["connecting", "connecting", "", false], "Connecting…"],
  [["thinking", "open", "Changing to flip…", false], "Changing to flip…"],
  [["reconnecting", "reconnecting", "Changing to flip…", false], "Reconnecting…"],
  [["closed", "open", "Changing to flip…", false], "Closed"],
]) {
  test(`the state ${args.join("/")} is labelled ${label}`, () => assert.equal(stateLabel(...args), label));
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
