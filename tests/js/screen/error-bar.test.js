import assert from "node:assert/strict";
import { test } from "node:test";
import * as errors from "../../../adk_nb/static/screen/error-bar.js";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { page } from "../page.js";

test("a failure is shown with what to do and its code, and taken back whole", (t) => {
  page(t);
  const { error } = layOut(document.createElement("div"));
  errors.showFailure(error, { code: "mic_denied", message: "No.", remedy: "Allow it." });
  assert.deepEqual([error.row.hidden, error.row.dataset.code], [false, "mic_denied"]);
  assert.equal(error.row.querySelector(".adk-nb-error-text").textContent, "No. Allow it. mic_denied");
  errors.showFailure(error, null);
  assert.deepEqual([error.row.hidden, error.row.dataset.code, error.row.textContent.trim()], [true, "", ""]);
});

test("each failure of the page's own is a sentence with a remedy, under a code of its own", () => {
  const failures = [errors.NOT_SENT, errors.TOO_LONG, errors.cellHolds("6.29.0")];
  assert.deepEqual(failures.map(({ code }) => code), ["not_sent", "text_too_long", "cell_holds"]);
  for (const { message, remedy } of failures) assert.match(`${message}\n${remedy}`, /^[A-Z].*\.\n[A-Z].*\.$/);
});

test("a cell that holds the sound is blamed on ipykernel only where that is old", () => {
  assert.equal(errors.cellHolds("6.29.0").message, "A running cell blocks the sound: this kernel has ipykernel 6.29.0.");
  for (const version of ["7.4.0", ""]) assert.equal(errors.cellHolds(version).message, "A running cell blocks the sound.");
});
