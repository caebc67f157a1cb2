import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { backOff, Connection } from "../../../adk_nb/static/link/connection.js";
import { AGENT_AUDIO, CLOSE, decodeAudio, decodeImage, encodeAudio, MAX_JPEG, MICROPHONE } from "../../../adk_nb/static/link/wire.js";

class Wire {
  bufferedAmount = 0;
  closed = false;
  sent = [];
  onopen = null;
  onmessage = null;
  onclose = null;
  send(data) { this.sent.push(data); }
  close() { this.closed = true; }
  says(message) { this.onmessage?.({ data: JSON.stringify(message) }); }
  get messages() { return this.sent.filter((data) => typeof data === "string").map((text) => JSON.parse(text)); }
}

/** A connection whose wires, clock and callbacks a test holds. */
function dialled(t, address = async () => ({ url: "ws://x/", token: "secret" })) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const seen = { wires: [], links: [], hellos: [], messages: [], audio: [], now: 0, asked: 0 };
  const connection = new Connection({
    address: () => ((seen.asked += 1), address()),
    dial: () => (seen.wires.push(new Wire()), seen.wires.at(-1)),
    now: () => seen.now,
    onhello: (hello) => seen.hellos.push(hello),
    onmessage: (message) => seen.messages.push(message),
    onaudio: (frame) => seen.audio.push(frame),
    onlink: (link, code) => seen.links.push([link, code]),
  });
  t.after(() => {
    connection.close();
    mock.timers.reset();
  });
  return { connection, seen };
}

async function open(connection, seen) {
  await connection.connect();
  const wire = seen.wires.at(-1);
  wire.onopen();
  wire.says({ type: "hello", session_id: "s" });
  return wire;
}

/** Lets awaits and timers run. */
async function pass(ms) {
  mock.timers.tick(ms);
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

test("it says hello with the token first, and is open once the bridge did", async (t) => {
  const { connection, seen } = dialled(t);
  seen.now = 12;
  await connection.connect();
  assert.equal(connection.send({ type: "text", text: "early" }), false);
  seen.wires[0].onopen();
  seen.wires[0].says({ type: "state", state: "ready" });
  assert.deepEqual(seen.messages, []);
  seen.wires[0].says({ type: "hello", session_id: "s" });
  assert.deepEqual(seen.wires[0].messages[0], { type: "hello", token: "secret", clock: 12 });
  assert.deepEqual(seen.links, [["open", 0]]);
  assert.equal(seen.hellos.length, 1);
  assert.equal(connection.send({ type: "text", text: "hi" }), true);
});

test("microphone frames are numbered; those that would wait are dropped and leave a gap", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  for (const waiting of [0, 64 * 1024, 64 * 1024 + 1, 0]) {
    wire.bufferedAmount = waiting;
    connection.sendAudio(new Int16Array(320), 16000, 1);
  }
  const frames = wire.sent.filter((data) => typeof data !== "string").map(decodeAudio);
  assert.deepEqual(frames.map(({ seq, kind, turn, rate }) => [seq, kind, turn, rate]), [0, 1, 3].map((seq) => [seq, MICROPHONE, 0, 16000]));
  assert.deepEqual([connection.sent, connection.dropped], [3, 1]);
});

const jpeg = (size) => Uint8Array.from({ length: size }, (_, i) => [255, 216][i] ?? (i < size - 2 ? 1 : [255, 217][i - size + 2]));
const binary = (wire) => wire.sent.filter((data) => typeof data !== "string");

test("images are numbered by themselves; those that would wait or are too large are dropped and leave a gap", async (t) => {
  const { connection, seen } = dialled(t);
  connection.sendImage("camera", jpeg(10), 1);
  const wire = await open(connection, seen);
  connection.sendAudio(new Int16Array(320), 16000, 1);
  for (const [waiting, size] of [[0, 10], [64 * 1024, MAX_JPEG], [64 * 1024 + 1, 10], [0, MAX_JPEG + 1], [0, 4]]) {
    wire.bufferedAmount = waiting;
    connection.sendImage("screen", jpeg(size), 2);
  }
  const images = binary(wire).slice(1).map(decodeImage);
  assert.deepEqual(images.map(({ seq, source, clock, jpeg: { length } }) => [seq, source, clock, length]), [
    [0, "screen", 2, 10], [1, "screen", 2, MAX_JPEG], [4, "screen", 2, 4],
  ]);
  assert.deepEqual([connection.imagesSent, connection.imagesDropped, connection.sent], [3, 2, 1]);
});

test("an image on its way costs no sound, but what waits stays bounded", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  const size = 200 * 1024;
  connection.sendImage("camera", jpeg(size), 1);
  const heard = [];
  for (const waiting of [size, size + 64 * 1024, size + 64 * 1024 + 1, 64 * 1024, 64 * 1024 + 1]) {
    wire.bufferedAmount = waiting;
    connection.sendAudio(new Int16Array(320), 16000, 1);
    heard.push(connection.sent);
  }
  assert.deepEqual(heard, [1, 2, 2, 3, 3]);
});

test("agent audio arrives; microphone frames and rubbish from the bridge are ignored", async (t) => {
  t.mock.method(console, "warn", () => {});
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  const frame = { kind: AGENT_AUDIO, seq: 0, turn: 2, rate: 24000, clock: 1, samples: Int16Array.of(1) };
  for (const data of [encodeAudio(frame), encodeAudio({ ...frame, kind: MICROPHONE }), new ArrayBuffer(3), "{", "[]"]) wire.onmessage({ data });
  assert.deepEqual(seen.audio, [frame]);
  assert.equal(connection.link, "open");
});

test("clocks are compared at once, the estimate is sent, and again every 10 s", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  const answer = () => {
    const { id, clock } = wire.messages.filter(({ type }) => type === "clock").at(-1);
    seen.now += 4;
    wire.says({ type: "clock", id, clock, bridge_clock: clock + 2 + 1000 });
  };
  for (let i = 0; i < 6; i++) answer();
  const offsets = () => wire.messages.filter(({ type }) => type === "clock_offset");
  assert.deepEqual(offsets(), [{ type: "clock_offset", offset_ms: 1000, error_ms: 2 }]);
  await pass(10_000);
  answer();
  assert.equal(offsets().length, 2);
  wire.says({ type: "clock", id: 0, clock: 0, bridge_clock: 9e9 });
  assert.equal(connection.clock.offset_ms, 1000);
});

test("after an accident it asks for the address again and comes back, numbering anew", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  connection.sendAudio(new Int16Array(1), 16000, 0);
  wire.onclose({ code: 1006 });
  assert.deepEqual(seen.links.at(-1), ["reconnecting", 1006]);
  await pass(400);
  assert.deepEqual([seen.asked, seen.wires.length], [2, 2]);
  seen.wires[1].onopen();
  seen.wires[1].says({ type: "hello", session_id: "s" });
  connection.sendAudio(new Int16Array(1), 16000, 0);
  assert.equal(decodeAudio(seen.wires[1].sent.at(-1)).seq, 0);
  assert.equal(connection.failures, 0);
});

for (const code of [CLOSE.SESSION_ENDED, CLOSE.NO_SESSION]) {
  test(`close code ${code} ends it for good`, async (t) => {
    const { connection, seen } = dialled(t);
    (await open(connection, seen)).onclose({ code });
    await pass(60_000);
    assert.deepEqual(seen.links.at(-1), ["closed", code]);
    assert.equal(seen.wires.length, 1);
  });
}

test("a refused token is asked for anew, three times at most", async (t) => {
  const { connection, seen } = dialled(t);
  await connection.connect();
  for (let i = 0; i < 5; i++) {
    seen.wires.at(-1).onclose?.({ code: CLOSE.BAD_TOKEN });
    await pass(10_000);
  }
  assert.equal(seen.wires.length, 3);
  assert.deepEqual(seen.links.at(-1), ["closed", CLOSE.BAD_TOKEN]);
});

test("too slow to read (4001) and no hello in time are accidents", async (t) => {
  const { connection, seen } = dialled(t);
  (await open(connection, seen)).onclose({ code: CLOSE.TOO_SLOW });
  await pass(400);
  assert.equal(seen.wires.length, 2);
  await pass(8_000);
  assert.equal(seen.wires[1].closed, true);
  await pass(800);
  assert.equal(seen.wires.length, 3);
});

test("a kernel that does not answer is asked again", async (t) => {
  const { connection, seen } = dialled(t, async () => { throw new Error("busy"); });
  await connection.connect();
  await pass(400);
  await pass(800);
  assert.equal(seen.asked, 3);
  assert.equal(connection.failures, 3);
  assert.equal(connection.link, "connecting");
});

test("closing is quiet and final, also while the kernel is being asked", async (t) => {
  let answer = () => {};
  const { connection, seen } = dialled(t, () => new Promise((resolve) => (answer = () => resolve({ url: "ws://x/", token: "" }))));
  const connecting = connection.connect();
  connection.close();
  answer();
  await connecting;
  await pass(60_000);
  assert.deepEqual([seen.wires.length, seen.links.length], [0, 0]);
});

test("the wait grows, is bounded and varies", () => {
  assert.deepEqual([0, 1, 2, 5, 99].map((n) => backOff(n, 0.5)), [250, 500, 1000, 8000, 8000]);
  assert.deepEqual([backOff(0, 0), backOff(0, 1)], [187.5, 312.5]);
});
