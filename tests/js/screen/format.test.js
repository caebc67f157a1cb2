import assert from "node:assert/strict";
import { test } from "node:test";
import { beginning, characters, formatCall, formatMs, show, unwrap } from "../../../adk_nb/static/screen/format.js";

test("values are shown as JSON, and words as they are", () => {
  assert.equal(show("text"), "text");
  assert.equal(show(undefined), "undefined");
  assert.equal(show(null), "null");
  assert.equal(show({ a: 1 }), '{"a":1}');
  assert.equal(show({ a: 1 }, 1), '{\n "a": 1\n}');
  const circle = {};
  circle.self = circle;
  assert.equal(show(circle), "[object Object]");
});

test("a call is shown as it would be written", () => {
  assert.equal(formatCall("f", null), "f()");
  assert.equal(formatCall("f", "x"), "f()");
  assert.equal(formatCall("f", { a: 1, b: "x", c: [null] }), 'f(a=1, b="x", c=[null])');
});

test("what ADK wrapped is shown without its wrapping, anything else as it is", () => {
  for (const [result, shown] of [
    [{ result: 3 }, 3], [{ result: null }, null], [{ other: 3 }, { other: 3 }], [{ result: 3, more: 1 }, { result: 3, more: 1 }],
    [[1], [1]], [null, null], ["x", "x"], [0, 0], [{}, {}],
  ]) assert.deepEqual(unwrap(result), shown);
});

test("times are shown in ms below a second, in seconds from there", () => {
  assert.deepEqual([0, 12.4, 12.5, 999, 1000, 1234, 61_000].map(formatMs), ["0 ms", "12 ms", "13 ms", "999 ms", "1.0 s", "1.2 s", "61.0 s"]);
});

test("characters are counted as Python counts them", () => {
  assert.deepEqual(["", "abc", "é", "🎲🎲"].map(characters), [0, 3, 1, 2]);
});

test("the beginning of a text cuts no character in two", () => {
  const family = "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}";
  for (const [text, length, begins] of [
    ["abc", 3, "abc"], ["abcd", 3, "abc…"], ["a\u{1f600}b", 2, "a…"], [`a${family}b`, 8, "a…"], [`a${family}b`, 9, `a${family}…`],
    ["cafe\u0301s", 4, "caf…"], ["\u{1f1e9}\u{1f1ea}\u{1f1eb}\u{1f1f7}", 6, "\u{1f1e9}\u{1f1ea}…"], ["今日は", 2, "今日…"], [`${family}b`, 3, "…"],
  ]) assert.equal(beginning(text, length), begins);
});
