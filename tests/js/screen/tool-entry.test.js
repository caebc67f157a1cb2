import assert from "node:assert/strict";
import { test } from "node:test";
import { isShort, outline, ToolEntry } from "../../../adk_nb/static/screen/tool-entry.js";
import { TranscriptModel } from "../../../adk_nb/static/screen/transcript-model.js";
import { assertGolden, page } from "../page.js";

for (const [output, short] of [
  ["", true],
  ["one\ntwo\n", true],
  ["1\n2\n3\n4\n5\n6\n", true],
  ["1\n2\n3\n4\n5\n6\n7\n", false],
  ["x".repeat(160), true],
  ["x".repeat(161), false],
  [`${"x".repeat(160)}\n`.repeat(5) + "x".repeat(155), true],
  [`${"x".repeat(160)}\n`.repeat(5) + "x".repeat(156), false],
  ["x".repeat(1_000_000), false],
]) {
  const name = JSON.stringify(output.slice(0, 16));
  test(`${name} of ${output.length} characters is ${short ? "short" : "folded"}`, () => assert.equal(isShort(output), short));
}

test("an outline is the first line that says something, and how much there is", () => {
  assert.equal(outline("\n\n  epoch 1\nepoch 2", 0), "epoch 1 (19 characters)");
  assert.equal(outline("x".repeat(72), 0), `${"x".repeat(72)} (72 characters)`);
  assert.equal(outline("x".repeat(20_000), 5), `${"x".repeat(72)}… (20005 characters)`);
  assert.equal(outline(`${"\n".repeat(999)}ab`, 0), "a (1001 characters)");
  assert.equal(outline("\n".repeat(2000), 0), " (2000 characters)");
});

/** A tool's entry, and what was answered in it. */
function shown(t, { sends = true } = {}) {
  page(t);
  const transcript = new TranscriptModel();
  const answers = [];
  const wanted = [];
  const stopped = [];
  const tool = new ToolEntry(
    (id, approved) => (answers.push([id, approved]), sends), (rest) => (wanted.push(rest), sends), (id) => (stopped.push(id), sends),
  );
  document.body.append(tool.body);
  const say = (type, fields = {}) => {
    const [entry] = transcript.apply({ type, turn: 1, id: "a", ...fields });
    tool.draw(entry);
    return tool.body;
  };
  return { tool, say, answers, wanted, stopped };
}
const PNG = "data:image/png;base64,AAAA";
const words = (element) => element.textContent;

test("a call that runs", (t) => assertGolden("tool-running", shown(t).say("tool_call", { name: "roll", args: { sides: 6 } })));

test("a call can be stopped while it runs, once, and not while it waits for the user", (t) => {
  const { say, stopped } = shown(t);
  const stop = say("tool_call", { name: "roll", args: { sides: 6 } }).querySelector('[data-adk-nb="stop-tool"]');
  assert.deepEqual([stop.hidden, stop.ariaLabel], [false, "Stop roll"]);
  stop.click();
  stop.click();
  assert.deepEqual(stopped, ["a"]);
  say("question", { name: "roll", args: {}, hint: "" });
  assert.equal(stop.hidden, true);
  say("answer", { approved: true });
  assert.equal(stop.hidden, false);
  say("tool_result", { name: "roll", error: "The user stopped this call.", ms: 5 });
  assert.equal(stop.hidden, true);
});

test("a stop that did not go out can be pressed again", (t) => {
  const { say, stopped } = shown(t, { sends: false });
  const stop = say("tool_call", { name: "roll", args: {} }).querySelector('[data-adk-nb="stop-tool"]');
  stop.click();
  stop.click();
  assert.deepEqual(stopped, ["a", "a"]);
});

test("a call that returned, with what it printed and displayed", (t) => {
  const { say } = shown(t);
  say("tool_call", { name: "roll", args: { sides: 6 } });
  say("tool_output", { text: "rolling\n" });
  say("tool_output", { image: PNG });
  assertGolden("tool-returned", say("tool_result", { name: "roll", result: { result: 4 }, ms: 12.3 }));
});

test("a long call with a long result is folded, whole in its details", (t) => {
  const { say } = shown(t);
  say("tool_call", { name: "send", args: { text: "x".repeat(170) } });
  assertGolden("tool-long", say("tool_result", { name: "send", result: "y\nz,".repeat(40), ms: 1200 }));
});

test("a call of 160 characters is shown, one of 161 folded", (t) => {
  const { say } = shown(t);
  const call = (length) => say("tool_call", { name: "f", args: { a: "x".repeat(length - 'f(a="")'.length) } });
  assert.equal(call(160).querySelector("details"), null);
  const folded = call(161);
  assert.equal(words(folded.querySelector("summary .adk-nb-call")), `f(a="${"x".repeat(67)}…`);
  assert.match(words(folded.querySelector("pre")), /^f\(a="x{154}"\)\n→ $/);
});

test("a result of several lines, however short, is folded, and its preview is one line", (t) => {
  const { say } = shown(t);
  const body = say("tool_result", { name: "f", result: "a\n b", ms: 1 });
  assert.equal(words(body.querySelector("summary .adk-nb-result")), "a b");
  assert.equal(words(body.querySelector("pre")), "a\n b");
  const long = say("tool_result", { name: "f", result: `a\n${"b".repeat(70)}`, ms: 1 });
  assert.equal(words(long.querySelector("summary .adk-nb-result")), `a ${"b".repeat(70)}`);
  const longer = say("tool_result", { name: "f", result: `a\n${"b".repeat(71)}`, ms: 1 });
  assert.equal(words(longer.querySelector("summary .adk-nb-result")), `a ${"b".repeat(70)}…`);
});

test("details that are open stay open when the result changes", (t) => {
  const { say } = shown(t);
  const details = () => say("tool_result", { name: "f", result: `a\n${Math.random()}`, ms: 1 }).querySelector(".adk-nb-said");
  const first = details();
  assert.equal(first.open, false);
  first.open = true;
  const second = details();
  assert.notEqual(second, first);
  assert.equal(second.open, true);
});

test("what did not change is not drawn anew", (t) => {
  const { tool, say } = shown(t);
  say("tool_call", { name: "f", args: {} });
  const line = tool.line.firstChild;
  say("tool_call", { name: "f", args: {} });
  say("tool_output", { text: "x" });
  assert.equal(tool.line.firstChild, line);
});

test("a question, with the whole call, and its answer", (t) => {
  const { say, answers } = shown(t);
  say("tool_call", { name: "pay", args: { to: "x".repeat(200) } });
  const body = say("question", { name: "pay", args: { to: "x".repeat(200) }, hint: "" });
  assertGolden("tool-question", body);
  const [approve, reject] = ["approve", "reject"].map((name) => body.querySelector(`[data-adk-nb=${name}]`));
  reject.click();
  assert.deepEqual([answers, approve.disabled, reject.disabled], [[["a", false]], true, true]);
  assertGolden("tool-answered", say("answer", { approved: false }));
  const tag = say("answer", { approved: true, ms: 23_400 }).querySelector("[data-answer=approved]");
  assert.equal(tag.title, "approval_ms: it waited 23.4 s for you");
});

test("a question's own words stand above its buttons, and the same question is not asked anew", (t) => {
  const { say, answers } = shown(t);
  const ask = () => say("question", { name: "pay", args: {}, hint: "Pay now?" });
  const body = ask();
  assert.equal(words(body.querySelector(".adk-nb-hint")), "Pay now?");
  body.querySelector("[data-adk-nb=approve]").click();
  assert.deepEqual(answers, [["a", true]]);
  const box = body.querySelector("[data-adk-nb=question]");
  say("tool_output", { text: "x" });
  assert.equal(body.querySelector("[data-adk-nb=question]"), box);
});

test("an answer that did not go out can be given again", (t) => {
  const { say } = shown(t, { sends: false });
  const body = say("question", { name: "pay", args: {}, hint: "" });
  body.querySelector("[data-adk-nb=approve]").click();
  assert.equal(body.querySelector("[data-adk-nb=approve]").disabled, false);
});

test("what is printed is added to, and folded once it is long", (t) => {
  const { tool, say } = shown(t);
  const box = say("tool_output", { text: "one\n" }).querySelector(".adk-nb-printed");
  const node = tool.printed.text;
  assert.deepEqual([box.hidden, words(box.querySelector("pre")), box.querySelector("details")], [false, "one\n", null]);
  say("tool_output", { text: "2\n3\n4\n5\n6\n7\n" });
  const details = box.querySelector("details");
  assert.deepEqual([words(details.querySelector("summary")), details.querySelector("pre").tabIndex], ["one (16 characters)", 0]);
  say("tool_output", { text: "8\n" });
  assert.deepEqual([words(details.querySelector("summary")), box.querySelector("details"), tool.printed.text], ["one (18 characters)", details, node]);
  assert.equal(words(details.querySelector("pre")), "one\n2\n3\n4\n5\n6\n7\n8\n");
  assert.equal(box.querySelector(".adk-nb-cut").hidden, true);
});

test("a tool that printed nothing has no box for it", (t) => {
  assert.equal(shown(t).say("tool_call", { name: "f", args: {} }).querySelector(".adk-nb-printed").hidden, true);
});

test("what is not shown of a great deal is counted", (t) => {
  const { say } = shown(t);
  const body = say("tool_output", { text: "x".repeat(20_007) });
  const cut = body.querySelector(".adk-nb-cut");
  assert.deepEqual([cut.hidden, words(cut)], [false, "… 7 more characters were printed and are not shown"]);
  assert.match(words(body.querySelector("summary")), /\(20007 characters\)$/);
});

test("images are added, named after their tool once it is known, and counted past eight", (t) => {
  const { say } = shown(t);
  const body = say("tool_output", { image: PNG });
  const box = body.querySelector(".adk-nb-images");
  assert.deepEqual([box.hidden, box.firstChild.alt, box.firstChild.src], [false, "displayed by a tool", PNG]);
  const first = box.firstChild;
  say("tool_call", { name: "plot", args: {} });
  assert.deepEqual([box.firstChild, first.alt, box.children.length], [first, "displayed by plot", 1]);
  for (let i = 0; i < 9; i++) say("tool_output", { image: PNG });
  assert.deepEqual([box.querySelectorAll("img").length, box.children.length, words(box.lastChild)], [8, 9, "… 2 more images are not shown"]);
});

test("a result that was shortened offers more of it, once a click, and keeps the focus", (t) => {
  const { say, wanted } = shown(t);
  const body = say("tool_result", { name: "f", result: "x".repeat(200), ms: 1, length: 1_234_567 });
  const button = () => body.querySelector("[data-adk-nb=more]");
  assert.equal(words(button()), "Show more (200 of 1,234,567 characters)");
  assert.match(words(button().parentElement), /live\.tools_df\(\) has all of it/);
  body.querySelector("details").open = true;
  button().focus();
  button().click();
  button().click();
  assert.deepEqual(wanted, [{ id: "a", offset: 200, length: 1_234_567 }]);
  say("tool_more", { offset: 200, text: "y".repeat(100), length: 1_234_567 });
  assert.equal(words(button()), "Show more (300 of 1,234,567 characters)");
  assert.deepEqual([document.activeElement, body.querySelector("details").open], [button(), true]);
  say("tool_more", { offset: 300, text: "", length: 1_234_567 });
  assert.deepEqual([button(), document.activeElement], [null, body.querySelector("pre")]);
});

test("more that could not be asked for can be asked for again", (t) => {
  const { say, wanted } = shown(t, { sends: false });
  const button = say("tool_result", { name: "f", result: "x".repeat(200), ms: 1, length: 999 }).querySelector("[data-adk-nb=more]");
  button.click();
  button.click();
  assert.equal(wanted.length, 2);
});

for (const [sign_in, type, wanted, linked] of [
  ["https://accounts.example/auth?x=1", "text", "The address that you were sent to, or the code", "Sign in at accounts.example"],
  ["", "password", "The key or token", undefined],
]) {
  test(`a sign-in ${linked ? "has a link and" : "without an address has"} a field for what comes of it, and can be refused`, (t) => {
    for (const given of [" the code ", null]) {
      const { say, tool, answers } = shown(t);
      const answered = [];
      tool.answer = (...how) => (answered.push(how), true);
      const body = say("question", { name: "mail", args: { to: "ada" }, hint: "Sign in.", sign_in });
      const part = (name) => body.querySelector(`[data-adk-nb=${name}]`);
      const field = part("sign-in-answer");
      assert.deepEqual([part("question").getAttribute("aria-label"), part("question").getAttribute("role")], ['Sign in for mail(to="ada")', "group"]);
      assert.deepEqual([field.type, field.placeholder, field.ariaLabel ?? field.getAttribute("aria-label")], [type, wanted, wanted]);
      assert.equal(part("sign-in")?.textContent, linked);
      assert.equal(part("sign-in")?.getAttribute("rel") ?? "noopener noreferrer", "noopener noreferrer");
      const submit = () => field.form.dispatchEvent(new Event("submit", { cancelable: true }));
      field.value = "  ";
      assert.equal(submit(), false);
      assert.deepEqual([answered, document.activeElement], [[], field]);
      field.value = given ?? "";
      if (given) submit();
      else part("reject").click();
      assert.deepEqual(answered, [given ? ["a", true, "the code"] : ["a", false]]);
      assert.deepEqual([field.disabled, part("approve").disabled, part("reject").disabled, answers], [true, true, true, []]);
    }
  });
}

test("a sign-in's answer that does not go out can be given again", (t) => {
  const { say, tool } = shown(t);
  tool.answer = () => false;
  const body = say("question", { name: "mail", args: {}, hint: "", sign_in: "" });
  body.querySelector("[data-adk-nb=reject]").click();
  assert.deepEqual([...body.querySelectorAll("input, [data-adk-nb=approve], [data-adk-nb=reject]")].map((one) => one.disabled), [false, false, false]);
});
