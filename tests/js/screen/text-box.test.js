import assert from "node:assert/strict";
import { test } from "node:test";
import { press } from "../page.js";
import { viewed } from "./viewed.js";

test("what is typed is sent with Enter or the button, trimmed; nothing is not", async (t) => {
  const { hook, sent, type, usable } = await viewed(t);
  type("  hello  ");
  assert.equal(usable(), "mic text send");
  assert.equal(press(hook("text"), "Enter").defaultPrevented, true);
  type("again");
  hook("send").click();
  assert.deepEqual(sent().map(({ type, text }) => [type, text]), [["text", "hello"], ["text", "again"]]);
  assert.deepEqual([hook("text").value, usable()], ["", "mic text"]);
  type("   ");
  press(hook("text"), "Enter");
  assert.deepEqual([sent(), usable()], [[], "mic text"]);
});

test("a text that is too long is kept, and the error says what to do", async (t) => {
  const { hook, error, sent, type } = await viewed(t);
  type("\u{1f3b2}".repeat(100_001));
  hook("send").click();
  assert.equal(hook("text").value.length, 200_002);
  assert.match(error(), /^text_too_long: .* Send at most 100,000 characters/);
  type("\u{1f3b2}".repeat(100_000));
  assert.equal(error(), "");
  hook("send").click();
  assert.equal(sent().length, 1);
});

test("Shift+Enter, other keys, and Enter while a word is composed do not send", async (t) => {
  const { hook, sent, type } = await viewed(t);
  type("hello");
  for (const [key, how] of [["Enter", { shiftKey: true }], ["Enter", { isComposing: true }], ["Enter", { keyCode: 229 }], ["a", {}]]) {
    assert.equal(press(hook("text"), key, how).defaultPrevented, false);
  }
  assert.deepEqual(sent(), []);
});

test("what is sent without a connection waits in the box, says so, and is sent when that is back", async (t) => {
  const { hook, type, drop, wait, greet, sent } = await viewed(t);
  assert.equal(hook("send").title, "Send (Enter)");
  await drop(1006);
  type("hello");
  assert.match(hook("send").title, /no connection: Enter keeps the text here/);
  assert.equal(hook("unsent").textContent, "");
  press(hook("text"), "Enter");
  assert.deepEqual([hook("text").value, hook("unsent").textContent], ["hello", "It waits here, and is sent when the connection is back."]);
  await wait(400);
  await greet({});
  assert.deepEqual(sent().map(({ type: kind, text }) => [kind, text]).filter(([kind]) => kind === "text"), [["text", "hello"]]);
  assert.deepEqual([hook("text").value, hook("unsent").textContent, hook("send").title], ["", "", "Send (Enter)"]);
});

test("what is written on after that is not sent by itself", async (t) => {
  const { hook, type, drop, wait, greet, sent } = await viewed(t);
  await drop(1006);
  type("hello");
  press(hook("text"), "Enter");
  type("hello, I mean");
  assert.equal(hook("unsent").textContent, "");
  await wait(400);
  await greet({});
  assert.deepEqual([sent().filter(({ type: kind }) => kind === "text"), hook("text").value], [[], "hello, I mean"]);
});

test("what is sent is seen: the transcript goes to its end", async (t) => {
  const { hook, type, view } = await viewed(t);
  view.transcript.shown.following = false;
  type("hello");
  hook("send").click();
  assert.equal(view.transcript.shown.following, true);
});

test("the box says whether the agent can be spoken to, and takes nothing once all is over", async (t) => {
  const { hook, says, type, usable } = await viewed(t, { hello: { audio: { input: false } } });
  assert.equal(hook("text").placeholder, "Type a message");
  says("audio", { audio: true });
  assert.equal(hook("text").placeholder, "Speak, or type a message");
  type("hello");
  says("state", { state: "closed" });
  assert.deepEqual([hook("text").disabled, usable()], [true, ""]);
});
