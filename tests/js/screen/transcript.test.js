import assert from "node:assert/strict";
import { test } from "node:test";
import { TranscriptModel } from "../../../adk_nb/static/screen/transcript-model.js";
import { Transcript } from "../../../adk_nb/static/screen/transcript.js";
import { assertGolden, page } from "../page.js";

/** A transcript in a box 100 px high, whose content is 20 px an entry. */
function shown(t, { limit = 500, sends = true } = {}) {
  page(t);
  const box = document.createElement("div");
  box.tabIndex = 0;
  document.body.append(box);
  Object.defineProperty(box, "clientHeight", { get: () => 100, configurable: true });
  Object.defineProperty(box, "scrollHeight", { get: () => 20 * box.children.length });
  const model = new TranscriptModel(limit);
  const [answers, asked, stopped] = [[], [], []];
  const transcript = new Transcript(box, (id, approved) => (answers.push([id, approved]), sends), ({ id, offset }) => (asked.push([id, offset]), sends), (id) => (stopped.push(id), sends));
  const say = (type, fields) => transcript.update(model.entries, model.apply({ type, turn: 1, ...fields })).map(({ key }) => key);
  const speak = (turn, role, text, final = false, more = {}) => say("transcript", { turn, role, author: role === "agent" ? "dice" : "", text, final, ...more });
  return { box, model, transcript, answers, asked, stopped, say, speak };
}
const lines = (box) => [...box.children].map((node) => node.textContent);

test("a conversation", (t) => {
  const { box, say, speak } = shown(t);
  speak(1, "user", "roll", true);
  speak(1, "agent", "You rolled", false, { author: "" });
  say("tool_call", { id: "a", name: "roll", args: {} });
  speak(2, "user", "tell me a story", true);
  speak(2, "agent", "Once upon a time", true, { interrupted: true });
  say("note", { id: "n", turn: 2, kind: "swap", text: "Now flip." });
  speak(3, "agent", "It rained.", true);
  say("sources", { turn: 3, sources: [{ title: "yr.no", uri: "https://yr.no" }, { title: "a book", uri: "urn:1" }] });
  assertGolden("transcript", box);
});

test("a written answer is shown with its markup, which words that come take away", (t) => {
  const { box, say, speak } = shown(t);
  speak(1, "agent", "**No.**", true);
  say("rendered", { turn: 1, piece: 0, html: "<p><strong>No.</strong></p>" });
  const words = box.querySelector(".adk-nb-words");
  assert.deepEqual([words.innerHTML, words.classList.contains("adk-nb-markdown")], ["<p><strong>No.</strong></p>", true]);
  speak(1, "agent", "**No.** Yes.", true);
  assert.deepEqual([words.innerHTML, words.classList.contains("adk-nb-markdown")], ["**No.** Yes.", false]);
});

test("what comes while one reads further up is counted on a button that leads to it", (t) => {
  const { box, transcript, speak } = shown(t);
  const button = () => document.querySelector("[data-adk-nb=newer]");
  for (let turn = 1; turn <= 10; turn++) speak(turn, "agent", `${turn}`, true);
  assert.equal(button().hidden, true);
  box.scrollTop = 0;
  box.dispatchEvent(new Event("scroll"));
  speak(11, "user", "more", true);
  speak(11, "agent", "Yes", false);
  speak(11, "agent", "Yes.", true);
  assert.deepEqual([button().hidden, button().textContent, box.scrollTop], [false, "2 new ▾", 0]);
  assert.equal(button().getAttribute("aria-label"), "2 new below: go to the newest");
  button().click();
  assert.deepEqual([button().hidden, transcript.following, document.activeElement], [true, true, box]);
  speak(12, "user", "again", true);
  assert.equal(button().hidden, true);
  box.scrollTop = 0;
  box.dispatchEvent(new Event("scroll"));
  speak(13, "user", "once more", true);
  assert.equal(button().textContent, "1 new ▾");
  transcript.clear();
  assert.equal(button().hidden, true);
});

test("entries are in the model's order, whenever they come", (t) => {
  const { box, say, speak } = shown(t);
  speak(2, "agent", "two");
  speak(1, "agent", "one");
  speak(2, "user", "second");
  say("note", { id: "n", turn: 1, kind: "swap", text: "Now." });
  assert.deepEqual(lines(box), ["diceone", "Now.", "yousecond", "dicetwo"]);
});

test("those that became final are told, once", (t) => {
  const { say, speak } = shown(t);
  assert.deepEqual(speak(1, "user", "ro"), []);
  assert.deepEqual(speak(1, "user", "roll", true), ["1/user/"]);
  assert.deepEqual(speak(1, "user", "roll!", true), []);
  speak(1, "agent", "Once");
  assert.deepEqual(say("turn", { state: "interrupted" }), ["1/agent/dice"]);
});

test("words change in their place; an interruption marks them", (t) => {
  const { box, say, speak } = shown(t);
  speak(1, "agent", "On");
  const words = box.querySelector(".adk-nb-words");
  speak(1, "agent", "Once");
  assert.deepEqual([box.querySelector(".adk-nb-words"), words.textContent], [words, "Once"]);
  say("turn", { state: "interrupted" });
  assert.deepEqual([box.children[0].dataset.interrupted, box.querySelector(".adk-nb-tag").textContent], ["true", "interrupted"]);
});

test("what a guard says in the agent's place says so, and stands alone", (t) => {
  const { box, say, speak } = shown(t);
  speak(1, "agent", "The number is");
  say("turn", { state: "withheld" });
  assert.deepEqual(lines(box), []);
  assert.deepEqual(speak(1, "agent", "I may not say.", true, { withheld: true }), ["1/agent/dice"]);
  assert.deepEqual(lines(box), ["diceI may not say. withheld by a guard"]);
  assert.equal(box.children[0].dataset.withheld, "true");
});

test("sources are drawn where they changed, and only there", (t) => {
  const { box, say, speak } = shown(t);
  const list = [{ title: "yr.no", uri: "https://yr.no" }];
  speak(1, "agent", "It");
  say("sources", { sources: list });
  const link = box.querySelector("a");
  speak(1, "agent", "It rained.");
  assert.equal(box.querySelector("a"), link);
  say("sources", { sources: list });
  assert.equal(box.querySelectorAll("a").length, 1);
  assert.notEqual(box.querySelector("a"), link);
  speak(1, "agent", "More.", false, { author: "other" });
  assert.deepEqual([...box.querySelectorAll("[data-adk-nb=sources]")].map((line) => line.parentElement.textContent), ["More.Sources: yr.no"]);
  say("sources", { sources: [] });
  assert.equal(box.querySelector("[data-adk-nb=sources]"), null);
});

test("it follows what is new, until the user scrolls away from the end by more than 32 px", (t) => {
  const { box, say, speak } = shown(t);
  const scroll = (top) => {
    box.scrollTop = top;
    box.dispatchEvent(new Event("scroll"));
  };
  for (let turn = 1; turn <= 10; turn++) speak(turn, "user", "x");
  assert.equal(box.scrollTop, 200);
  scroll(200 - 100 - 31);
  speak(11, "user", "x");
  assert.equal(box.scrollTop, 220);
  scroll(220 - 100 - 32);
  speak(12, "user", "x");
  assert.equal(box.scrollTop, 220 - 100 - 32);
  box.firstChild.dispatchEvent(new Event("load"));
  assert.equal(box.scrollTop, 220 - 100 - 32);
  scroll(240 - 100 - 31);
  say("news", {});
  assert.equal(box.scrollTop, 240 - 100 - 31);
  box.firstChild.dispatchEvent(new Event("load"));
  assert.equal(box.scrollTop, 240);
});

test("a scroll that was not told of yet is not undone by what comes", (t) => {
  const { box, transcript, speak } = shown(t);
  for (let turn = 1; turn <= 10; turn++) speak(turn, "user", "x");
  box.scrollTop = 200 - 100 - 31;
  speak(11, "user", "x");
  assert.equal(box.scrollTop, 220);
  box.scrollTop = 220 - 100 - 32;
  speak(12, "user", "x");
  assert.deepEqual([box.scrollTop, document.querySelector("[data-adk-nb=newer]").hidden], [220 - 100 - 32, false]);
  transcript.clear();
  speak(13, "user", "x");
  assert.equal(box.scrollTop, 20);
});

test("a box that grew, and one whose entries went, are followed on", (t) => {
  const { box, speak } = shown(t, { limit: 3 });
  let height = 100;
  Object.defineProperty(box, "clientHeight", { get: () => height });
  for (let turn = 1; turn <= 3; turn++) speak(turn, "user", "x");
  height = 20; // a smaller box: its end is further away, and nobody scrolled
  speak(4, "user", "x");
  assert.equal(box.scrollTop, box.scrollHeight);
  box.scrollTop -= 5; // as the browser does where there is less to scroll
  speak(5, "user", "x");
  assert.equal(box.scrollTop, box.scrollHeight);
});

test("cleared, it is empty, and follows again", (t) => {
  const { box, transcript, speak } = shown(t);
  speak(1, "user", "x");
  transcript.following = false;
  transcript.clear();
  assert.deepEqual([box.children.length, transcript.following, transcript.nodes.size], [0, true, 0]);
  speak(1, "user", "x");
  assert.equal(box.children.length, 1);
});

test("entries that the model let go are taken out", (t) => {
  const { box, transcript, speak } = shown(t, { limit: 3 });
  for (let turn = 1; turn <= 5; turn++) speak(turn, "user", `turn ${turn}`);
  assert.deepEqual([lines(box), transcript.nodes.size], [["youturn 3", "youturn 4", "youturn 5"], 3]);
});

const question = { id: "a", name: "pay", args: {}, hint: "" };

test("a question's answer goes out, and the focus stays in the transcript", (t) => {
  const { box, answers, say } = shown(t);
  say("question", question);
  const approve = box.querySelector("[data-adk-nb=approve]");
  approve.focus();
  approve.click();
  assert.deepEqual([answers, document.activeElement], [[["a", true]], box]);
  assert.equal(approve.disabled, true);
});

test("a tool is stopped, and more of its result asked for; the focus stays in the transcript", (t) => {
  const { box, asked, stopped, say } = shown(t);
  say("tool_call", { id: "a", name: "roll", args: {} });
  const stop = box.querySelector("[data-adk-nb=stop-tool]");
  stop.focus();
  stop.click();
  assert.deepEqual([stopped, document.activeElement], [["a"], box]);
  say("tool_result", { id: "a", name: "roll", result: "x".repeat(200), ms: 1, length: 999 });
  box.querySelector("[data-adk-nb=more]").click();
  assert.deepEqual(asked, [["a", 200]]);
});

test("an answer that does not go out leaves the focus where it is", (t) => {
  const { box, say } = shown(t, { sends: false });
  say("question", question);
  const approve = box.querySelector("[data-adk-nb=approve]");
  approve.focus();
  approve.click();
  assert.deepEqual([document.activeElement, approve.disabled], [approve, false]);
});

test("an element that goes gives its focus to the transcript; the focus elsewhere stays there", (t) => {
  const { box, transcript, say } = shown(t);
  say("question", question);
  box.querySelector("[data-adk-nb=reject]").focus();
  say("answer", { id: "a", approved: false });
  assert.equal(document.activeElement, box);
  const text = document.createElement("input");
  document.body.append(text);
  text.focus();
  transcript.clear();
  assert.equal(document.activeElement, text);
});

test("words to come are apart, and those that were never heard are struck through", (t) => {
  const { box, say, speak } = shown(t);
  speak(1, "agent", "One two three.", true);
  say("words", { piece: 0, start: 0, ends: [3, 7, 14], ms: [200, 500, 900] });
  const words = box.querySelector(".adk-nb-words");
  say("position", { played_ms: 0, sounding: false });
  assert.equal(words.innerHTML, '<span class="adk-nb-coming" data-adk-nb="coming">One two three.</span>');
  say("position", { played_ms: 300, sounding: false });
  assert.equal(words.innerHTML, 'One <span class="adk-nb-coming" data-adk-nb="coming">two three.</span>');
  say("position", { played_ms: 900, sounding: false });
  assert.equal(words.innerHTML, "One two three.");
  say("turn", { state: "interrupted" });
  say("heard", { unheard: [[0, 7, 14]], heard_ms: 500, audio_ms: 900 });
  assert.equal(words.innerHTML, 'One two <s class="adk-nb-unheard" data-adk-nb="unheard">three.</s>');
  assert.deepEqual([box.querySelector(".adk-nb-tag").textContent, box.querySelector(".adk-nb-heard").textContent], ["interrupted", "heard 500 of 900 ms"]);
  say("sources", { sources: [{ title: "yr.no", uri: "https://yr.no" }] });
  assert.equal(box.textContent, "diceOne two three. interrupted heard 500 of 900 msSources: yr.no");
});

test("a turn's line stands before what was said first in it, and before what became of it where nothing was", (t) => {
  const { box, model, transcript } = shown(t);
  const apply = (type, fields) => transcript.update(model.entries, model.apply({ type, ...fields }), model.facts);
  const facts = (turn, outcome = "") => apply("turn_facts", { turn, time: 0, latency: "", ms: null, sound: false, outcome, failed: false });
  const order = () => [...box.children].map((node) => node.dataset.adkNb ?? (node.dataset.kind || node.dataset.role)).join(" ");
  apply("note", { id: "n", turn: 1, kind: "swap", text: "Now flip." });
  facts(1);
  assert.equal(order(), "swap");
  for (const [role, text] of [["user", "flip"], ["agent", "Heads."]]) apply("transcript", { turn: 1, role, author: "", text, final: true });
  assert.equal(order().split(" ").filter((name) => name !== "swap").join(" "), "turn user agent");
  facts(2, "no answer: it broke");
  assert.equal(order().split(" ").slice(-2).join(" "), "turn unanswered");
});

test("what stays above another conversation has no buttons, and does not go when it is cleared", (t) => {
  const { box, say, speak, transcript, model } = shown(t);
  speak(1, "user", "roll", true);
  say("question", { id: "q", name: "pay", args: {}, hint: "Now?" });
  assert.ok(box.querySelector("button"));
  transcript.leave("A new conversation begins.");
  model.clear();
  transcript.clear();
  assert.deepEqual([box.querySelector("button"), lines(box)[0], lines(box).at(-1)], [null, "youroll", "A new conversation begins."]);
  assert.deepEqual([box.lastElementChild.dataset.role, box.lastElementChild.dataset.kind], ["note", "anew"]);
  speak(1, "user", "flip", true);
  assert.equal(lines(box).at(-1), "youflip");
});
