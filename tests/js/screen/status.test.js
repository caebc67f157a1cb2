import assert from "node:assert/strict";
import { test } from "node:test";
import { effectiveState, stateLabel, transportTitle, whyNotHeard } from "../../../adk_nb/static/screen/status.js";

const calm = { link: "open", kernel: "ready", sounding: false, pending: false, audible: true, fresh: false };
for (const [now, state] of [
  [{}, "ready"],
  [{ pending: true }, "thinking"],
  [{ pending: true, audible: false }, "ready"],
  [{ fresh: true }, "listening"],
  [{ kernel: "listening" }, "listening"],
  [{ kernel: "thinking", fresh: true }, "thinking"],
  [{ kernel: "speaking" }, "thinking"],
  [{ kernel: "speaking", sounding: true }, "speaking"],
  [{ kernel: "ready", sounding: true }, "speaking"],
  [{ kernel: "speaking", audible: false }, "speaking"],
  [{ kernel: "writing", pending: true }, "writing"],
  [{ kernel: "closed", sounding: true }, "closed"],
  [{ kernel: "reconnecting" }, "reconnecting"],
  [{ link: "connecting", kernel: "thinking" }, "connecting"],
  [{ link: "reconnecting", sounding: true }, "reconnecting"],
  [{ link: "closed" }, "closed"],
  [{ kernel: "connecting", fresh: true }, "connecting"],
  [{ kernel: "connecting", sounding: true }, "connecting"],
]) {
  test(`${JSON.stringify(now)} shows as ${state}`, () => assert.equal(effectiveState({ ...calm, ...now }), state));
}

for (const [args, label] of [
  [["ready", "open", "", false], "Ready"],
  [["ready", "open", "", true], "Ready, microphone on"],
  [["listening", "open", "", true], "Listening"],
  [["thinking", "open", "", true], "Thinking…"],
  [["speaking", "open", "", false], "Speaking"],
  [["writing", "open", "", true], "Writing"],
  [["connecting", "open", "", false], "Loading the model…"],
  [["connecting", "connecting", "", false], "Connecting…"],
  [["thinking", "open", "Changing to flip…", false], "Changing to flip…"],
  [["reconnecting", "reconnecting", "Changing to flip…", false], "Reconnecting…"],
  [["closed", "open", "Changing to flip…", false], "Closed"],
  [["closed", "closed", "", true], "Closed"],
]) {
  test(`the state ${args.join("/")} is labelled ${label}`, () => assert.equal(stateLabel(...args), label));
}

test("the way to the kernel is told with its round trip, where that is known", () => {
  assert.equal(transportTitle("Its own port.", 1.26), "Its own port. Round trip: 1.3 ms.");
  assert.equal(transportTitle("Relayed.", 12.7), "Relayed. Round trip: 13 ms.");
  assert.equal(transportTitle("Comm.", Infinity), "Comm.");
  assert.equal(transportTitle("Ten.", 10), "Ten. Round trip: 10 ms.");
});

for (const [state, link, why] of [
  ["ready", "open", ""],
  ["thinking", "open", ""],
  ["connecting", "open", "the model is still loading"],
  ["connecting", "connecting", "there is no connection just now"],
  ["reconnecting", "reconnecting", "there is no connection just now"],
  ["closed", "open", "this conversation has ended"],
  ["ready", "closed", "this conversation has ended"],
]) {
  test(`in the state ${state}/${link} ${why || "the microphone is heard"}`, () => assert.equal(whyNotHeard(state, link), why));
}
