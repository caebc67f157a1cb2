import assert from "node:assert/strict";
import { test } from "node:test";
import { MIC_MUTED, showSoundState } from "../../../adk_nb/static/screen/sound-state.js";
import { page } from "../page.js";

test("the button is there where a click gives the sound, in the words of why", (t) => {
  page(t);
  const button = document.createElement("button");
  button.innerHTML = "<svg></svg> ";
  const words = [];
  const seen = ["suspended", "running", "interrupted", "closed", "suspended"].map((state) => {
    showSoundState(button, state);
    words.push(button.textContent);
    return button.hidden ? "" : button.textContent;
  });
  const interrupted = "The sound is interrupted, by a call perhaps: click to go on";
  assert.deepEqual(seen, ["Click to hear the agent", "", interrupted, "", "Click to hear the agent"]);
  assert.deepEqual(words.slice(0, 2), [seen[0], seen[0]]); // it does not change as it goes
  assert.ok(button.querySelector("svg"), "its picture stays");
  const bare = document.createElement("button");
  showSoundState(bare, "suspended");
  assert.deepEqual([bare.hidden, bare.textContent], [false, ""]);
});

test("a microphone that is muted has a code of its own", () => assert.equal(MIC_MUTED.code, "mic_muted"));
