import assert from "node:assert/strict";
import { test } from "node:test";
import { formatQuestion, TranscriptModel } from "../../../adk_nb/static/screen/transcript-model.js";

const said = (turn, role, text, final = false, author = role === "agent" ? "dice" : "") =>
  ({ type: "transcript", turn, role, author, text, final });
const texts = (transcript) => transcript.entries.map(({ role, text, call }) => `${role}: ${text || call}`);

test("a transcript replaces what came before of that speaker and turn", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "user", "roll"));
  transcript.apply(said(1, "user", "roll a die", true));
  transcript.apply(said(1, "agent", "You rolled"));
  transcript.apply(said(1, "agent", "You rolled 4.", true));
  transcript.apply(said(2, "user", "again"));
  assert.deepEqual(texts(transcript), ["user: roll a die", "agent: You rolled 4.", "user: again"]);
});

test("two agents of one turn have an entry each", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "I pass you on.", true, "host"));
  transcript.apply(said(1, "agent", "Hello.", true, "dice"));
  assert.deepEqual(texts(transcript), ["agent: I pass you on.", "agent: Hello."]);
});

test("what comes late finds its place: turns in order, the user first within one", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "one"));
  transcript.apply(said(2, "agent", "two"));
  transcript.apply({ type: "tool_call", turn: 1, id: "a", name: "roll", args: {} });
  transcript.apply(said(2, "user", "second"));
  transcript.apply(said(1, "user", "first"));
  assert.deepEqual(texts(transcript), ["user: first", "agent: one", "tool: roll()", "user: second", "agent: two"]);
});

test("a tool's result joins its call, and may come alone or as an error", () => {
  const transcript = new TranscriptModel();
  transcript.apply({ type: "tool_call", turn: 1, id: "a", name: "roll", args: { sides: 20, label: "x" } });
  const [call] = transcript.entries;
  assert.equal(call.call, 'roll(sides=20, label="x")');
  assert.equal(call.outcome, "running");
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", result: { result: 17 }, ms: 3 });
  transcript.apply({ type: "tool_result", turn: 1, id: "b", name: "flip", error: "no coin", ms: 1500 });
  assert.deepEqual(transcript.entries.map(({ text, outcome, ms }) => [text, outcome, ms]), [["17", "returned", 3], ["no coin", "failed", 1500]]);
});

test("a tool's newest result replaces the one before", () => {
  const transcript = new TranscriptModel();
  transcript.apply({ type: "tool_call", turn: 1, id: "a", name: "watch", args: {} });
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "watch", result: "begun", ms: 3 });
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "watch", error: "lost", ms: 9 });
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "watch", result: "done", ms: 12 });
  assert.deepEqual(transcript.entries.map(({ text, outcome, ms }) => [text, outcome, ms]), [["done", "returned", 12]]);
});

test("a note comes after what there is of its turn, and only once", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "one"));
  transcript.apply(said(2, "user", "second"));
  const [note] = transcript.apply({ type: "note", id: "n1", turn: 1, kind: "swap", text: "Now flip." });
  assert.deepEqual([note.key, note.kind, note.final], ["note/n1", "swap", true]);
  transcript.apply(said(1, "agent", "one, late", true, "flip"));
  transcript.apply(said(1, "user", "first"));
  transcript.apply({ type: "note", id: "n1", turn: 1, kind: "swap", text: "Now flip." });
  assert.deepEqual(texts(transcript), ["user: first", "agent: one", "note: Now flip.", "agent: one, late", "user: second"]);
});

test("earlier turns of a resumed conversation, below 1, come first and in order", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "user", "now"));
  transcript.apply({ type: "note", id: "h", turn: 0, kind: "history", text: "It goes on." });
  for (const turn of [0, -10, -9, -2]) {
    transcript.apply(said(turn, "agent", `agent ${turn}`, true));
    transcript.apply(said(turn, "user", `user ${turn}`, true));
  }
  transcript.apply({ type: "tool_call", turn: -2, id: "a", name: "roll", args: {} });
  assert.deepEqual(texts(transcript), [
    "user: user -10", "agent: agent -10", "user: user -9", "agent: agent -9", "user: user -2", "agent: agent -2", "tool: roll()",
    "user: user 0", "note: It goes on.", "agent: agent 0", "user: now",
  ]);
});

const PNG = "data:image/png;base64,AAAA";
const output = (fields) => ({ type: "tool_output", turn: 1, id: "a", ...fields });

test("what a tool prints is added up, and kept when its result comes", () => {
  const transcript = new TranscriptModel();
  transcript.apply(output({ text: "one\n" }));
  transcript.apply({ type: "tool_call", turn: 1, id: "a", name: "roll", args: {} });
  transcript.apply(output({ text: "two\n", image: "" }));
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", result: 4, ms: 1 });
  transcript.apply(output({ text: "late" }));
  const [entry] = transcript.entries;
  assert.deepEqual([entry.output, entry.cut, entry.call, entry.name, entry.text], ["one\ntwo\nlate", 0, "roll()", "roll", "4"]);
  assert.equal(entry.outcome, "returned");
  assert.equal(transcript.entries.length, 1);
});

test("of what a tool prints so much is kept, and the rest counted", () => {
  const transcript = new TranscriptModel();
  transcript.apply(output({ text: "x".repeat(19_999) }));
  transcript.apply(output({ text: "yz" }));
  for (let piece = 0; piece < 1000; piece++) transcript.apply(output({ text: "w".repeat(1000) }));
  const [entry] = transcript.entries;
  assert.equal(entry.output.length, 20_000);
  assert.equal(entry.output.at(-1), "y");
  assert.equal(entry.cut, 1_000_001);
});

test("only pictures are displayed, and only so many", () => {
  const transcript = new TranscriptModel();
  for (const image of [
    "data:image/svg+xml;base64,AAAA", "data:text/html;base64,AAAA", "data:image/png,AAAA", "https://example.org/a.png",
    "javascript:alert(1)", ` ${PNG}`, 3, null,
  ]) transcript.apply(output({ image }));
  assert.deepEqual(transcript.entries[0].images, []);
  for (const kind of ["png", "jpeg", "gif", "webp"]) transcript.apply(output({ image: PNG.replace("png", kind) }));
  assert.equal(transcript.entries[0].images.length, 4);
  for (let more = 0; more < 10; more++) transcript.apply(output({ image: PNG }));
  assert.deepEqual([transcript.entries[0].images.length, transcript.entries[0].imagesCut], [8, 6]);
});

const question = { type: "question", turn: 1, id: "a", name: "pay", args: { euros: 3 }, hint: "Pay now?" };

test("a question waits for its answer, with its call whole", () => {
  const transcript = new TranscriptModel();
  transcript.apply({ type: "tool_call", turn: 1, id: "a", name: "pay", args: { euros: 3 } });
  const [entry] = transcript.apply({ ...question, args: { to: "x".repeat(30_000) } });
  assert.equal(entry.outcome, "asking");
  assert.deepEqual([entry.question.id, entry.question.hint, transcript.question], ["a", "Pay now?", entry.question]);
  assert.ok(entry.question.call.length > 30_000 && entry.call.length < 21_000);
  assert.ok(formatQuestion(entry.question).length < 21_000);
});

for (const [approved, answer] of [[true, "approved"], [false, "rejected"], [null, ""]]) {
  test(`an answer of ${approved} takes the question away`, () => {
    const transcript = new TranscriptModel();
    transcript.apply(question);
    const [entry] = transcript.apply({ type: "answer", turn: 1, id: "a", approved });
    assert.deepEqual([entry.question, entry.answer, entry.outcome], [null, answer, "running"]);
    assert.equal(transcript.question, null);
    transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "pay", result: "paid", ms: 1 });
    assert.deepEqual([entry.outcome, entry.answer, entry.final], ["returned", answer, true]);
  });
}

test("a result takes an unanswered question away, and an answer alone changes nothing", () => {
  const transcript = new TranscriptModel();
  transcript.apply(question);
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "pay", error: "too late", ms: 1 });
  assert.equal(transcript.question, null);
  const [entry] = transcript.apply({ type: "answer", turn: 1, id: "a", approved: null });
  assert.deepEqual([entry.question, entry.outcome], [null, "failed"]);
  assert.deepEqual(transcript.apply({ type: "answer", turn: 1, id: "unknown", approved: true }), []);
});

test("the question that is announced is the newest that waits", () => {
  const transcript = new TranscriptModel();
  transcript.apply(question);
  transcript.apply({ ...question, id: "b", name: "ship", hint: "" });
  assert.equal(formatQuestion(transcript.question), "ship(euros=3) needs your approval.");
  transcript.apply({ type: "answer", turn: 1, id: "b", approved: true });
  assert.equal(formatQuestion(transcript.question), "pay(euros=3) needs your approval. Pay now?");
});

const OSLO = { title: "yr.no", uri: "https://www.yr.no/oslo" };
const sources = (turn, ...list) => ({ type: "sources", turn, sources: list });
const cited = (transcript) => transcript.entries.map(({ turn, role, sources: shown }) => [turn, role, shown.map(({ title }) => title).join()]);

test("an answer's sources are shown with it, and the newest list replaces the one before", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "user", "rain?"));
  transcript.apply(said(1, "agent", "It rained."));
  transcript.apply(said(2, "user", "more"));
  const [changed] = transcript.apply(sources(1, OSLO));
  assert.deepEqual([changed.role, changed.sources], ["agent", [{ title: "yr.no", href: "https://www.yr.no/oslo" }]]);
  transcript.apply(sources(1, OSLO, { title: "met.no", uri: "https://met.no" }));
  transcript.apply(said(1, "agent", "It rained in Oslo.", true));
  assert.deepEqual(cited(transcript), [[1, "user", ""], [1, "agent", "yr.no,met.no"], [2, "user", ""]]);
  transcript.apply(sources(1));
  assert.deepEqual(cited(transcript)[1], [1, "agent", ""]);
});

test("sources that come before the answer wait for it", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "one"));
  assert.deepEqual(transcript.apply(sources(2)), []);
  assert.deepEqual(transcript.apply(sources(2, OSLO)), []);
  transcript.apply(said(1, "agent", "one, late"));
  transcript.apply(said(2, "user", "rain?"));
  transcript.apply(said(2, "agent", "It"));
  transcript.apply(said(2, "agent", "It rained."));
  assert.deepEqual(cited(transcript), [[1, "agent", ""], [2, "user", ""], [2, "agent", "yr.no"]]);
});

test("where two agents answer, the sources are below the last of them, in a history too", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "I pass you on.", true, "host"));
  transcript.apply(sources(1, OSLO));
  const changed = transcript.apply(said(1, "agent", "It rained.", false, "weatherman"));
  assert.deepEqual(changed.map(({ author }) => author), ["host", "weatherman"]);
  assert.deepEqual(cited(transcript), [[1, "agent", ""], [1, "agent", "yr.no"]]);
  const late = transcript.apply(said(1, "agent", "I pass you on!", true, "host"));
  assert.deepEqual(late.map(({ author }) => author), ["host"]);
  assert.deepEqual(cited(transcript), [[1, "agent", ""], [1, "agent", "yr.no"]]);
  transcript.clear();
  transcript.apply(said(1, "agent", "It rained.", true));
  transcript.apply(sources(1, OSLO));
  assert.deepEqual(cited(transcript), [[1, "agent", "yr.no"]]);
});

test("an interrupted turn's agent entries are final and marked, also after a history came again", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "user", "tell"));
  transcript.apply(said(1, "agent", "Once upon"));
  const changed = transcript.apply({ type: "turn", turn: 1, state: "interrupted" });
  assert.deepEqual(changed.map(({ role, final, interrupted }) => [role, final, interrupted]), [["user", true, false], ["agent", true, true]]);
  transcript.clear();
  assert.equal(transcript.apply(said(1, "agent", "Once upon", true))[0].interrupted, true);
});

test("a complete turn's entries are final", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "done"));
  transcript.apply({ type: "turn", turn: 1, state: "complete" });
  assert.equal(transcript.entries[0].final, true);
  assert.deepEqual(transcript.apply({ type: "turn", turn: 1, state: "complete" }), []);
});

test("entries have a bound, and so has each one's text", () => {
  const transcript = new TranscriptModel(10);
  for (let turn = 1; turn <= 50; turn++) transcript.apply(said(turn, "user", "x".repeat(30_000)));
  assert.equal(transcript.entries.length, 10);
  assert.equal(transcript.entries[0].turn, 41);
  assert.ok(transcript.entries[0].text.length < 21_000);
});

test("unknown messages change nothing", () => {
  assert.deepEqual(new TranscriptModel().apply({ type: "news", turn: 1 }), []);
});

test("malformed fields do no harm", () => {
  const transcript = new TranscriptModel();
  for (const type of ["transcript", "tool_call", "tool_output", "question", "answer", "tool_result", "sources", "note", "turn"]) {
    for (const value of [undefined, null, 3, "x", [], {}]) {
      transcript.apply({ type, turn: value, role: value, author: value, text: value, id: value, name: value, args: value, result: value, image: value, hint: value, sources: value });
    }
  }
  for (const entry of transcript.entries) assert.equal(typeof entry.text, "string");
});

/** An entry's fields as they are when nothing was said of them. */
const plain = {
  author: "", text: "", final: false, interrupted: false, withheld: false, call: "", outcome: "", ms: null, name: "", output: "", cut: 0,
  images: [], imagesCut: 0, question: null, answer: "", waitedMs: null, kind: "", sources: [], rest: null,
  piece: 0, coming: null, timed: false, unheard: [], heard: "", html: "",
};

test("calls of two turns with the same id are two entries, each with its own result", () => {
  const transcript = new TranscriptModel();
  for (const turn of [1, 2]) {
    transcript.apply({ type: "tool_call", turn, id: "call_0", name: "roll", args: {} });
    transcript.apply({ type: "tool_result", turn, id: "call_0", name: "roll", result: { result: turn } });
  }
  assert.deepEqual(transcript.entries.map(({ turn, text }) => [turn, text]), [[1, "1"], [2, "2"]]);
});

test("entries have exactly what was said of them", () => {
  const transcript = new TranscriptModel();
  const said = [
    { type: "transcript", turn: 1, role: "user", author: "ignored", text: "roll", final: false },
    { type: "transcript", turn: 1, role: "agent", author: "dice", text: "Rolling.", final: true },
    { type: "tool_call", turn: 1, id: "a", name: "roll", args: { sides: 6 } },
    { type: "tool_output", turn: 1, id: "b", text: "x", image: PNG },
    { type: "tool_result", turn: 1, id: "c", name: "flip", result: { result: "heads" }, ms: 4 },
    { type: "tool_result", turn: 1, id: "d", name: "flip", error: "no coin" },
    { type: "tool_call", turn: 1, name: "spin", args: {} },
    { ...question, id: "e", hint: 3 },
    { type: "note", id: "n", turn: 1, kind: "swap", text: "Now flip." },
    { type: "sources", turn: 1, sources: [OSLO] },
  ];
  const changed = said.map((message) => transcript.apply(message));
  assert.deepEqual(changed.map((entries) => entries.map(({ key }) => key)), [
    ["1/user/"], ["1/agent/dice"], ["tool/1/a"], ["tool/1/b"], ["tool/1/c"], ["tool/1/d"], ["tool/1/spin"], ["tool/1/e"], ["note/n"], ["1/agent/dice"],
  ]);
  assert.deepEqual(transcript.entries, [
    { ...plain, key: "1/user/", role: "user", turn: 1, text: "roll" },
    { ...plain, key: "1/agent/dice", role: "agent", turn: 1, author: "dice", text: "Rolling.", final: true, sources: [{ title: "yr.no", href: OSLO.uri }] },
    { ...plain, key: "tool/1/a", role: "tool", turn: 1, name: "roll", call: "roll(sides=6)", outcome: "running" },
    { ...plain, key: "tool/1/b", role: "tool", turn: 1, output: "x", images: [PNG], outcome: "running" },
    { ...plain, key: "tool/1/c", role: "tool", turn: 1, name: "flip", call: "flip()", outcome: "returned", text: "heads", ms: 4, final: true },
    { ...plain, key: "tool/1/d", role: "tool", turn: 1, name: "flip", call: "flip()", outcome: "failed", text: "no coin", final: true },
    { ...plain, key: "tool/1/spin", role: "tool", turn: 1, name: "spin", call: "spin()", outcome: "running" },
    {
      ...plain, key: "tool/1/e", role: "tool", turn: 1, name: "pay", call: "pay(euros=3)", outcome: "asking",
      question: { id: "e", call: "pay(euros=3)", hint: "", signIn: null },
    },
    { ...plain, key: "note/n", role: "note", turn: 1, kind: "swap", text: "Now flip.", final: true },
  ]);
});

/** Three turns, in each of which two agents answer and a tool is called. */
function threeTurns() {
  const transcript = new TranscriptModel();
  for (const turn of [1, 2, 3]) {
    transcript.apply(said(turn, "user", "go"));
    for (const agent of ["host", "dice"]) transcript.apply(said(turn, "agent", "on it", turn < 3, agent));
    transcript.apply({ type: "tool_call", turn, id: `t${turn}`, name: "roll", args: {} });
  }
  return transcript;
}
const marks = (transcript) => transcript.entries.map(({ key, final, interrupted }) => `${key}${final ? " final" : ""}${interrupted ? " cut" : ""}`);

test("one interruption marks the last that was said in that turn, and nothing else", () => {
  const transcript = threeTurns();
  const changed = transcript.apply({ type: "turn", turn: 2, state: "interrupted" });
  assert.deepEqual(changed.map(({ key }) => key), ["2/user/", "2/agent/dice"]);
  assert.deepEqual(marks(transcript), [
    "1/user/", "1/agent/host final", "1/agent/dice final", "tool/1/t1",
    "2/user/ final", "2/agent/host final", "2/agent/dice final cut", "tool/2/t2",
    "3/user/", "3/agent/host", "3/agent/dice", "tool/3/t3",
  ]);
});

test("what a cut agent says late in that turn is marked too, and what the others say is not", () => {
  const transcript = threeTurns();
  transcript.apply({ type: "turn", turn: 2, state: "interrupted" });
  transcript.apply(said(2, "agent", "on it, late", true, "third"));
  transcript.apply(said(2, "user", "go!"));
  transcript.apply(said(3, "agent", "done", true, "dice"));
  const cut = transcript.entries.filter(({ interrupted }) => interrupted).map(({ key }) => key);
  assert.deepEqual(cut, ["2/agent/third"]);
});

test("what is said of a tool that went on after the user had cut in is not cut off", () => {
  const transcript = threeTurns();
  transcript.apply({ type: "turn", turn: 2, state: "interrupted" });
  assert.deepEqual(transcript.apply({ type: "turn", turn: 2, state: "resumed" }), []);
  transcript.apply(said(2, "agent", "the tool says four", true, "third"));
  const cut = transcript.entries.filter(({ interrupted }) => interrupted).map(({ key }) => key);
  assert.deepEqual(cut, ["2/agent/dice"]);
});

test("a complete turn ends what was said in it, not its tools, nor other turns", () => {
  const transcript = threeTurns();
  const changed = transcript.apply({ type: "turn", turn: 3, state: "complete" });
  assert.deepEqual(changed.map(({ key }) => key), ["3/user/", "3/agent/host", "3/agent/dice"]);
  assert.deepEqual(marks(transcript).slice(-5), ["tool/2/t2", "3/user/ final", "3/agent/host final", "3/agent/dice final", "tool/3/t3"]);
});

test("what is said before and after a call are entries of their own, and a piece brings what is new", () => {
  const transcript = new TranscriptModel();
  const piece = (number, start, text, final = false) => transcript.apply({ ...said(1, "agent", text, final), piece: number, start });
  transcript.apply(said(1, "user", "when?", true));
  piece(1, 0, "Let me \u{1f50d}");
  piece(1, 9, " look.");
  transcript.apply({ type: "tool_call", turn: 1, id: "a", name: "clock", args: {} });
  piece(3, 0, "It is ten.");
  piece(3, 6, "noon.", true);
  assert.deepEqual(texts(transcript), ["user: when?", "agent: Let me \u{1f50d} look.", "tool: clock()", "agent: It is noon."]);
  piece(5, 40, "late to the page");
  assert.equal(texts(transcript).at(-1), "agent: late to the page");
});

test("a long answer comes in pieces, each of what is new, and is bounded only where it is shown", () => {
  const transcript = new TranscriptModel();
  let sent = 0;
  for (let start = 0; start < 30_000; start += 60) {
    transcript.apply({ ...said(1, "agent", "x".repeat(60), false), piece: 1, start });
    sent += 60;
  }
  assert.equal(sent, 30_000);
  assert.ok(transcript.entries[0].text.endsWith("(30000 characters)"));
  transcript.apply({ ...said(1, "agent", "short", true), piece: 1, start: 0 });
  assert.equal(transcript.entries[0].text, "short");
});

test("a turn that starts changes nothing", () => {
  const transcript = threeTurns();
  const before = marks(transcript);
  assert.deepEqual(transcript.apply({ type: "turn", turn: 3, state: "started" }), []);
  assert.deepEqual(marks(transcript), before);
});

test("what a guard withholds goes, whoever said it; its words stand there alone, marked", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "Before.", true));
  transcript.apply(said(2, "user", "tell me", true));
  transcript.apply(said(2, "agent", "I pass you on.", true, "host"));
  transcript.apply(said(2, "agent", "The number is 5"));
  transcript.apply({ type: "tool_call", turn: 2, id: "a", name: "roll", args: {} });
  const { entries } = transcript;
  assert.deepEqual(transcript.apply({ type: "turn", turn: 2, state: "withheld" }), []);
  assert.equal(transcript.entries, entries);
  assert.deepEqual(texts(transcript), ["agent: Before.", "user: tell me", "tool: roll()"]);
  transcript.apply({ ...said(2, "agent", "I may not say.", true), withheld: true });
  assert.deepEqual(transcript.entries.map(({ text, withheld }) => [text, withheld]).at(-1), ["I may not say.", true]);
  assert.deepEqual(transcript.entries.filter(({ withheld }) => withheld).length, 1);
});

test("a history says which turns were interrupted", () => {
  const transcript = new TranscriptModel();
  transcript.apply({ ...said(1, "agent", "Once", true), interrupted: true });
  transcript.apply(said(2, "agent", "Well", true));
  transcript.apply(said(1, "user", "tell"));
  assert.deepEqual(marks(transcript), ["1/user/", "1/agent/dice final cut", "2/agent/dice final"]);
});

test("a tool that asks once more waits again", () => {
  const transcript = new TranscriptModel();
  transcript.apply(question);
  transcript.apply({ type: "answer", turn: 1, id: "a", approved: true });
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "pay", result: 1, ms: 1 });
  const [entry] = transcript.apply(question);
  assert.deepEqual([entry.outcome, entry.final, entry.answer, entry.question?.id], ["asking", false, "", "a"]);
});

test("a call that is told again while its tool runs changes only its words", () => {
  const transcript = new TranscriptModel();
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", result: 4, ms: 1 });
  const [entry] = transcript.apply({ type: "tool_call", turn: 1, id: "a", name: "roll", args: { sides: 6 } });
  assert.deepEqual([entry.outcome, entry.call, entry.text], ["returned", "roll(sides=6)", "4"]);
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", result: 5, ms: 1 });
  assert.equal(entry.call, "roll(sides=6)");
});

test("a result that is no word is shown over several lines", () => {
  const transcript = new TranscriptModel();
  const [entry] = transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", result: { a: 1 }, ms: "3" });
  assert.deepEqual([entry.text, entry.ms], ['{\n "a": 1\n}', null]);
  transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "roll", error: null, result: null, ms: 0 });
  assert.deepEqual([entry.text, entry.outcome, entry.ms], ["null", "returned", 0]);
});

test("the bounds, exactly", () => {
  const transcript = new TranscriptModel();
  const [exact] = transcript.apply(said(1, "user", "x".repeat(20_000)));
  assert.equal(exact.text.length, 20_000);
  const [longer] = transcript.apply(said(2, "user", "x".repeat(20_001)));
  assert.equal(longer.text, `${"x".repeat(20_000)} … (20001 characters)`);
  for (let turn = 1; turn <= 600; turn++) transcript.apply(said(turn, "user", "x"));
  assert.deepEqual([transcript.entries.length, transcript.entries[0].turn, transcript.entries.at(-1)?.turn], [500, 101, 600]);
});

test("sources that waited for an answer are forgotten with the entries", () => {
  const transcript = new TranscriptModel();
  transcript.apply(sources(1, OSLO));
  transcript.clear();
  transcript.apply(said(1, "agent", "It rained."));
  assert.deepEqual(cited(transcript), [[1, "agent", ""]]);
});

test("sources are found by their turn, whichever it is", () => {
  const transcript = threeTurns();
  const [changed] = transcript.apply(sources(2, OSLO));
  assert.equal(changed.key, "2/agent/dice");
  const moved = transcript.apply(said(2, "agent", "more", false, "third"));
  assert.deepEqual(moved.map(({ key }) => key), ["2/agent/dice", "2/agent/third"]);
  assert.deepEqual(transcript.apply(said(2, "user", "go!")).map(({ key }) => key), ["2/user/"]);
  const where = transcript.entries.filter((entry) => entry.sources.length).map(({ key }) => key);
  assert.deepEqual(where, ["2/agent/third"]);
});

test("a result that was shortened goes on where it was left, and ends", () => {
  const transcript = new TranscriptModel();
  const long = "\u{1f3b2}".repeat(20_000);
  const [entry] = transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "f", result: long, ms: 1, length: 20_003 });
  assert.deepEqual([entry.text, entry.rest], [long, { id: "a", offset: 20_000, length: 20_003 }]);
  const more = (offset, text) => transcript.apply({ type: "tool_more", turn: 1, id: "a", offset, text, length: 20_003 });
  assert.deepEqual([more(19_999, "x"), more(0, "x"), more(20_000, 3)], [[], [], []]);
  assert.deepEqual(more(20_000, "ab"), [entry]);
  assert.deepEqual([entry.text, entry.rest], [`${long}ab`, { id: "a", offset: 20_002, length: 20_003 }]);
  more(20_002, "c");
  assert.deepEqual([entry.text.length, entry.rest], [40_003, null]);
  assert.deepEqual(more(20_003, "d"), []);
  assert.deepEqual(transcript.apply({ type: "tool_more", turn: 1, id: "unknown", offset: 0, text: "x" }), []);
});

test("nothing more of a shortened result ends it too", () => {
  const transcript = new TranscriptModel();
  const [entry] = transcript.apply({ type: "tool_result", turn: 1, id: "a", name: "f", result: "ab", ms: 1, length: 9 });
  transcript.apply({ type: "tool_more", turn: 1, id: "a", offset: 2, text: "", length: 9 });
  assert.equal(entry.rest, null);
});

test("sources that waited give way to those that come later", () => {
  const transcript = new TranscriptModel();
  transcript.apply(sources(1, OSLO));
  transcript.apply(said(1, "agent", "It"));
  transcript.apply(sources(1, { title: "met.no", uri: "https://met.no" }));
  transcript.apply(said(1, "agent", "It rained."));
  assert.deepEqual(cited(transcript), [[1, "agent", "met.no"]]);
});

test("an agent without a name has none", () => {
  const [entry] = new TranscriptModel().apply({ type: "transcript", turn: 1, role: "agent", text: "Hello" });
  assert.deepEqual([entry.key, entry.author], ["1/agent/", ""]);
});

for (const [address, signIn] of [["https://login.example/a", "https://login.example/a"], ["", ""], ["javascript:alert(1)", ""], [undefined, null], [null, null]]) {
  test(`a question whose sign_in is ${address} has ${JSON.stringify(signIn)} to go to, and says so`, () => {
    const transcript = new TranscriptModel();
    transcript.apply({ ...question, sign_in: address });
    assert.equal(transcript.question.signIn, signIn);
    const needs = signIn === null ? "your approval" : "a sign-in";
    assert.equal(formatQuestion(transcript.question), `pay(euros=3) needs ${needs}. Pay now?`);
    assert.equal(formatQuestion({ ...transcript.question, hint: "" }), `pay(euros=3) needs ${needs}.`);
  });
}

test("a picture alone prints no words", () => {
  const transcript = new TranscriptModel();
  const [entry] = transcript.apply({ type: "tool_output", turn: 1, id: "a", image: "data:image/png;base64,AA" });
  assert.deepEqual([entry.output, entry.cut, entry.images], ["", 0, ["data:image/png;base64,AA"]]);
});

test("of what is withheld nothing comes back with the pieces after it, and of all else nothing is lost", () => {
  const transcript = new TranscriptModel();
  const piece = (turn, role, text, start) => transcript.apply({ ...said(turn, role, text), start });
  for (const turn of [1, 2]) for (const role of ["user", "agent"]) piece(turn, role, "abc", 0);
  transcript.apply(sources(1, OSLO));
  transcript.apply({ type: "turn", turn: 2, state: "withheld" });
  for (const turn of [1, 2]) for (const role of ["user", "agent"]) piece(turn, role, "d", 3);
  assert.deepEqual(texts(transcript), ["user: abcd", "agent: abcd", "user: abcd", "agent: d"]);
  assert.deepEqual(cited(transcript).map(([, , shown]) => shown), ["", "yr.no", "", ""]);
});

test("sources that waited are withheld with the answer, and those of another turn are not", () => {
  const transcript = new TranscriptModel();
  transcript.apply(sources(2, OSLO));
  transcript.apply({ type: "turn", turn: 1, state: "withheld" });
  transcript.apply(said(2, "agent", "It rained."));
  transcript.apply(sources(3, OSLO));
  transcript.apply({ type: "turn", turn: 3, state: "withheld" });
  transcript.apply(said(3, "agent", "I may not."));
  assert.deepEqual(cited(transcript), [[2, "agent", "yr.no"], [3, "agent", ""]]);
});

test("what a user says in several pieces stays in its order, before what the agent says", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "agent", "Hm."));
  for (const piece of [1, 2, 3]) transcript.apply({ ...said(1, "user", `part ${piece}`), piece });
  assert.deepEqual(texts(transcript), ["user: part 1", "user: part 2", "user: part 3", "agent: Hm."]);
});

test("words that are still to sound are known by entry, and so is what was never heard", () => {
  const transcript = new TranscriptModel();
  transcript.apply({ ...said(1, "agent", "One two three.", true), piece: 1 });
  const [entry] = transcript.entries;
  assert.deepEqual(transcript.apply({ type: "words", turn: 1, piece: 1, start: 0, ends: [3, 7, 13], ms: [200, 500, 900] }), [entry]);
  assert.deepEqual([entry.timed, entry.coming], [true, 0]);
  const clock = performance.now();
  assert.deepEqual(transcript.played({ type: "progress", turn: 1, played_ms: 250, clock }), [entry]);
  assert.deepEqual([transcript.sounded(1, clock), entry.coming], [[], 3]);
  assert.deepEqual(transcript.sounded(undefined, clock + 300).map(({ coming }) => coming), [7]);
  transcript.apply({ ...said(1, "agent", "More.", true), piece: 3 });
  assert.deepEqual(transcript.apply({ type: "heard", turn: 1, unheard: [[1, 7, 14], [3, 0, 5]], heard_ms: 550, audio_ms: 1400 }), transcript.entries);
  assert.deepEqual(transcript.entries.map(({ coming, unheard, heard }) => [coming, unheard, heard]), [
    [null, [[7, 14]], ""], [null, [[0, 5]], "heard 0.6 of 1.4 s"],
  ]);
  assert.equal(transcript.heardInWords(1), "The answer was cut off: heard 0.6 of 1.4 s. Not heard: three. More.");
  assert.equal(transcript.heardInWords(2), "");
});

test("a page that does not play goes by the one that does; a history keeps what is known of the sound", () => {
  const transcript = new TranscriptModel();
  transcript.apply({ ...said(1, "agent", "One two", true) });
  transcript.apply({ type: "words", turn: 1, piece: 0, start: 0, ends: [3, 7], ms: [200, 500] });
  transcript.apply({ type: "position", turn: 1, played_ms: 300, sounding: false });
  assert.equal(transcript.entries[0].coming, 3);
  transcript.clear();
  transcript.apply({ ...said(1, "agent", "One two", true) });
  assert.equal(transcript.entries[0].coming, 3);
  transcript.apply({ type: "turn", turn: 1, state: "resumed" });
  assert.deepEqual(transcript.sounded().map(({ coming }) => coming), [null]);
});

test("what became of a question stands after all of its turn, and goes where it is answered after all", () => {
  const transcript = new TranscriptModel();
  transcript.apply(said(1, "user", "roll", true));
  transcript.apply(said(2, "user", "again", true));
  const facts = { type: "turn_facts", turn: 1, time: 5, latency: "", ms: null, sound: false };
  const [outcome] = transcript.apply({ ...facts, outcome: "no answer: you cut in after 14.2 s", failed: false });
  assert.deepEqual([outcome.kind, outcome.key, outcome.final], ["unanswered", "outcome/1", true]);
  transcript.apply(said(1, "agent", "late", true));
  assert.deepEqual(texts(transcript), ["user: roll", "agent: late", "note: no answer: you cut in after 14.2 s", "user: again"]);
  transcript.apply({ ...facts, outcome: "It broke.", failed: true });
  assert.equal(outcome.kind, "failed");
  transcript.apply({ ...facts, outcome: "" });
  assert.deepEqual(texts(transcript), ["user: roll", "agent: late", "user: again"]);
  assert.equal(transcript.facts.get(1).time, 5);
  transcript.clear();
  assert.equal(transcript.facts.size, 0);
});

test("a written answer is rendered, until it goes on", () => {
  const transcript = new TranscriptModel();
  const write = (text, final) => transcript.apply({ type: "transcript", turn: 1, role: "agent", author: "dice", text, final, piece: 1 });
  write("**No.**", true);
  const [entry] = transcript.apply({ type: "rendered", turn: 1, piece: 1, html: "<p><strong>No.</strong></p>" });
  assert.deepEqual([entry.text, entry.html], ["**No.**", "<p><strong>No.</strong></p>"]);
  assert.deepEqual(transcript.apply({ type: "rendered", turn: 2, piece: 1, html: "x" }), []);
  write("**No.** Or yes.", true);
  assert.equal(entry.html, "");
});

test("what became of a question goes, also where nothing stands before it", () => {
  const transcript = new TranscriptModel();
  const facts = { type: "turn_facts", turn: 1, time: 5, latency: "", ms: null, sound: false };
  transcript.apply({ ...facts, outcome: "It broke.", failed: true });
  assert.deepEqual(texts(transcript), ["note: It broke."]);
  transcript.apply({ ...facts, outcome: "" });
  assert.deepEqual(texts(transcript), []);
});

test("the facts of turns are kept as long as their entries", () => {
  const transcript = new TranscriptModel(2);
  for (const turn of [1, 2, 3]) {
    transcript.apply(said(turn, "user", "roll", true));
    transcript.apply({ type: "turn_facts", turn, time: turn, latency: "", ms: null, sound: false, outcome: "" });
  }
  assert.deepEqual([...transcript.facts.keys()], [2, 3]);
});
