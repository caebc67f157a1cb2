import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { Places, placesInWords } from "../../../adk_nb/static/screen/places.js";
import { page } from "../page.js";

for (const [speaker, microphone, taken, words] of [
  ["here", "none", false, ""],
  ["here", "here", false, ""],
  ["none", "none", false, ""],
  ["elsewhere", "none", false, "The sound is in another view of this conversation."],
  ["here", "elsewhere", true, "The microphone is on in another view of this conversation."],
  ["elsewhere", "elsewhere", false, "Sound and microphone are in another view of this conversation."],
  ["here", "none", true, "Another widget has taken the microphone."],
  ["elsewhere", "gone", false, "The sound is in another view of this conversation. The microphone was on in a view that is gone."],
]) {
  test(`sound ${speaker}, microphone ${microphone}${taken ? ", taken by another widget" : ""}: "${words}"`, () => {
    assert.equal(placesInWords({ speaker, microphone, taken }), words);
  });
}

test("the line offers what is not here, and is there only while something can be taken", (t) => {
  page(t);
  const layout = layOut(document.createElement("div"));
  const listeners = new AbortController();
  const asked = [];
  const places = new Places(layout, { hear: () => asked.push("hear"), speak: () => asked.push("speak"), signal: listeners.signal });
  const seen = () => [places.row, places.hear, places.speak].map(({ hidden }) => !hidden);
  places.show(true);
  assert.deepEqual([seen(), places.plays], [[false, false, false], true]);
  places.say({ speaker: "elsewhere" });
  places.show(true);
  assert.deepEqual([seen(), places.plays], [[true, true, false], false]);
  assert.equal(places.row.textContent, "The sound is in another view of this conversation.Hear it hereSpeak here");
  places.say({ speaker: "here", microphone: "elsewhere" });
  places.show(true);
  assert.deepEqual(seen(), [true, false, true]);
  places.say({ speaker: "elsewhere" });
  places.say({ speaker: "none" });
  assert.equal(places.plays, false);
  for (const name of ["hear-here", "speak-here"]) layout.root.querySelector(`[data-adk-nb=${name}]`).click();
  assert.deepEqual(asked, ["hear", "speak"]);
  places.show(false);
  assert.equal(places.row.hidden, true);
});

test("a microphone that was in a view that is gone, or taken by another widget, can be spoken into here", (t) => {
  page(t);
  const layout = layOut(document.createElement("div"));
  const places = new Places(layout, { hear() {}, speak() {}, signal: new AbortController().signal });
  assert.deepEqual([places.row.dataset.adkNb, places.row.getAttribute("role"), places.row.hidden], ["places", "status", true]);
  assert.equal(layout.error.row.previousSibling, places.row);
  places.say({ microphone: "gone" });
  places.show(true);
  assert.equal(places.speak.hidden, false);
  places.say({ microphone: "none" });
  places.show(true);
  assert.equal(places.speak.hidden, true);
  places.taken = true;
  places.show(true);
  assert.deepEqual([places.speak.hidden, places.row.hidden], [false, false]);
});
