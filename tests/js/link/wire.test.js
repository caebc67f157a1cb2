import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AGENT_AUDIO, ClockSync, decodeAudio, decodeImage, decodeMessage, encodeAudio, encodeImage, encodeMessage, IMAGE, MAX_JPEG, MICROPHONE,
  SOURCES, WireError,
} from "../../../adk_nb/static/link/wire.js";
import { random } from "../random.js";

const frame = { kind: MICROPHONE, seq: 7, turn: 0, rate: 16000, clock: 1234.5, samples: Int16Array.of(1, -2, 32767, -32768) };

test("an audio frame has the layout that docs/protocol.md states", () => {
  const header = new DataView(encodeAudio({ ...frame, turn: 3 }));
  assert.equal(header.byteLength, 24 + 8);
  assert.equal(header.getUint8(0), 1);
  assert.equal(header.getUint8(1), 0);
  assert.equal(header.getUint16(2, true), 0);
  assert.equal(header.getUint32(4, true), 7);
  assert.equal(header.getUint32(8, true), 3);
  assert.equal(header.getUint32(12, true), 16000);
  assert.equal(header.getFloat64(16, true), 1234.5);
  assert.deepEqual([0, 2, 4, 6].map((i) => header.getInt16(24 + i, true)), [1, -2, 32767, -32768]);
});

test("audio frames survive the round trip", () => {
  const next = random(1);
  for (let i = 0; i < 200; i++) {
    const samples = Int16Array.from({ length: 1 + Math.floor(next() * 2000) }, () => Math.floor(next() * 65536) - 32768);
    const sent = {
      kind: next() < 0.5 ? MICROPHONE : AGENT_AUDIO,
      seq: Math.floor(next() * 2 ** 32),
      turn: Math.floor(next() * 2 ** 32),
      rate: 8000 + Math.floor(next() * 40001),
      clock: next() * 1e9,
      samples,
    };
    assert.deepEqual(decodeAudio(encodeAudio(sent)), sent);
  }
});

for (const [name, bytes] of Object.entries({
  empty: new ArrayBuffer(0),
  "header alone": encodeAudio(frame).slice(0, 24),
  "half a sample": encodeAudio(frame).slice(0, 27),
  "unknown kind": encodeAudio({ ...frame, kind: 3 }),
  "rate too low": encodeAudio({ ...frame, rate: 7999 }),
  "rate too high": encodeAudio({ ...frame, rate: 48001 }),
  "clock not a number": encodeAudio({ ...frame, clock: NaN }),
})) {
  test(`a bad audio frame is refused: ${name}`, () => assert.throws(() => decodeAudio(bytes), WireError));
}

/** A picture with that many bytes between its ends. */
const picture = (inside = 10, fill = 7) => Uint8Array.of(255, 216, ...new Uint8Array(inside).fill(fill), 255, 217);

test("an image frame has the layout that docs/protocol.md states", () => {
  const bytes = encodeImage({ source: "screen", seq: 7, clock: 1234.5, jpeg: picture(2) });
  const header = new DataView(bytes);
  assert.equal(bytes.byteLength, 24 + 6);
  assert.deepEqual([header.getUint8(0), header.getUint8(1), header.getUint16(2, true)], [IMAGE, 1, 0]);
  assert.deepEqual([4, 8, 12].map((at) => header.getUint32(at, true)), [7, 0, 0]);
  assert.equal(header.getFloat64(16, true), 1234.5);
  assert.deepEqual([...new Uint8Array(bytes, 24)], [255, 216, 7, 7, 255, 217]);
});

test("image frames survive the round trip", () => {
  const next = random(4);
  for (let i = 0; i < 200; i++) {
    const sent = { source: SOURCES[i % 2], seq: Math.floor(next() * 2 ** 32), clock: next() * 1e9, jpeg: picture(Math.floor(next() * 3000)) };
    assert.deepEqual(decodeImage(encodeImage(sent)), sent);
  }
});

const image = encodeImage({ source: "camera", seq: 0, clock: 1, jpeg: picture() });
const raw = (jpeg) => encodeImage({ source: "camera", seq: 0, clock: 1, jpeg: Uint8Array.from(jpeg) });
for (const [name, bytes] of Object.entries({
  empty: new ArrayBuffer(0),
  "header alone": image.slice(0, 24),
  audio: encodeAudio(frame),
  "unknown source": encodeImage({ source: "attic", seq: 0, clock: 1, jpeg: picture() }),
  "clock not a number": encodeImage({ source: "camera", seq: 0, clock: NaN, jpeg: picture() }),
  "no start": raw([0, 216, 1, 255, 217]),
  "no end": raw([255, 216, 1, 255, 216]),
  "bytes after its end": raw([255, 216, 1, 255, 217, 0]),
  "one end for two": raw([255, 216, 217]),
  "too large": raw([255, 216, ...new Uint8Array(MAX_JPEG), 255, 217]),
})) {
  test(`a bad image frame is refused: ${name}`, () => assert.throws(() => decodeImage(bytes), WireError));
}

test("any bytes and any text decode or throw a WireError", () => {
  const next = random(2);
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from({ length: Math.floor(next() * 80) }, () => Math.floor(next() * 256));
    if (bytes.length && i % 2) bytes[0] = 1 + (i % 3);
    for (const decode of [() => decodeAudio(bytes.buffer), () => decodeImage(bytes.buffer), () => decodeMessage(String.fromCharCode(...bytes))]) {
      try {
        decode();
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }
  }
});

test("messages survive the round trip", () => {
  const message = { type: "text", text: "naïve “quotes” \u{1f3b2}\n", nested: { a: [1, null, true] } };
  assert.deepEqual(decodeMessage(encodeMessage(message)), message);
});

for (const text of ["", "{", "null", "[]", "3", '"text"', "{}", '{"type": 3}']) {
  test(`a bad message is refused: ${text}`, () => assert.throws(() => decodeMessage(text), WireError));
}

test("the clock's estimate rests on the quickest probe and lies within its error", () => {
  const sync = new ClockSync();
  const next = random(3);
  const offset = 5000;
  let estimate = { offset_ms: 0, error_ms: Infinity };
  for (let i = 0; i < 12; i++) {
    const there = 0.5 + next() * 20;
    const back = 0.5 + next() * 20;
    const sent = i * 100;
    estimate = sync.add(sent, sent + there + offset, sent + there + back);
    assert.ok(Math.abs(estimate.offset_ms - offset) <= estimate.error_ms);
  }
  assert.ok(estimate.error_ms < 10);
});

test("the clock forgets old probes, so that it follows a drift", () => {
  const sync = new ClockSync(3);
  sync.add(0, 100, 0);
  for (let i = 1; i <= 3; i++) sync.add(i, i + 201, i + 2);
  assert.equal(sync.add(9, 210, 11).offset_ms, 200);
});
