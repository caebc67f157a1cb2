import assert from "node:assert/strict";
import { test } from "node:test";
import { Header } from "../../../adk_nb/static/screen/header.js";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { page } from "../page.js";

function shown(t) {
  page(t);
  const { head } = layOut(document.createElement("div"));
  const connection = { transport: "", roundTrip: Infinity };
  const header = new Header(head, { websocket: "Its own port.", relay: "The Jupyter server.", comm: "Messages." }, connection);
  return { head, connection, header };
}

test("it names who answers, and with which tools", (t) => {
  const { head, header } = shown(t);
  header.name({ name: "dice", model: "smol", working: ["roll", "flip"] });
  assert.deepEqual([head.agent.textContent, head.model.textContent, head.agent.title], ["dice", "smol", "Tools: roll, flip"]);
  header.name({ name: "talk", model: "big", working: [] });
  assert.deepEqual([head.agent.textContent, head.model.textContent, head.agent.title], ["talk", "big", ""]);
});

test("a swap is seen for a moment, and the next one again", (t) => {
  const { head, header } = shown(t);
  header.swapped();
  assert.ok(head.row.classList.contains("adk-nb-swapped"));
  const removed = t.mock.method(head.row.classList, "remove");
  header.swapped();
  assert.deepEqual([removed.mock.callCount(), head.row.classList.contains("adk-nb-swapped")], [1, true]); // or it would not start again
});

test("the state is shown to styles and in words, which change only where they are others", (t) => {
  const { head, header } = shown(t);
  header.show("ready", "Ready");
  const { firstChild } = head.state;
  header.show("ready", "Ready");
  assert.deepEqual([head.status.dataset.state, head.state.textContent, head.state.title], ["ready", "Ready", "Ready"]);
  assert.equal(head.state.firstChild, firstChild); // a screen reader says it once
  header.show("thinking", "Changing to flip…");
  assert.deepEqual([head.status.dataset.state, head.state.textContent, head.state.title], ["thinking", "Changing to flip…", "Changing to flip…"]);
});

test("the way that is taken stays while it comes back, and tells its round trip to who points at it", (t) => {
  const { head, connection, header } = shown(t);
  header.show("connecting", "Connecting…");
  assert.deepEqual([head.status.dataset.transport, head.transport.textContent, head.transport.title], [undefined, "", "How this page is connected"]);
  connection.transport = "relay";
  header.show("ready", "Ready");
  assert.deepEqual([head.status.dataset.transport, head.transport.textContent, head.transport.title], ["relay", "relay", "The Jupyter server."]);
  connection.roundTrip = 12;
  head.transport.dispatchEvent(new Event("pointerenter"));
  assert.equal(head.transport.title, "The Jupyter server. Round trip: 12 ms.");
  connection.transport = "";
  header.show("reconnecting", "Reconnecting…");
  assert.deepEqual([head.status.dataset.transport, head.transport.textContent], ["relay", "relay"]);
});
