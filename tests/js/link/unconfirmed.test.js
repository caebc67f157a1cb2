import assert from "node:assert/strict";
import { test } from "node:test";
import { Unconfirmed } from "../../../adk_nb/static/link/unconfirmed.js";

test("a text is kept under a name of its own until it has come", () => {
  const unconfirmed = new Unconfirmed();
  const [one, other] = [unconfirmed.add("same"), unconfirmed.add("same")];
  assert.deepEqual({ ...one, id: "" }, { type: "text", text: "same", id: "" });
  assert.match(one.id, /^[0-9a-z]+(-[0-9a-z]+){3}$/);
  assert.notEqual(one.id, other.id);
  assert.deepEqual(unconfirmed.all(), [one, other]);
  unconfirmed.taken("not-known");
  unconfirmed.taken(one.id);
  assert.deepEqual(unconfirmed.all(), [other]);
});

test("of very many the oldest goes", () => {
  const unconfirmed = new Unconfirmed();
  for (let i = 0; i < 100; i++) unconfirmed.add(String(i));
  assert.deepEqual([unconfirmed.all().length, unconfirmed.all()[0].text], [100, "0"]);
  unconfirmed.add("100");
  assert.deepEqual([unconfirmed.all().length, unconfirmed.all()[0].text, unconfirmed.all()[99].text], [100, "1", "100"]);
});
