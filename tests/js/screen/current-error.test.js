import assert from "node:assert/strict";
import { test } from "node:test";
import { CurrentError } from "../../../adk_nb/static/screen/current-error.js";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { page } from "../page.js";

const DENIED = { code: "mic_denied", message: "It was not allowed.", remedy: "Allow it." };
const LOST = { code: "model_failed", message: "It broke off.", remedy: "Say it again." };

function shown(t) {
  page(t);
  const { error } = layOut(document.createElement("div"));
  const sent = [];
  return { current: new CurrentError(error, (message) => sent.push(message)), error, sent };
}

test("an error of the page goes when what failed works again, and the kernel is told of both", (t) => {
  const { current, error, sent } = shown(t);
  current.report(DENIED);
  assert.deepEqual([error.row.hidden, error.row.dataset.code], [false, "mic_denied"]);
  current.over("camera_");
  assert.deepEqual([error.row.hidden, sent.length], [false, 1]);
  current.over("mic_", "insecure_context");
  assert.equal(error.row.hidden, true);
  assert.deepEqual(sent, [{ type: "error", ...DENIED }, { type: "recovered", code: "mic_denied" }]);
});

test("one that another has covered is over all the same", (t) => {
  const { current, error, sent } = shown(t);
  current.report(DENIED);
  current.show(LOST);
  current.over("mic_");
  assert.deepEqual([error.row.dataset.code, sent.at(-1)], ["model_failed", { type: "recovered", code: "mic_denied" }]);
  current.over("mic_");
  assert.equal(sent.length, 2);
});

test("a model's error goes when it answers; one that no answer ends stays until it is dismissed", (t) => {
  const { current, error, sent } = shown(t);
  current.show({ ...LOST, lasts: false });
  for (const message of [{ type: "turn", state: "started" }, { type: "transcript", role: "user" }, { type: "turn", state: "failed" }]) current.answered(message);
  assert.equal(error.row.hidden, false);
  current.answered({ type: "transcript", role: "agent" });
  assert.deepEqual([error.row.hidden, sent], [true, []]);
  current.show({ ...LOST, lasts: false });
  current.answered({ type: "turn", state: "complete" });
  assert.equal(error.row.hidden, true);
  current.show({ ...LOST, lasts: true });
  current.answered({ type: "turn", state: "complete" });
  current.show(current.failure);
  assert.equal(error.row.hidden, false);
  current.dismiss();
  assert.deepEqual([error.row.hidden, sent], [true, [{ type: "recovered", code: "model_failed" }]]);
  current.dismiss();
  assert.equal(sent.length, 1);
});
