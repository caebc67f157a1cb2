import assert from "node:assert/strict";
import { test } from "node:test";
import { formatCall, formatMs, show, unwrap } from "../../../adk_nb/static/screen/format.js";

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
});
