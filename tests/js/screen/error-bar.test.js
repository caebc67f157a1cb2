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

test("a session that has ended says so, and what to do", () => {
  assert.deepEqual(errors.ENDED, { code: "session_closed", message: "This session has ended.", remedy: "Run the cell that made this widget again." });
});

test("each failure of the page's own is a sentence with a remedy, under a code of its own", () => {
  const failures = [errors.UNREACHABLE, errors.REFUSED, errors.ENDED, errors.NOT_SENT];
  assert.deepEqual(failures.map(({ code }) => code), ["unreachable", "refused", "session_closed", "not_sent"]);
  for (const { message, remedy } of failures) assert.match(`${message}\n${remedy}`, /^[A-Z].*\.\n[A-Z].*\.$/);
});
