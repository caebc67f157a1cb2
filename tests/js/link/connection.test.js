import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { backOff, Connection } from "../../../adk_nb/static/link/connection.js";
import { AGENT_AUDIO, CLOSE, decodeAudio, encodeAudio, MAX_JPEG, MICROPHONE } from "../../../adk_nb/static/link/wire.js";
import { decodeImage } from "./image-frame.js";

class Wire {
  bufferedAmount = 0;
  closed = false;
  closedWith = 0;
  sent = [];
  onopen = null;
  onmessage = null;
  onclose = null;
  send(data) { this.sent.push(data); }
  close(code) { Object.assign(this, { closed: true, closedWith: code }); }
  says(message) { this.onmessage?.({ data: JSON.stringify(message) }); }
  get messages() { return this.sent.filter((data) => typeof data === "string").map((text) => JSON.parse(text)); }
}

/** One whose other end answers probes. */
class Answering extends Wire {
  send(data) {
    super.send(data);
    if (typeof data === "string" && data.includes('"clock"')) queueMicrotask(() => this.says({ type: "clock" }));
  }
}

/** A connection whose wires, clock and callbacks a test holds. */
function dialled(t, { address = async () => ({ url: "ws://x/", token: "secret" }), dial = () => new Wire(), ...more } = {}) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const seen = { wires: [], urls: [], links: [], hellos: [], messages: [], audio: [], now: 0, asked: 0 };
  const connection = new Connection({
    address: () => ((seen.asked += 1), address()),
    dial: ({ url }) => {
      seen.urls.push(url);
      seen.wires.push(dial(url));
      return seen.wires.at(-1);
    },
    now: () => seen.now,
    onhello: (hello) => seen.hellos.push(hello),
    onmessage: (message) => seen.messages.push(message),
    onaudio: (frame) => seen.audio.push(frame),
    onlink: (link, code) => seen.links.push([link, code]),
    ...more,
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
  assert.deepEqual([seen.urls, connection.link, connection.dials], [["ws://x/"], "connecting", 1]);
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

test("before the bridge said hello, and after it left, nothing is sent and nothing counted", async (t) => {
  const { connection, seen } = dialled(t);
  const send = () => {
    connection.sendAudio(new Int16Array(1), 16000, 0);
    connection.sendImage("camera", jpeg(4), 1);
    return connection.send({ type: "text", text: "hi" });
  };
  assert.equal(send(), false);
  await connection.connect();
  assert.equal(send(), false);
  const frame = { kind: AGENT_AUDIO, seq: 0, turn: 1, rate: 24000, clock: 1, samples: Int16Array.of(1) };
  seen.wires[0].onmessage({ data: encodeAudio(frame) });
  assert.deepEqual([seen.audio, seen.wires[0].sent], [[], []]);
  seen.wires[0].onopen();
  seen.wires[0].says({ type: "hello", session_id: "s" });
  seen.wires[0].onclose({ code: 1006 });
  assert.equal(send(), false);
  assert.deepEqual([connection.sent, connection.dropped, connection.imagesSent, connection.imagesDropped], [0, 0, 0, 0]);
});

test("what the bridge says is handed on", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  wire.says({ type: "state", state: "ready" });
  wire.says({ type: "news" });
  assert.deepEqual(seen.messages, [{ type: "state", state: "ready" }, { type: "news" }]);
  assert.deepEqual(seen.hellos, [{ type: "hello", session_id: "s" }]);
});

test("what fails in the page itself is not taken for the bridge's mistake", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  connection.options.onmessage = () => { throw new TypeError("a mistake"); };
  assert.throws(() => wire.says({ type: "state" }), TypeError);
});

test("agent audio arrives; microphone frames and rubbish from the bridge are ignored", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  const frame = { kind: AGENT_AUDIO, seq: 0, turn: 2, rate: 24000, clock: 1, samples: Int16Array.of(1) };
  for (const data of [encodeAudio(frame), encodeAudio({ ...frame, kind: MICROPHONE }), new ArrayBuffer(3), "{", "[]"]) wire.onmessage({ data });
  assert.deepEqual(seen.audio, [frame]);
  assert.equal(connection.link, "open");
  assert.deepEqual(warn.mock.calls.map(({ arguments: [said] }) => said), [
    "adk-nb: ignored a message from the bridge: an audio frame of 3 bytes is too short",
    "adk-nb: ignored a message from the bridge: a message is not JSON",
    "adk-nb: ignored a message from the bridge: a message is not a JSON object",
  ]);
});

/** Answers the newest probe as a bridge 1000 ms ahead and 2 ms away would. */
function answerProbe(seen, wire = seen.wires.at(-1)) {
  const { id, clock } = probes(wire).at(-1);
  seen.now += 4;
  wire.says({ type: "clock", id, clock, bridge_clock: clock + 2 + 1000 });
}
const probes = (wire) => wire.messages.filter(({ type }) => type === "clock");
const offsets = (wire) => wire.messages.filter(({ type }) => type === "clock_offset");

test("the clock is probed six times at once, and only then the estimate is sent", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  for (let n = 1; n <= 6; n++) {
    assert.deepEqual([probes(wire).length, offsets(wire).length], [n, 0]);
    answerProbe(seen);
  }
  assert.deepEqual(probes(wire), [0, 1, 2, 3, 4, 5].map((id) => ({ type: "clock", id, clock: id * 4 })));
  assert.deepEqual(offsets(wire), [{ type: "clock_offset", offset_ms: 1000, error_ms: 2 }]);
  assert.deepEqual([connection.clock, seen.messages], [{ offset_ms: 1000, error_ms: 2 }, []]);
});

test("it is probed again every 10 s, once, and whether or not an answer came", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  for (let n = 0; n < 6; n++) answerProbe(seen);
  await pass(9_999);
  assert.equal(probes(wire).length, 6);
  await pass(1);
  assert.equal(probes(wire).length, 7);
  await pass(10_000);
  assert.deepEqual(probes(wire).slice(6).map(({ id }) => id), [6, 6]);
  answerProbe(seen);
  assert.deepEqual([probes(wire).length, offsets(wire).length], [8, 2]);
  await pass(10_000);
  assert.equal(probes(wire).length, 9);
});

test("an answer that is not to the newest probe, or no answer at all, changes nothing", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  answerProbe(seen);
  const { clock } = connection;
  for (const answer of [
    { id: 0, clock: 0, bridge_clock: 9e9 }, { id: 2, clock: 0, bridge_clock: 9e9 },
    { id: 1, clock: "0", bridge_clock: 9e9 }, { id: 1, clock: 0, bridge_clock: null },
  ]) wire.says({ type: "clock", ...answer });
  assert.deepEqual([connection.clock, probes(wire).length, seen.messages], [clock, 2, []]);
});

test("a round trip is measured for who asks, and is endless where the link is lost", async (t) => {
  const { connection, seen } = dialled(t);
  assert.equal(await connection.ping(), Infinity);
  const wire = await open(connection, seen);
  const [first, second] = [connection.ping(), connection.ping()];
  const [{ id }, { id: other }] = probes(wire).slice(-2);
  seen.now += 7;
  wire.says({ type: "clock", id: other, clock: 0, bridge_clock: 0 });
  assert.equal(await second, 7);
  assert.deepEqual([id === other, seen.messages], [false, []]);
  wire.onclose({ code: 1006 });
  assert.equal(await first, Infinity);
});

test("a new connection probes anew, and trusts nothing that the old one saw", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  for (let n = 0; n < 6; n++) answerProbe(seen);
  wire.onclose({ code: 1006 });
  await pass(400);
  const again = seen.wires[1];
  again.says({ type: "hello", session_id: "s" });
  assert.deepEqual(probes(again).map(({ id }) => id), [0]);
  assert.deepEqual(connection.clock, { offset_ms: 0, error_ms: Infinity });
  seen.now += 1000;
  again.says({ type: "clock", id: 0, clock: seen.now - 1000, bridge_clock: seen.now });
  assert.deepEqual(connection.clock, { offset_ms: 500, error_ms: 500 });
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

test("an image that waited in a socket that broke costs the next connection nothing", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  connection.sendImage("camera", jpeg(200 * 1024), 1);
  wire.onclose({ code: 1006 });
  await pass(400);
  const again = seen.wires[1];
  again.says({ type: "hello", session_id: "s" });
  again.bufferedAmount = 64 * 1024 + 1;
  connection.sendAudio(new Int16Array(320), 16000, 1);
  assert.deepEqual([connection.sent, connection.dropped], [0, 1]);
  again.bufferedAmount = 0;
  connection.sendImage("camera", jpeg(10), 1);
  assert.equal(decodeImage(binary(again)[0]).seq, 0);
});

test("an old socket that closes late does not close the new one", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  const late = wire.onclose;
  late({ code: 1006 });
  await pass(400);
  seen.wires[1].says({ type: "hello", session_id: "s" });
  late({ code: CLOSE.SESSION_ENDED });
  assert.deepEqual([connection.link, seen.links.at(-1)], ["open", ["open", 0]]);
});

test("a socket that is let go is closed for good, and heard no more", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  connection.close();
  assert.deepEqual([wire.closedWith, wire.onopen, wire.onmessage, wire.onclose], [1000, null, null, null]);
  assert.deepEqual([connection.link, connection.channel], ["closed", null]);
});

test("where another conversation can be had, it is asked for, and told what nobody has answered", async (t) => {
  let renewed = 0;
  const { connection, seen } = dialled(t, { renew: () => (renewed += 1) });
  const wire = await open(connection, seen);
  connection.say("roll");
  wire.onclose({ code: 1006 });
  for (let i = 0; i < 5; i++) {
    await pass(20_000);
    seen.wires.at(-1).onclose({ code: 1006 });
  }
  await pass(20_000);
  seen.wires.at(-1).onclose({ code: CLOSE.NO_SESSION }); // the server is there again: no long wait
  assert.deepEqual([renewed, seen.links.at(-1), connection.failures], [1, ["reconnecting", CLOSE.NO_SESSION], 1]);
  await pass(400);
  seen.wires.at(-1).onclose({ code: CLOSE.NO_SESSION }); // it may be refused again
  assert.deepEqual([renewed, connection.failures], [2, 2]);
  await pass(700);
  const next = seen.wires.at(-1);
  next.onopen();
  next.says({ type: "hello", session_id: "another" });
  assert.deepEqual(next.messages.filter(({ type }) => type === "text").map(({ text }) => text), ["roll"]);
  next.onclose({ code: CLOSE.SESSION_ENDED });
  assert.deepEqual([renewed, connection.link], [2, "closed"]);
});

/** Every code that a bridge closes with (docs/protocol.md), those of accidents, and neighbours that mean nothing. */
const FATES = {
  1000: "reconnecting", 1006: "reconnecting", 1009: "reconnecting", 1011: "reconnecting", 3999: "reconnecting",
  4000: "closed", 4001: "reconnecting", 4002: "reconnecting", 4400: "reconnecting", 4401: "reconnecting",
  4403: "reconnecting", 4404: "closed", 4405: "reconnecting",
};
for (const [text, fate] of Object.entries(FATES)) {
  const code = Number(text);
  test(`close code ${code} leads to ${fate}`, async (t) => {
    const { connection, seen } = dialled(t);
    (await open(connection, seen)).onclose({ code });
    assert.deepEqual(seen.links, [["open", 0], [fate, code]]);
    await pass(60_000);
    assert.equal(seen.wires.length, fate === "closed" ? 1 : 2);
    assert.equal(connection.link, fate);
  });
}

for (const code of [CLOSE.BAD_TOKEN, CLOSE.BAD_HELLO]) {
  test(`three refusals in a row (${code}) end it`, async (t) => {
    const { connection, seen } = dialled(t);
    await connection.connect();
    for (let i = 0; i < 5; i++) {
      seen.wires.at(-1).onclose?.({ code });
      await pass(10_000);
    }
    assert.deepEqual([seen.asked, seen.wires.length], [3, 3]);
    assert.deepEqual(seen.links, [["connecting", code], ["connecting", code], ["closed", code]]);
  });
}

for (const code of [CLOSE.TOO_SLOW, 1006, 1011]) {
  test(`however many accidents there are (${code}), it tries again`, async (t) => {
    const { connection, seen } = dialled(t);
    await connection.connect();
    for (let i = 0; i < 50; i++) {
      seen.wires.at(-1).onclose({ code });
      await pass(10_000);
    }
    assert.deepEqual([seen.wires.length, connection.link], [51, "connecting"]);
  });
}

test("a day of refusals and accidents, with a conversation between any two, ends nothing", async (t) => {
  const { connection, seen } = dialled(t, { dial: () => new Answering() });
  await open(connection, seen);
  const codes = [CLOSE.BAD_TOKEN, 1006, CLOSE.BAD_HELLO, CLOSE.TOO_SLOW, CLOSE.BAD_TOKEN];
  let connected = 1;
  for (let minute = 0; minute < 24 * 60; minute++) {
    seen.now += 60_000;
    await pass(60_000);
    if (minute % 10) continue;
    seen.wires.at(-1).onclose({ code: codes[connected % codes.length] });
    await pass(313); // the first wait is at most 312.5 ms, however long ago the last accident was
    assert.equal(seen.wires.length, connected + 1, `after ${minute} minutes`);
    // Twice refused before it gets in again, and in the end the page is welcome.
    seen.wires.at(-1).onclose({ code: CLOSE.BAD_TOKEN });
    await pass(626);
    seen.wires.at(-1).onopen();
    seen.wires.at(-1).says({ type: "hello", session_id: "s" });
    assert.equal(connection.link, "open");
    connected = seen.wires.length;
  }
  assert.equal(connected, 1 + 2 * 144);
  assert.deepEqual([connection.dials, seen.asked, seen.hellos.length], [289, 289, 145]);
  assert.ok(seen.wires.slice(0, -1).every(({ closed }) => closed), "no socket is left open");
});

test("a link on which nothing is heard any more is lost, but for the comm, which a cell may hold", async (t) => {
  for (const [transport, lost] of [["relay", true], ["comm", false]]) {
    const { connection, seen } = dialled(t, { dial: () => Object.assign(new Wire(), { transport }) });
    const wire = await open(connection, seen);
    await pass(10_000);
    wire.says({ type: "state", state: "ready" });
    await pass(10_000);
    await pass(10_000);
    assert.equal(connection.link, "open");
    await pass(10_000);
    assert.equal(connection.link, lost ? "reconnecting" : "open");
    assert.equal(wire.closed, lost);
    connection.close();
    mock.timers.reset();
  }
});

test("what is typed goes again after a break until the kernel says that it came", async (t) => {
  const { connection, seen } = dialled(t);
  assert.equal(connection.say("too early"), false);
  const first = await open(connection, seen);
  assert.equal(connection.say("one"), true);
  assert.equal(connection.say("two"), true);
  const texts = (wire) => wire.messages.filter(({ type }) => type === "text");
  const [one, two] = texts(first);
  assert.notEqual(one.id, two.id);
  first.says({ type: "taken", id: one.id });
  first.onclose({ code: 1006 });
  assert.equal(connection.say("while it is away"), false);
  await pass(400);
  const second = seen.wires.at(-1);
  second.onopen();
  second.says({ type: "hello", session_id: "s" });
  assert.deepEqual(texts(second), [two]);
  second.onclose({ code: 1006 });
  await pass(400);
  const third = seen.wires.at(-1);
  third.onopen();
  third.says({ type: "hello", session_id: "another" });
  assert.deepEqual(texts(third), []);
});

test("the hello says how much of which turn's sound came, so that the rest can follow", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  assert.deepEqual(Object.keys(wire.messages[0]), ["type", "token", "clock"]);
  const hear = (to, turn, ms) =>
    to.onmessage({ data: encodeAudio({ kind: AGENT_AUDIO, seq: 0, turn, rate: 8000, clock: 0, samples: new Int16Array(8 * ms) }) });
  wire.says({ type: "continue", turn: 2, played_ms: 500 }); // a page that was reloaded in mid-answer
  hear(wire, 2, 40);
  hear(wire, 1, 1000); // an old question, answered late
  wire.onclose({ code: 1006 });
  await pass(400);
  const next = seen.wires.at(-1);
  next.onopen();
  assert.deepEqual([next.messages[0].turn, next.messages[0].audio_ms], [2, 540]);
  next.says({ type: "hello", session_id: "s", turn: 3 });
  next.says({ type: "sound_from", turn: 2, from_ms: 540 });
  hear(next, 2, 60);
  assert.equal(connection.position.have.audio_ms, 600);
  next.says({ type: "sound_from", turn: 3, from_ms: 0 });
  hear(next, 3, 20);
  assert.deepEqual(connection.position.have, { turn: 3, audio_ms: 20 });
});

test("where another server goes on with the conversation, its turns are counted anew", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  wire.says({ type: "sound_from", turn: 5, from_ms: 700 });
  connection.say("not answered yet");
  wire.onclose({ code: 1012 });
  await pass(400);
  const next = seen.wires.at(-1);
  next.onopen();
  next.says({ type: "hello", session_id: "s", turn: 0 });
  assert.deepEqual(connection.position.have, { turn: 0, audio_ms: 0 });
  assert.deepEqual(next.messages.filter(({ type }) => type === "text").map(({ text }) => text), ["not answered yet"]);
  next.says({ type: "sound_from", turn: 1, from_ms: 20 });
  assert.deepEqual(connection.position.have, { turn: 1, audio_ms: 20 });
});

test("without a hello within 8 s it hangs up and tries again", async (t) => {
  const { connection, seen } = dialled(t);
  await connection.connect();
  await pass(7_999);
  assert.equal(seen.wires[0].closed, false);
  await pass(1);
  assert.equal(seen.wires[0].closed, true);
  assert.deepEqual(seen.links, [["connecting", 0]]);
  await pass(400);
  assert.equal(seen.wires.length, 2);
});

test("a hello in time stops that clock", async (t) => {
  const { connection, seen } = dialled(t);
  await open(connection, seen);
  await pass(60_000);
  assert.deepEqual([seen.wires.length, connection.link], [1, "open"]);
});

test("a socket that cannot be dialled is tried again", async (t) => {
  const { connection, seen } = dialled(t, { dial: () => { throw new SyntaxError("no URL"); } });
  await connection.connect();
  assert.deepEqual([seen.urls.length, seen.links, connection.failures], [1, [["connecting", 0]], 1]);
  await pass(400);
  assert.equal(seen.urls.length, 2);
});

test("waits grow from one failure to the next", async (t) => {
  t.mock.method(Math, "random", () => 0.5);
  const { connection, seen } = dialled(t, { address: async () => { throw new Error("busy"); } });
  await connection.connect();
  for (const [n, wait] of [250, 500, 1000, 2000, 4000, 8000, 8000].entries()) {
    await pass(wait - 1);
    assert.equal(seen.asked, n + 1);
    await pass(1);
    assert.equal(seen.asked, n + 2);
  }
});

test("an ended connection says so once, and does nothing more", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  connection.end(CLOSE.SESSION_ENDED);
  connection.end(CLOSE.SESSION_ENDED);
  connection.again(0);
  await pass(60_000);
  assert.deepEqual(seen.links, [["open", 0], ["closed", 4000]]);
  assert.deepEqual([seen.wires.length, wire.closed, connection.send({ type: "text" })], [1, true, false]);
  assert.equal(probes(wire).length, 1);
});

test("it dials a WebSocket with the subprotocol, whose frames are whole", async (t) => {
  const dialledWith = [];
  globalThis.WebSocket = class extends Wire {
    constructor(...how) {
      super();
      dialledWith.push([how, this]);
    }
  };
  t.after(() => delete globalThis.WebSocket);
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const connection = new Connection({ address: async () => ({ url: "ws://127.0.0.1:7/", token: "" }), onlink() {}, onhello() {} });
  await connection.connect();
  const [[how, socket]] = dialledWith;
  assert.deepEqual(how, ["ws://127.0.0.1:7/", "adk-nb.v1"]);
  assert.deepEqual([socket.binaryType, connection.channel], ["arraybuffer", socket]);
  const before = performance.now();
  socket.onopen();
  assert.ok(socket.messages[0].clock >= before && socket.messages[0].clock <= performance.now());
  connection.close();
});

test("a kernel that does not answer is asked again", async (t) => {
  const { connection, seen } = dialled(t, { address: async () => { throw new Error("busy"); } });
  await connection.connect();
  await pass(400);
  await pass(800);
  assert.equal(seen.asked, 3);
  assert.equal(connection.failures, 3);
  assert.deepEqual(seen.links, Array(3).fill(["connecting", 0]));
  assert.deepEqual(connection.clock, { offset_ms: 0, error_ms: Infinity });
});

test("closing is quiet and final, also while the kernel is being asked", async (t) => {
  let answer = () => {};
  const { connection, seen } = dialled(t, { address: () => new Promise((resolve) => (answer = () => resolve({ url: "ws://x/", token: "" }))) });
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

test("another session's sound is counted from its beginning, and no page's position but the one it goes on from counts", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  wire.says({ type: "continue", turn: 3, played_ms: 500 });
  wire.says({ type: "position", turn: 4, played_ms: 900, sounding: true });
  assert.deepEqual(connection.position.have, { turn: 3, audio_ms: 500 });
  wire.onclose({ code: 1006 });
  await pass(400);
  const next = seen.wires.at(-1);
  next.onopen();
  assert.deepEqual([next.messages[0].turn, next.messages[0].audio_ms], [3, 500]);
  next.says({ type: "hello", session_id: "another", turn: 9 });
  assert.deepEqual(connection.position.have, { turn: 0, audio_ms: 0 });
});

test("which ways failed is known of the newest attempt", async (t) => {
  const { connection, seen } = dialled(t);
  await connection.connect();
  const [first] = seen.wires;
  const { onclose } = first;
  onclose({ code: 1006, tried: [{ transport: "relay", why: "refused" }] });
  assert.deepEqual(connection.tried, [{ transport: "relay", why: "refused" }]);
  await pass(400);
  seen.wires.at(-1).onclose({ code: 1006 });
  assert.deepEqual(connection.tried, []);
  onclose({ code: 1006, tried: [{ transport: "comm", why: "late" }] });
  assert.deepEqual(connection.tried, []);
});

test("a round trip that is measured is none of the probes that set the clock", async (t) => {
  const { connection, seen } = dialled(t);
  const wire = await open(connection, seen);
  const measured = connection.ping();
  wire.says({ type: "clock", id: 0, clock: 0, bridge_clock: 500 });
  assert.deepEqual(connection.clock, { offset_ms: 500, error_ms: 0 });
  const { id } = wire.messages.filter(({ type, id: probe }) => type === "clock" && probe > 100)[0];
  seen.now = 7;
  wire.says({ type: "clock", id, clock: 0, bridge_clock: 500 });
  assert.equal(await measured, 7);
});

test("which way is taken is known while it is open, and the round trip once one was made", async (t) => {
  const { connection, seen } = dialled(t, { dial: () => Object.assign(new Wire(), { transport: "relay" }) });
  assert.deepEqual([connection.transport, connection.roundTrip], ["", Infinity]);
  const wire = await open(connection, seen);
  assert.equal(connection.transport, "relay");
  seen.now = 6;
  wire.says({ type: "clock", id: 0, clock: 0, bridge_clock: 500 });
  assert.equal(connection.roundTrip, 6);
  wire.onclose({ code: 1006 });
  assert.equal(connection.transport, "");
});
