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
  assert.deepEqual(errors.ENDED, { code: "session_closed", message: "This conversation has ended.", remedy: "Run the cell for a new one." });
});

test("each failure of the page's own is a sentence with a remedy, under a code of its own", () => {
  const failures = [errors.unreachable([]), errors.REFUSED, errors.ENDED, errors.NOT_SENT, errors.cellHolds("6.29.0")];
  assert.deepEqual(failures.map(({ code }) => code), ["unreachable", "refused", "session_closed", "not_sent", "cell_holds"]);
  for (const { message, remedy } of failures) assert.match(`${message}\n${remedy}`, /^[A-Z].*\.\n[A-Z].*\.$/);
});

test("a kernel out of reach is said with every way that was tried, and how it failed", () => {
  const forced = errors.unreachable([{ transport: "relay", why: "refused" }], "relay");
  assert.match(forced.message, /the Jupyter server \(refused\), the only way that talk\(transport="relay"\) allows\.$/);
  assert.match(forced.remedy, /^Install adk-nb where the Jupyter server runs/);
  const { message } = errors.unreachable([{ transport: "relay", why: "refused" }, { transport: "websocket", why: "no answer" }, { transport: "comm", why: "not there" }]);
  assert.equal(message, "The kernel cannot be reached. Tried: the Jupyter server (refused), its own port (no answer), the notebook's messages (not there).");
});

test("a cell that holds the sound is blamed on ipykernel only where that is old", () => {
  assert.equal(errors.cellHolds("6.29.0").message, "A running cell blocks the sound: this kernel has ipykernel 6.29.0.");
  for (const version of ["7.4.0", ""]) assert.equal(errors.cellHolds(version).message, "A running cell blocks the sound.");
});
