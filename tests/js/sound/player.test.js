import assert from "node:assert/strict";
import { test } from "node:test";
import { Player } from "../../../adk_nb/static/sound/player.js";
import { random } from "../random.js";

const QUANTUM = 128;

/** A player, and an ear. @param {number} [rate] */
function listen(rate = 48000) {
  /** @type {import("../../../adk_nb/static/sound/player.js").PlayerReport[]} */
  const reports = [];
  const player = new Player({ rate, post: (report) => reports.push(report) });
  /** @type {number[]} */
  const heard = [];
  const quantum = new Float32Array(QUANTUM);
  let due = 0; // samples, which quanta overshoot
  return {
    player,
    reports,
    heard,
    of: (/** @type {string} */ type) => reports.filter((report) => report.type === type),
    /** @param {number} ms */
    play(ms) {
      due += (ms / 1000) * rate;
      while (heard.length < due) {
        player.render(quantum.fill(9), heard.length);
        heard.push(...quantum);
      }
    },
  };
}

/** @param {number} turn @param {number} ms @param {number} [rate] @param {number} [offset] in samples */
function speech(turn, ms, rate = 24000, offset = 0) {
  const samples = Int16Array.from({ length: (rate * ms) / 1000 }, (_, i) => 16000 * Math.sin((2 * Math.PI * 220 * (i + offset)) / rate));
  return { turn, rate, samples };
}

/** @param {number[]} heard */
const steepest = (heard) => heard.reduce((most, value, i) => (i ? Math.max(most, Math.abs(value - heard[i - 1])) : most), 0);
/** @param {number[]} heard */
const sounding = (heard) => heard.filter((value) => value !== 0).length;
// A 220 Hz tone at 0.49 moves 0.014 a sample; a fade over 3 ms adds 0.0034.
const SMOOTH = 0.02;

for (const rate of [48000, 44100, 16000]) {
  test(`${rate}: a turn that came at once sounds whole, once, without a click`, () => {
    const ear = listen(rate);
    for (let i = 0; i < 10; i++) ear.player.push(speech(1, 100, 24000, i * 2400));
    ear.player.end(1);
    ear.play(1200);
    assert.deepEqual(ear.reports.map(({ type }) => type).filter((type) => type !== "progress"), ["started", "drained"]);
    assert.equal(ear.of("drained")[0].played_ms, 1000);
    assert.equal(ear.of("started")[0].time, 0);
    assert.ok(Math.abs(ear.of("drained")[0].time - 1) < 0.001);
    assert.ok(steepest(ear.heard) < (SMOOTH * 48000) / rate);
    assert.ok(ear.of("progress").length >= 4 && ear.of("progress").length <= 5);
    assert.ok(ear.heard.slice(rate * 1.01).every((value) => value === 0));
  });
}

test("the sound is the one that was sent", () => {
  const ear = listen(48000);
  for (let i = 0; i < 5; i++) ear.player.push(speech(1, 100, 24000, i * 2400));
  ear.player.end(1);
  ear.play(600);
  for (let i = 480; i < 23000; i++) {
    assert.ok(Math.abs(ear.heard[i] - (16000 / 32768) * Math.sin((2 * Math.PI * 220 * i) / 48000)) < 0.005, `at ${i}`);
  }
});

test("audio in real time waits for a cushion of 20 ms, then never runs dry", () => {
  const ear = listen();
  for (let i = 0; i < 100; i++) {
    ear.player.push(speech(1, 20, 16000, i * 320));
    ear.play(i % 2 ? 15 : 25);
  }
  assert.equal(ear.player.underruns, 0);
  assert.ok(ear.of("started")[0].time >= 0.019 && ear.of("started")[0].time < 0.03);
  assert.ok(steepest(ear.heard) < SMOOTH);
});

test("one short chunk waits no longer than the cushion, or not at all when its turn is complete", () => {
  const patient = listen();
  patient.player.push(speech(1, 10));
  patient.play(100);
  assert.ok(patient.of("started")[0].time <= 0.0245);
  const sure = listen();
  sure.player.push(speech(1, 10));
  sure.player.end(1);
  sure.play(50);
  assert.equal(sure.of("started")[0].time, 0);
});

test("an underrun fades to silence, is counted once more audio comes, and makes the player more patient", () => {
  const ear = listen();
  ear.player.push(speech(1, 100));
  ear.play(200);
  assert.equal(ear.player.underruns, 0);
  assert.equal(ear.of("drained").length, 0);
  ear.player.push(speech(1, 100, 24000, 2400));
  assert.equal(ear.player.underruns, 1);
  assert.ok(ear.player.startMs > 80 && ear.player.startMs <= 300);
  ear.player.end(1);
  ear.play(400);
  assert.equal(ear.of("started").length, 1);
  assert.equal(ear.of("drained")[0].played_ms, 200);
  assert.ok(steepest(ear.heard) < SMOOTH);
});

test("the cushion has a ceiling, and shrinks while all is well", () => {
  const ear = listen();
  for (let i = 0; i < 8; i++) {
    ear.player.push(speech(1, 100));
    ear.play(600 - i);
    ear.player.push(speech(1, 100));
    ear.play(350);
  }
  for (let i = 0; i < 8; i++) {
    ear.player.push(speech(2, 60));
    ear.play(340);
  }
  assert.equal(ear.player.startMs, 300);
  for (let turn = 3; turn < 20; turn++) {
    ear.player.push(speech(turn, 60));
    ear.player.end(turn);
    ear.play(100);
  }
  assert.equal(ear.player.startMs, 20);
});

test("a pause drains the turn, is no underrun, and the turn starts again after it", () => {
  const ear = listen();
  ear.player.push(speech(1, 100));
  ear.play(600);
  assert.equal(ear.of("drained")[0].played_ms, 100);
  assert.ok(Math.abs(ear.of("drained")[0].time - ear.of("started")[0].time - 0.1) < 1e-6);
  ear.player.push(speech(1, 100));
  ear.player.end(1);
  ear.play(200);
  assert.equal(ear.player.underruns, 0);
  assert.equal(ear.of("started").length, 2);
  assert.equal(ear.of("drained")[1].played_ms, 200);
});

test("a flush is silent within 5 ms, without a click, and says exactly what sounded", () => {
  const next = random(5);
  for (let round = 0; round < 50; round++) {
    const ear = listen(round % 2 ? 48000 : 44100);
    const rate = ear.player.rate;
    for (let i = 0; i < 20; i++) ear.player.push(speech(4, 100, 24000, i * 2400));
    ear.play(50 + next() * 500);
    const at = ear.heard.length;
    ear.player.flush(4);
    ear.play(100);
    const last = ear.heard.findLastIndex((value) => value !== 0);
    assert.ok(last - at < rate * 0.005, `${((last - at) / rate) * 1000} ms`);
    const [report] = ear.of("flushed");
    assert.ok(Math.abs(report.played_ms - ((at + Math.round(rate * 0.003)) / rate) * 1000) < 1e-6);
    assert.ok(steepest(ear.heard) < 0.025);
    assert.equal(ear.of("drained").length, 0);
  }
});

test("after a flush, late audio of that turn and before is dropped; the next turn plays", () => {
  const ear = listen();
  ear.player.push(speech(2, 500));
  ear.play(100);
  ear.player.flush(2);
  ear.player.push(speech(2, 500));
  ear.player.push(speech(1, 500));
  ear.play(50);
  const quiet = ear.heard.length;
  ear.play(200);
  assert.equal(sounding(ear.heard.slice(quiet)), 0);
  ear.player.push(speech(3, 100));
  ear.player.end(3);
  ear.play(200);
  assert.equal(ear.of("drained").at(-1)?.turn, 3);
  assert.equal(ear.of("drained").at(-1)?.played_ms, 100);
});

test("a flush drops turns that wait behind, each with what sounded of it, and keeps later ones", () => {
  const ear = listen();
  for (const turn of [1, 2, 3]) ear.player.push(speech(turn, 300));
  ear.play(100);
  ear.player.flush(2);
  ear.play(800);
  assert.deepEqual(ear.of("flushed").map(({ turn, played_ms }) => [turn, played_ms > 0]), [[2, false], [1, true]]);
  assert.equal(ear.of("drained").at(-1)?.turn, 3);
  assert.equal(ear.of("drained").at(-1)?.played_ms, 300);
});

test("a flush before anything sounded plays nothing", () => {
  const ear = listen();
  ear.player.push(speech(1, 10));
  ear.player.flush(1);
  ear.play(100);
  assert.equal(sounding(ear.heard), 0);
  assert.deepEqual(ear.reports.map(({ type, played_ms }) => [type, played_ms]), [["flushed", 0]]);
});

test("a flush after the last sample only drains", () => {
  const ear = listen();
  ear.player.push(speech(1, 100));
  ear.play(200);
  ear.player.flush(1);
  ear.player.flush(1);
  ear.play(500);
  assert.deepEqual(ear.reports.map(({ type }) => type), ["started", "drained"]);
});

test("turns play in order, each from a silent start to a silent end", () => {
  const ear = listen();
  ear.player.push(speech(1, 200));
  ear.player.push(speech(2, 200, 16000));
  ear.player.end(2);
  ear.play(600);
  assert.deepEqual(
    ear.reports.filter(({ type }) => type !== "progress").map(({ type, turn }) => `${type} ${turn}`),
    ["started 1", "drained 1", "started 2", "drained 2"],
  );
  assert.deepEqual(ear.of("drained").map(({ played_ms }) => played_ms), [200, 200]);
  assert.ok(steepest(ear.heard) < SMOOTH);
});

test("a turn of five minutes that came at once sounds whole", () => {
  const ear = listen(16000);
  const chunk = speech(1, 100, 16000);
  for (let i = 0; i < 3000; i++) ear.player.push(chunk);
  ear.player.end(1);
  ear.play(301_000);
  assert.equal(ear.of("drained")[0].played_ms, 300_000);
  assert.equal(ear.player.underruns, 0);
});

test("whatever comes whenever, nothing clicks and the account is right", () => {
  const next = random(11);
  for (let round = 0; round < 30; round++) {
    const ear = listen([44100, 48000][round % 2]);
    let turn = 1;
    let sent = 0;
    for (let i = 0; i < 60; i++) {
      const dice = next();
      if (dice < 0.7) {
        const ms = 10 * (1 + Math.floor(next() * 12));
        ear.player.push(speech(turn, ms));
        sent += turn > ear.player.flushed ? ms : 0;
      } else if (dice < 0.8) ear.player.end(turn++);
      else if (dice < 0.85) ear.player.flush(turn);
      ear.play(next() * 120);
    }
    ear.player.end(turn);
    ear.play(8000);
    const played = [...ear.player.turns.values()].reduce((sum, record) => sum + record.played, 0);
    assert.ok((played / ear.player.rate) * 1000 <= sent + 1);
    // Chunks join at any phase of the tone here, so a step may be the tone's whole height: bounded by the low-pass.
    assert.ok(ear.heard.every((value) => Math.abs(value) <= 1));
    assert.equal(ear.heard.at(-1), 0);
    const begun = ear.of("started").length;
    assert.equal(begun, ear.of("drained").length + ear.of("flushed").filter(({ played_ms }) => played_ms > 0).length);
  }
});

/** Live audio: 20 ms frames in time, after a first one that was late. @param {number} lateMs @param {(i: number) => number} amplitude */
function live(lateMs, amplitude) {
  const ear = listen();
  const frame = (/** @type {number} */ i) => {
    const { samples } = speech(1, 20, 16000, i * 320);
    return { turn: 1, rate: 16000, samples: samples.map((value) => value * amplitude(i)) };
  };
  let sent = 0;
  for (let now = 0; now < 6000; now += 20) {
    // What was due while the page stood still comes all at once.
    if (now === 0 || now >= lateMs) for (; sent * 20 <= now; sent++) ear.player.push(frame(sent));
    ear.play(20);
  }
  return ear;
}

test("live audio that stands too long in the queue catches up in its pauses", () => {
  const pauses = (/** @type {number} */ i) => (i % 25 < 10 ? 0 : 1);
  const { player, heard } = live(120, pauses);
  const standing = (player.remaining(player.queue[0]) / 48000) * 1000;
  assert.ok(standing < 50, `${standing} ms still stand in the queue`);
  assert.ok(player.queue[0].skipped > 0);
  assert.ok(steepest(heard) < 0.4, "speech itself is whole");
});

test("without a pause nothing is left out", () => {
  const { player } = live(120, () => 1);
  assert.equal(player.queue[0].skipped, 0);
});

test("audio that comes far ahead is never shortened", () => {
  const ear = listen();
  for (let i = 0; i < 60; i++) ear.player.push({ turn: 1, rate: 24000, samples: new Int16Array(2400) });
  ear.player.end(1);
  ear.play(6500);
  assert.equal(ear.of("drained")[0].played_ms, 6000);
});
