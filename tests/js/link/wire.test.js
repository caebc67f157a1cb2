import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as wire from "../../../adk_nb/static/link/wire.js";
import { random } from "../random.js";
import { decodeImage } from "./image-frame.js";

const { ClockSync, decodeAudio, decodeMessage, encodeAudio, encodeImage, encodeMessage, WireError } = wire;
/** What both ends must agree on; tests/golden_wire.py makes it. */
const golden = JSON.parse(readFileSync(new URL("../../data/wire.json", import.meta.url), "utf8"));

/** @param {string} text */
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
/** @param {ArrayBuffer} data */
const hex = (data) => Buffer.from(data).toString("hex");

test("the constants are those of the other end", () => {
  assert.equal(wire.SUBPROTOCOL, golden.subprotocol);
  assert.equal(wire.MAX_JPEG, golden.max_jpeg);
  assert.equal(wire.MAX_TYPED, golden.max_typed);
  assert.deepEqual(wire.SOURCES, golden.sources);
  const { MICROPHONE, AGENT_AUDIO, IMAGE } = wire;
  assert.deepEqual({ MICROPHONE, AGENT_AUDIO, IMAGE }, golden.kinds);
  assert.deepEqual(wire.CLOSE, { ...golden.close, DONE: 1000 });
});

for (const { name, hex: data, samples, ...fields } of golden.audio) {
  test(`golden audio, ${name}: the same bytes, there and back`, () => {
    const frame = { ...fields, samples: new Int16Array(bytes(samples).buffer) };
    assert.equal(hex(encodeAudio(frame)), data);
    assert.deepEqual(decodeAudio(bytes(data).buffer), frame);
  });
}

for (const { name, hex: data, jpeg, ...fields } of golden.images) {
  test(`golden image, ${name}: the same bytes`, () => {
    assert.equal(hex(encodeImage({ ...fields, jpeg: bytes(jpeg) })), data);
  });
}

for (const [name, data] of Object.entries(golden.bad_audio)) {
  test(`bad audio is refused: ${name}`, () => assert.throws(() => decodeAudio(bytes(data).buffer), WireError));
}

for (const text of golden.to_page) {
  test(`a golden message is read: ${text.slice(0, 40)}`, () => assert.deepEqual(decodeMessage(text), JSON.parse(text)));
}

for (const text of golden.from_page) {
  test(`a golden message is written so that it reads the same: ${text.slice(0, 40)}`, () => {
    assert.deepEqual(JSON.parse(encodeMessage(JSON.parse(text))), JSON.parse(text));
  });
}

const frame = { kind: wire.MICROPHONE, seq: 7, turn: 0, rate: 16000, clock: 1234.5, samples: Int16Array.of(1, -2, 32767, -32768) };

/** A picture with that many bytes between its ends. */
const picture = (inside = 10, fill = 7) => Uint8Array.from({ length: inside + 4 }, (_, i) => [255, 216][i] ?? [fill, 255, 217][Math.max(0, i - inside - 1)]);

test("what is decoded looks into the bytes that came, and copies nothing", () => {
  const audio = encodeAudio(frame);
  assert.equal(decodeAudio(audio).samples.buffer, audio);
});

test("a refusal says what was wrong", () => {
  const said = (decode) => {
    try {
      decode();
    } catch (error) {
      return [error.name, error.message];
    }
  };
  assert.deepEqual(said(() => decodeAudio(new ArrayBuffer(3))), ["WireError", "an audio frame of 3 bytes is too short"]);
  assert.deepEqual(said(() => decodeAudio(encodeAudio(frame).slice(0, 27))), ["WireError", "an audio frame ends within a sample"]);
  assert.deepEqual(said(() => decodeMessage("{")), ["WireError", "a message is not JSON"]);
  assert.deepEqual(said(() => decodeMessage("[]")), ["WireError", "a message is not a JSON object"]);
  assert.deepEqual(said(() => decodeMessage("{}")), ["WireError", "a message has no type"]);
});

test("audio frames survive the round trip", () => {
  const next = random(1);
  for (let i = 0; i < 200; i++) {
    const samples = Int16Array.from({ length: 1 + Math.floor(next() * 2000) }, () => Math.floor(next() * 65536) - 32768);
    const sent = {
      kind: next() < 0.5 ? wire.MICROPHONE : wire.AGENT_AUDIO,
      seq: Math.floor(next() * 2 ** 32),
      turn: Math.floor(next() * 2 ** 32),
      rate: 8000 + Math.floor(next() * 40001),
      clock: next() * 1e9,
      samples,
    };
    assert.deepEqual(decodeAudio(encodeAudio(sent)), sent);
  }
});

test("image frames survive the round trip", () => {
  const next = random(4);
  for (let i = 0; i < 200; i++) {
    const sent = { source: wire.SOURCES[i % 2], seq: Math.floor(next() * 2 ** 32), clock: next() * 1e9, jpeg: picture(Math.floor(next() * 3000)) };
    assert.deepEqual(decodeImage(encodeImage(sent)), sent);
  }
});

test("any bytes and any text decode or throw a WireError", () => {
  const next = random(2);
  for (let i = 0; i < 3000; i++) {
    const data = Uint8Array.from({ length: Math.floor(next() * 80) }, () => Math.floor(next() * 256));
    if (data.length && i % 2) data[0] = 1 + (i % 3);
    for (const decode of [() => decodeAudio(data.buffer), () => decodeMessage(String.fromCharCode(...data))]) {
      try {
        decode();
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }
  }
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

test("a probe's offset is reckoned from its middle, with half its round trip as the error", () => {
  assert.deepEqual(new ClockSync().add(100, 1150, 110), { offset_ms: 1045, error_ms: 5 });
});

test("of two probes as quick as each other the newer counts, so that it follows a drift", () => {
  const sync = new ClockSync();
  sync.add(0, 101, 2);
  assert.deepEqual(sync.add(10, 113, 12), { offset_ms: 102, error_ms: 1 });
});

test("a quick probe counts until twelve came after it", () => {
  const sync = new ClockSync();
  sync.add(0, 100, 0);
  const later = Array.from({ length: 12 }, (_, i) => sync.add(i, i + 201, i + 2).offset_ms);
  assert.deepEqual(later, [...Array(11).fill(100), 200]);
});

test("how many probes it remembers may be said", () => {
  const sync = new ClockSync(3);
  sync.add(0, 100, 0);
  assert.deepEqual([1, 2, 3].map((i) => sync.add(i, i + 201, i + 2).offset_ms), [100, 100, 200]);
});
