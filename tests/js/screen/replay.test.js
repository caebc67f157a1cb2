import assert from "node:assert/strict";
import { test } from "node:test";
import { Replay } from "../../../adk_nb/static/screen/replay.js";

const pcm = (...samples) => Buffer.from(Int16Array.from(samples).buffer).toString("base64");

function made({ sends = true } = {}) {
  const seen = { asked: [], turns: [], sources: [], busy: false, resumed: 0 };
  const context = {
    createBuffer: (_channels, length, rate) => ({ length, rate, data: new Float32Array(length), copyToChannel(piece, _channel, at) { this.data.set(piece, at); } }),
    createBufferSource() {
      const source = { buffer: null, state: "made", connect(to) { this.to = to; }, start() { this.state = "started"; }, stop() { this.state = "stopped"; }, disconnect() { this.to = null; } };
      seen.sources.push(source);
      return source;
    },
  };
  const sound = { context, output: "output", start: async () => {}, resume: () => (seen.resumed += 1) };
  const replay = new Replay({ sound, ask: (message) => (seen.asked.push(message), sends), busy: () => seen.busy, onchange: (turn) => seen.turns.push(turn) });
  return { replay, seen };
}

test("a turn is asked for piece by piece, and played when all is there", async () => {
  const { replay, seen } = made();
  await replay.toggle(3);
  replay.receive({ turn: 3, rate: 24000, offset: 0, length: 6, pcm: pcm(16384, -16384) });
  assert.deepEqual([seen.asked, seen.sources, seen.resumed], [[{ type: "play", turn: 3, offset: 0 }, { type: "play", turn: 3, offset: 4 }], [], 1]);
  replay.receive({ turn: 3, rate: 24000, offset: 0, length: 6, pcm: pcm(1) }); // Twice the same.
  replay.receive({ turn: 2, rate: 24000, offset: 4, length: 6, pcm: pcm(1) }); // Of another.
  replay.receive({ turn: 3, rate: 24000, offset: 4, length: 6, pcm: pcm(8192) });
  const [{ buffer, state, to, onended }] = seen.sources;
  assert.deepEqual([[...buffer.data], buffer.rate, state, to, seen.turns], [[0.5, -0.5, 0.25], 24000, "started", "output", [3]]);
  onended();
  assert.deepEqual([replay.turn, seen.turns], [null, [3, null]]);
});

test("a second click stops it, another turn's begins that", async () => {
  const { replay, seen } = made();
  await replay.toggle(1);
  replay.receive({ turn: 1, rate: 8000, offset: 0, length: 2, pcm: pcm(1) });
  await replay.toggle(1);
  assert.deepEqual([seen.sources[0].state, replay.turn], ["stopped", null]);
  await replay.toggle(1);
  await replay.toggle(2);
  assert.deepEqual([replay.turn, seen.asked.map(({ turn }) => turn)], [2, [1, 1, 2]]);
});

test("what was stopped does not sound in what is played then", async () => {
  const { replay, seen } = made();
  await replay.toggle(1);
  replay.receive({ turn: 1, rate: 8000, offset: 0, length: 4, pcm: pcm(16384) });
  await replay.toggle(2);
  replay.receive({ turn: 2, rate: 8000, offset: 0, length: 2, pcm: pcm(8192) });
  assert.deepEqual(seen.sources.map(({ buffer }) => [...buffer.data]), [[0.25]]);
  replay.stop();
  const [{ state, to, onended }] = seen.sources;
  assert.deepEqual([state, to, onended], ["stopped", null, null]);
  seen.sources[0].state = "";
  replay.stop();
  assert.deepEqual([seen.sources[0].state, seen.turns], ["", [1, null, 2, null]]);
});

test("where there is no player nothing is played", async () => {
  const { replay, seen } = made();
  replay.sound.output = null;
  await replay.toggle(1);
  replay.receive({ turn: 1, rate: 8000, offset: 0, length: 2, pcm: pcm(1) });
  assert.deepEqual([replay.turn, seen.sources, seen.turns], [null, [], [1, null]]);
});

test("nothing is played over an agent that speaks, without a connection, or of no sound", async () => {
  const { replay, seen } = made();
  seen.busy = true;
  await replay.toggle(1);
  assert.deepEqual([replay.turn, seen.asked], [null, []]);
  seen.busy = false;
  await replay.toggle(1);
  replay.receive({ turn: 1, rate: 8000, offset: 0, length: 0, pcm: "" });
  assert.deepEqual([replay.turn, seen.sources], [null, []]);
  const lost = made({ sends: false });
  await lost.replay.toggle(1);
  assert.equal(lost.replay.turn, null);
});
