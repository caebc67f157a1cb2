import assert from "node:assert/strict";
import { test } from "node:test";
import { browser } from "../sound/web-audio.js";
import { settled, viewed } from "./viewed.js";

const said = (turn, role, text) => ({ turn, role, author: "", text, final: true });

test("it tells what there is, and cannot change it", async (t) => {
  const { root, sound, plays, says, hook } = await viewed(t);
  const { adkNb } = /** @type {any} */ (root);
  says("transcript", said(1, "user", "roll"));
  sound(1);
  plays("started", 1, { underruns: 2, nonzero: 7, start_ms: 30 });
  hook("mic").click();
  await settled();
  const { state, link, sessionId, socketsDialled, sockets: open, framesSent, framesDropped, imagesSent, imagesDropped, framesReceived } = adkNb;
  assert.deepEqual(
    [state, link, sessionId, socketsDialled, open, framesSent, framesDropped, imagesSent, imagesDropped, framesReceived],
    ["speaking", "open", "s", 1, 1, 0, 0, 0, 0, 1],
  );
  assert.deepEqual(adkNb.agent, { name: "dice", model: "smol", tools: [{ name: "roll", on: true, description: "" }], changes: [] });
  assert.deepEqual(adkNb.entries.map(({ text }) => text), ["roll"]);
  adkNb.entries[0].text = "changed";
  adkNb.agent.tools.pop();
  assert.deepEqual([adkNb.entries[0].text, adkNb.agent.tools.length, root.textContent.includes("changed")], ["roll", 1, false]);
  assert.deepEqual([adkNb.microphone, adkNb.tracks, adkNb.watching, adkNb.videoTracks, adkNb.sounding], [true, [browser.streams[0].track], null, [], 1]);
  assert.deepEqual(adkNb.playback.map(({ type, turn }) => [type, turn]), [["started", 1]]);
  assert.deepEqual([adkNb.samplesPlayed, adkNb.underruns, adkNb.startMs], [7, 2, 30]);
  assert.deepEqual(adkNb.clock, { offset_ms: 0, error_ms: Infinity });
  assert.deepEqual([adkNb.context, adkNb.output.name], [browser.contexts[0], "gain"]);
});

test("before anything has played it says nothing has", async (t) => {
  const { root } = await viewed(t, { welcome: false });
  const { adkNb } = /** @type {any} */ (root);
  assert.deepEqual([adkNb.samplesPlayed, adkNb.underruns, adkNb.startMs, adkNb.microphone, adkNb.tracks, adkNb.playback], [0, 0, 0, false, [], []]);
  assert.deepEqual([adkNb.context, adkNb.output, adkNb.sounding, adkNb.sockets, adkNb.socketsDialled], [null, null, null, 1, 1]);
});
