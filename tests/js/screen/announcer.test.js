import assert from "node:assert/strict";
import { test } from "node:test";
import { viewed } from "./viewed.js";

const said = (turn, role, text, final = true) => ({ turn, role, author: role === "agent" ? "dice" : "", text, final });

test("what became final is read out; what is asked is announced as long as it waits", async (t) => {
  const { says, root } = await viewed(t);
  const [live, alert] = ["polite", "assertive"].map((how) => root.querySelector(`[aria-live=${how}]`));
  says("transcript", said(1, "user", "rol", false));
  assert.equal(live.textContent, "");
  says("transcript", said(1, "user", "roll"));
  assert.equal(live.textContent, "You: roll");
  says("transcript", said(1, "agent", "You rolled 4."));
  assert.equal(live.textContent, "dice: You rolled 4.");
  says("tool_result", { turn: 1, id: "a", name: "roll", result: 4, ms: 1 });
  assert.equal(live.textContent, "roll(): 4");
  says("note", { id: "n", turn: 1, kind: "swap", text: "Now flip." });
  assert.equal(live.textContent, "Now flip.");
  says("transcript", said(2, "agent", ""));
  assert.equal(live.textContent, "Now flip.");
  says("question", { turn: 1, id: "b", name: "pay", args: {}, hint: "Now?" });
  assert.equal(alert.textContent, "pay() needs your approval. Now?");
  says("answer", { turn: 1, id: "b", approved: true });
  assert.equal(alert.textContent, "");
});

test("what was never heard of an answer is read out", async (t) => {
  const { says, root } = await viewed(t);
  says("transcript", said(1, "agent", "One two three."));
  says("heard", { turn: 1, unheard: [[0, 7, 14]], heard_ms: 550, audio_ms: 1400 });
  assert.equal(root.querySelector("[aria-live=polite]").textContent, "The answer was cut off: heard 0.6 of 1.4 s. Not heard: three.");
});

test("what a guard said in the agent's place is read out as that", async (t) => {
  const { says, root } = await viewed(t);
  says("transcript", { ...said(1, "agent", "I may not say."), withheld: true });
  assert.equal(root.querySelector("[aria-live=polite]").textContent, "dice: I may not say. (withheld by a guard)");
});
