import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTEBOOK, SERVED } from "../../../adk_nb/static/screen/wording.js";

for (const [name, words] of Object.entries({ NOTEBOOK, SERVED })) {
  test(`each failure is a sentence with a remedy, under a code of its own: ${name}`, () => {
    const failures = [words.unreachable([]), words.refused, words.ended];
    assert.deepEqual(failures.map(({ code }) => code), ["unreachable", "refused", "session_closed"]);
    for (const { message, remedy } of failures) assert.match(`${message}\n${remedy}`, /^[A-Z].*\.\n[A-Z].*\.$/);
  });
}

test("a session that has ended says so, and what to do", () => {
  assert.deepEqual(NOTEBOOK.ended, { code: "session_closed", message: "This conversation has ended.", remedy: "Run the cell for a new one." });
  assert.equal(SERVED.ended.remedy, "Reload the page for a new one.");
});

test("a kernel out of reach is said with every way that was tried, and how it failed", () => {
  const forced = NOTEBOOK.unreachable([{ transport: "relay", why: "refused" }], "relay");
  assert.match(forced.message, /the Jupyter server \(refused\), the only way that talk\(transport="relay"\) allows\.$/);
  assert.match(forced.remedy, /^Install adk-nb where the Jupyter server runs/);
  const { message } = NOTEBOOK.unreachable([{ transport: "relay", why: "refused" }, { transport: "websocket", why: "no answer" }, { transport: "comm", why: "not there" }]);
  assert.equal(NOTEBOOK.unreachable([]).message, "The kernel cannot be reached.");
  assert.equal(message, "The kernel cannot be reached. Tried: the Jupyter server (refused), its own port (no answer), the notebook's messages (not there).");
});

test("who visits a server is told of no kernel, cell or notebook", () => {
  const { unreachable, ...rest } = SERVED;
  assert.doesNotMatch(JSON.stringify([unreachable([{ transport: "websocket", why: "refused" }]), rest]), /kernel|cell\b|notebook|widget|adk_nb/i);
});
