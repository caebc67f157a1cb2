import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../random.js";
import { faded, gains, level, listen, QUANTUM, RATE, silence, SMOOTH, sounding, speech, steepest, told } from "./ear.js";

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

test("after a flush, late audio of that turn is dropped; the next turn plays", () => {
  const ear = listen();
  ear.player.push(speech(2, 500));
  ear.play(100);
  ear.player.flush(2);
  ear.player.push(speech(2, 500));
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

test("a late answer to an earlier question is played after a later one was cut off", () => {
  const ear = listen();
  ear.player.push(speech(1, 40));
  ear.player.end(1);
  ear.play(200);
  ear.player.push(speech(2, 500));
  ear.play(100);
  ear.player.flush(2);
  ear.play(50);
  const quiet = ear.heard.length;
  ear.player.push(speech(1, 100));
  ear.play(300);
  assert.ok(sounding(ear.heard.slice(quiet)) > 0);
  assert.equal(ear.of("drained").at(-1)?.turn, 1);
});

test("what waits of the turns before goes with a flush, for good", () => {
  const ear = listen();
  ear.player.push(speech(1, 500));
  ear.player.push(speech(2, 500));
  ear.play(100);
  ear.player.flush(2);
  ear.play(50);
  const quiet = ear.heard.length;
  ear.player.push(speech(1, 500));
  ear.play(200);
  assert.equal(sounding(ear.heard.slice(quiet)), 0);
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
  const { player, of } = listen(16000);
  const chunk = speech(1, 100, 16000);
  for (let i = 0; i < 3000; i++) player.push(chunk);
  player.end(1);
  const quantum = new Float32Array(QUANTUM);
  for (let frame = 0; frame < 301 * 16000; frame += QUANTUM) player.render(quantum, frame);
  assert.equal(of("drained")[0].played_ms, 300_000);
  assert.equal(of("progress").length, 1500);
  assert.equal(player.underruns, 0);
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
        sent += ear.player.flushed.has(turn) ? 0 : ms;
      } else if (dice < 0.8) ear.player.end(turn++);
      else if (dice < 0.85) ear.player.flush(turn);
      ear.play(next() * 120);
    }
    ear.player.end(turn);
    while (ear.player.queue.length || ear.player.dry) ear.play(100);
    ear.play(100);
    const played = [...ear.player.turns.values()].reduce((sum, record) => sum + record.played, 0);
    assert.ok((played / ear.player.rate) * 1000 <= sent + 1);
    // Chunks join at any phase of the tone here, so a step may be the tone's whole height: bounded by the low-pass.
    assert.ok(ear.heard.every((value) => Math.abs(value) <= 1));
    assert.equal(ear.heard.at(-1), 0);
    const begun = ear.of("started").length;
    assert.equal(begun, ear.of("drained").length + ear.of("flushed").filter(({ played_ms }) => played_ms > 0).length);
  }
});

test("exactly: a turn fades in over 3 ms, sounds as it is, fades out over 3 ms, and is silent", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 10));
  ear.player.end(1);
  ear.play(24);
  assert.deepEqual(gains(ear.heard), [...faded(160), ...silence(384 - 160)]);
});

test("exactly: what is shorter than two fades gets no louder than they allow", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 4));
  ear.player.end(1);
  ear.play(8);
  assert.deepEqual(gains(ear.heard), [...faded(64), ...silence(64)]);
});

test("exactly: samples of any size keep theirs", () => {
  const ear = listen(RATE);
  const samples = Int16Array.from({ length: 400 }, (_, i) => ((i * 7919) % 65536) - 32768);
  ear.player.push({ turn: 1, rate: RATE, samples });
  ear.player.end(1);
  ear.play(40);
  for (let i = 48; i < 352; i++) assert.ok(Math.abs(ear.heard[i] - samples[i] / 32768) < 1e-7, `at ${i}`);
});

test("what is silent is played, and not counted as sound", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 100, 0));
  ear.player.end(1);
  ear.play(120);
  assert.deepEqual([ear.reports.at(-1)?.nonzero, ear.reports.at(-1)?.played_ms], [0, 100]);
});

test("exactly: what the resampler makes too loud is clamped", () => {
  const ear = listen(48000);
  const square = Int16Array.from({ length: 2400 }, (_, i) => (i % 20 < 10 ? 32767 : -32768));
  ear.player.push({ turn: 1, rate: 24000, samples: square });
  ear.player.end(1);
  ear.play(120);
  assert.equal(Math.max(...ear.heard), 1);
  assert.equal(Math.min(...ear.heard), -1);
});

test("exactly: reports of a turn that came at once", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 480));
  ear.player.end(1);
  ear.play(560);
  assert.deepEqual(told(ear), [
    "started 1 at 0 after 0, 0 underruns, cushion 20",
    "progress 1 at 200 after 200, 0 underruns, cushion 20",
    "progress 1 at 400 after 400, 0 underruns, cushion 20",
    "drained 1 at 480 after 480, 0 underruns, cushion 20",
  ]);
  assert.deepEqual(ear.reports.map(({ nonzero }) => nonzero), [0, 3200, 6400, 7680]);
});

/** When a turn starts of which so much came at first. @param {(player: import("../../../adk_nb/static/sound/player.js").Player) => void} push */
function startOf(push) {
  const ear = listen(RATE);
  ear.play(8); // it counts from the first audio, not from its own beginning
  push(ear.player);
  ear.play(400);
  return Math.round((ear.of("started")[0]?.time ?? NaN) * 1000) - 8;
}

for (const [name, push, ms] of /** @type {[string, (player: import("../../../adk_nb/static/sound/player.js").Player) => void, number][]} */ ([
  ["one chunk waits 20 ms", (player) => player.push(level(1, 20)), 24],
  ["one long chunk waits too: the next may be as late as it is long", (player) => player.push(level(1, 200)), 24],
  ["20 ms past the longest chunk are enough", (player) => [20, 20].forEach((ms) => player.push(level(1, ms))), 0],
  ["less past the longest is not", (player) => [20, 19].forEach((ms) => player.push(level(1, ms))), 24],
  ["the longest counts, not the last", (player) => [60, 19].forEach((ms) => player.push(level(1, ms))), 24],
  ["nor the first", (player) => [10, 50, 9].forEach((ms) => player.push(level(1, ms))), 24],
  ["a turn that is complete waits for nothing", (player) => (player.push(level(1, 5)), player.end(1)), 0],
  ["nor does one before a complete one", (player) => (player.push(level(1, 5)), player.end(2)), 0],
  ["a turn after a complete one waits", (player) => (player.end(1), player.push(level(2, 5))), 24],
  ["a turn that another follows waits for nothing", (player) => [1, 2].forEach((turn) => player.push(level(turn, 5))), 0],
  ["at another rate ms are ms", (player) => [20, 20].forEach((ms) => player.push(level(1, ms, 16384, 8000))), 0],
])) {
  test(`the start, exactly: ${name}`, () => assert.equal(startOf(push), ms));
}

test("exactly: an underrun is silent until audio comes, and the next cushion as long as that was late", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 100));
  ear.play(200); // it starts at 24 and is dry at 124
  ear.player.push(level(1, 100));
  ear.player.end(1);
  ear.play(200);
  assert.deepEqual(told(ear), [
    "started 1 at 24 after 0, 0 underruns, cushion 20",
    "progress 1 at 300 after 200, 1 underruns, cushion 100",
    "drained 1 at 300 after 200, 1 underruns, cushion 100",
  ]);
  const whole = [...silence(384), ...faded(1600), ...silence(1216), ...faded(1600)];
  assert.deepEqual(gains(ear.heard), [...whole, ...silence(ear.heard.length - whole.length)]);
});

for (const [late, more] of [[8, 2], [64, 0]]) {
  test(`exactly: ${late} ms late, little audio waits until it is as late as the cushion grew: ${more} ms`, () => {
    const ear = listen(RATE);
    ear.player.push(level(1, 104)); // sounds from 24 to 128
    ear.play(128 + late);
    ear.player.push(level(1, 16));
    ear.play(400);
    ear.player.end(1);
    const begun = 128 + late + 8 * Math.ceil(more / 8);
    assert.equal(told(ear).at(-1)?.split(",")[0], `drained 1 at ${begun + 16} after 120`);
  });
}

for (const [sounds, late, drained] of [[100, 300, false], [99.5, 300.5, true]]) {
  test(`exactly: after ${late} ms of silence a turn has ${drained ? "" : "not "}drained`, () => {
    const ear = listen(RATE);
    ear.player.push(level(1, sounds)); // from 24 on
    ear.play(24 + sounds + late);
    assert.deepEqual(told(ear).slice(1), drained ? ["drained 1 at 123.5 after 99.5, 0 underruns, cushion 20"] : []);
    ear.player.push(level(1, 40));
    assert.equal(ear.player.underruns, drained ? 0 : 1);
  });
}

test("a dry turn drains when its end is said, or a later one's, at the time when it fell silent", () => {
  for (const end of [1, 2]) {
    const ear = listen(RATE);
    ear.player.push(level(1, 104));
    ear.play(200);
    ear.player.end(0);
    assert.equal(ear.of("drained").length, 0);
    ear.player.end(end);
    ear.player.end(end);
    assert.deepEqual(told(ear).slice(1), ["drained 1 at 128 after 104, 0 underruns, cushion 20"]);
  }
});

test("a dry turn drains when another turn's audio comes, which waits for its own cushion", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 104));
  ear.play(200);
  ear.player.push(level(2, 100));
  ear.play(8);
  assert.deepEqual(told(ear).slice(1), ["drained 1 at 128 after 104, 0 underruns, cushion 20"]);
  ear.play(200);
  assert.equal(told(ear)[2], "started 2 at 224 after 0, 0 underruns, cushion 20");
  assert.equal(ear.player.underruns, 0);
});

test("an end that is said again, or of an earlier turn, does not take a later one back", () => {
  const { player } = listen(RATE);
  player.end(5);
  player.end(3);
  assert.equal(player.complete, 5);
  player.flush(5);
  player.flush(3);
  assert.deepEqual([...player.flushed], [5, 3]);
});

test("exactly: a flush fades out over 3 ms from the sample where it sounds, and the next turn fades in", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 400));
  ear.player.push(level(2, 100));
  ear.play(80);
  ear.player.flush(1);
  ear.player.end(2);
  ear.play(160);
  assert.deepEqual(told(ear), [
    "started 1 at 0 after 0, 0 underruns, cushion 20",
    "flushed 1 at 83 after 83, 0 underruns, cushion 20",
    "started 2 at 83 after 0, 0 underruns, cushion 20",
    "drained 2 at 183 after 100, 0 underruns, cushion 20",
  ]);
  const out = Array.from({ length: 48 }, (_, i) => 48 - i);
  assert.deepEqual(gains(ear.heard), [...faded(1280 + 1280).slice(0, 1280), ...out, ...faded(1600), ...silence(3840 - 1328 - 1600)]);
});

test("exactly: a flush near the end fades over what is left", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 130 / 16)); // two samples more than a quantum
  ear.player.end(1);
  ear.play(8);
  ear.player.flush(1);
  ear.play(8);
  assert.deepEqual(told(ear).slice(1), ["flushed 1 at 8.125 after 8.125, 0 underruns, cushion 20"]);
});

test("a second flush while the first fades changes nothing", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 400));
  ear.play(32);
  const at = ear.heard.length;
  ear.player.flush(1);
  ear.player.flush(1);
  ear.play(8);
  assert.deepEqual(ear.of("flushed").map(({ time }) => time), [(at + 48) / RATE]);
});

test("a flush of what waits is told at once, and once a turn", () => {
  const ear = listen(RATE);
  ear.play(8);
  ear.player.push(level(3, 10));
  ear.player.push(level(3, 10, 16384, 8000));
  ear.player.push(level(4, 10));
  ear.player.flush(4);
  assert.deepEqual(told(ear), ["flushed 3 at 8 after 0, 0 underruns, cushion 20", "flushed 4 at 8 after 0, 0 underruns, cushion 20"]);
  ear.play(80);
  assert.equal(sounding(ear.heard), 0);
});

test("a flush of a turn whose rate changed within tells so once, when its first part has faded", () => {
  const ear = listen();
  ear.player.push(speech(1, 100, 24000));
  ear.player.push(speech(1, 100, 16000));
  ear.play(50);
  ear.player.flush(1);
  assert.deepEqual(ear.of("flushed"), []);
  ear.play(50);
  assert.equal(ear.of("flushed").length, 1);
  assert.ok(ear.of("flushed")[0].played_ms > 20);
});

test("a flush while it rides out an underrun drops the rest, and tells so once with what had sounded", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 104));
  ear.play(136);
  ear.player.push(level(1, 20));
  ear.player.flush(1);
  assert.deepEqual(told(ear).slice(1), ["flushed 1 at 136 after 104, 1 underruns, cushion 32"]);
  ear.play(200);
  assert.equal(ear.reports.length, 2);
});

test("a later turn that has waited behind a flushed one need not wait again", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 10));
  ear.player.push(level(2, 200));
  ear.player.flush(1);
  ear.play(80);
  assert.equal(ear.of("started")[0].turn, 2);
});

test("exactly: a rate that changes within a turn makes one turn of two fades", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 40));
  ear.player.push(level(1, 40, 16384, 8000));
  ear.player.end(1);
  ear.play(120);
  assert.deepEqual(told(ear), ["started 1 at 0 after 0, 0 underruns, cushion 20", "drained 1 at 80 after 80, 0 underruns, cushion 20"]);
  assert.deepEqual(gains(ear.heard.slice(0, 640)), faded(640));
  assert.deepEqual([ear.heard[1279] !== 0, ear.heard[1280]], [true, 0]);
});

test("chunks of one rate are one stretch: no fade between them", () => {
  const ear = listen(RATE);
  for (let i = 0; i < 4; i++) ear.player.push(level(1, 10));
  ear.player.end(1);
  ear.play(48);
  assert.deepEqual(gains(ear.heard), [...faded(640), ...silence(128)]);
});

for (const [ms, restart] of [[20, 6272], [100, 6016]]) {
  test(`exactly: ${ms} ms that come while the last samples are in the resampler are late, and start anew`, () => {
    const ear = listen(48000);
    const piece = (/** @type {number} */ samples) => ({ turn: 1, rate: 24000, samples: new Int16Array(samples).fill(16384) });
    ear.player.push(piece(2442)); // 20 samples past a quantum: within the resampler's look-ahead
    ear.play(5888 / 48); // it started at frame 1024
    assert.equal(ear.player.remaining(ear.player.queue[0]), 20);
    ear.player.push(piece(24 * ms));
    assert.deepEqual([ear.player.underruns, Math.round(ear.player.startMs)], [1, 21]);
    ear.play(200);
    // 20 ms are less than the cushion, and wait for a third of it; with 100 the next quantum begins.
    assert.equal(ear.heard.findIndex((value, frame) => frame >= 5908 && value !== 0), restart);
    ear.player.end(1);
    const end = (restart + 48 * ms) / 48;
    assert.equal(told(ear).at(-1), `drained 1 at ${Math.round(end * 1000) / 1000} after ${101.75 + ms}, 1 underruns, cushion 20.917`);
    assert.deepEqual(ear.of("started").length, 1);
  });
}

test("a flush between two rates of a turn ends it", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 40)); // ends with a quantum
  ear.player.push(level(1, 40, 16384, 8000));
  ear.play(40);
  ear.player.flush(1);
  ear.play(40);
  assert.deepEqual(told(ear).slice(1), ["flushed 1 at 40 after 40, 0 underruns, cushion 20"]);
  assert.equal(sounding(ear.heard.slice(640)), 0);
});

test("sixteen turns are remembered, the newest", () => {
  const ear = listen(RATE);
  for (let turn = 1; turn <= 20; turn++) {
    ear.player.push(level(turn, 8));
    ear.player.end(turn);
    ear.play(16);
  }
  assert.deepEqual([...ear.player.turns.keys()], Array.from({ length: 16 }, (_, i) => i + 5));
});

test("reset forgets what waits, what was flushed and what is complete", () => {
  const ear = listen(RATE);
  ear.player.push(level(7, 300));
  ear.player.end(8);
  ear.player.flush(3);
  ear.play(40);
  ear.player.reset();
  ear.play(40);
  assert.equal(sounding(ear.heard.slice(-640)), 0);
  ear.player.push(level(1, 40));
  ear.play(16);
  assert.equal(ear.of("started").length, 1); // not complete: it waits for its cushion
  ear.play(16);
  assert.deepEqual(told(ear).at(-1), "started 1 at 104 after 0, 0 underruns, cushion 20");
  ear.player.push(level(7, 40));
  ear.player.end(7);
  ear.play(160);
  assert.match(told(ear).at(-1) ?? "", /^drained 7 at .* after 40,/);
});

test("reset while a turn is dry tells nothing of it later", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 104));
  ear.play(200);
  ear.player.reset();
  ear.play(400);
  assert.deepEqual(ear.of("drained"), []);
});

test("a chunk of nothing is nothing", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 0));
  ear.player.end(1);
  ear.play(80);
  assert.deepEqual(ear.reports, []);
});

test("a turn that was cut off is played again where it is answered all the same", () => {
  const ear = listen();
  ear.player.push(speech(1, 500));
  ear.play(100);
  ear.player.flush(1);
  ear.play(50);
  const quiet = ear.heard.length;
  ear.player.resume(1);
  ear.player.push(speech(1, 100));
  ear.player.end(1);
  ear.play(300);
  assert.ok(sounding(ear.heard.slice(quiet)) > 0);
  assert.deepEqual(ear.of("started").map(({ turn }) => turn), [1, 1]);
  assert.equal(ear.of("drained").at(-1)?.turn, 1);
});

test("a turn that fell silent has drained as soon as it is flushed, at the time when it fell silent", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 104));
  ear.play(200);
  ear.player.flush(1);
  assert.deepEqual(told(ear), ["started 1 at 24 after 0, 0 underruns, cushion 20", "drained 1 at 128 after 104, 0 underruns, cushion 20"]);
  ear.play(600);
  assert.equal(ear.reports.length, 2);
});

test("a flush between two turns, before the second sounds, leaves a player that plays the third", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 16)); // two quanta: the first turn ends where a quantum does
  ear.player.push(level(2, 100));
  ear.play(16);
  ear.player.flush(2);
  ear.play(40);
  ear.player.push(level(3, 8));
  ear.player.end(3);
  ear.play(16);
  assert.deepEqual(told(ear), [
    "started 1 at 0 after 0, 0 underruns, cushion 20",
    "drained 1 at 16 after 16, 0 underruns, cushion 20",
    "flushed 2 at 16 after 0, 0 underruns, cushion 20",
    "started 3 at 56 after 0, 0 underruns, cushion 20",
    "drained 3 at 64 after 8, 0 underruns, cushion 20",
  ]);
  assert.deepEqual(gains(ear.heard), [...faded(256), ...silence(640), ...faded(128), ...silence(128)]);
});

test("a late answer to a question of long ago is accounted for as any other", () => {
  const ear = listen(RATE);
  for (let turn = 1; turn <= 17; turn++) {
    ear.player.push(level(turn, 8));
    ear.player.end(turn);
    ear.play(16);
  }
  ear.reports.length = 0;
  ear.player.push(level(1, 80));
  ear.player.end(17);
  ear.play(160);
  assert.deepEqual(told(ear), ["started 1 at 272 after 0, 0 underruns, cushion 20", "drained 1 at 352 after 80, 0 underruns, cushion 20"]);
});

test("a turn that another player began goes on, and its count with it", () => {
  const ear = listen();
  ear.player.flush(1);
  ear.player.continueAt(1, 4900);
  for (let i = 0; i < 5; i++) ear.player.push(speech(1, 100, 24000, i * 2400));
  ear.player.end(1);
  ear.play(700);
  assert.deepEqual(ear.of("started").map(({ turn, played_ms }) => [turn, played_ms]), [[1, 4900]]);
  assert.equal(ear.of("drained")[0].played_ms, 5400);
});

test("exactly: what comes in one piece after a short stall is not ahead: it waits until the gap is 10 ms", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 104));
  ear.play(136); // it starts at 24 and is dry at 128
  for (let i = 0; i < 3; i++) ear.player.push(level(1, 20));
  ear.play(80);
  const restart = ear.heard.findIndex((value, at) => at >= 128 * 16 && value !== 0);
  assert.equal(restart / 16, 144); // the first quantum that begins 10 ms after it
});

test("a turn that drained and is heard again begins anew", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 100));
  ear.play(800);
  ear.player.push(level(1, 100));
  ear.player.end(1);
  ear.play(300);
  assert.deepEqual(ear.reports.map(({ type }) => type).filter((type) => type !== "progress"), ["started", "drained", "started", "drained"]);
});
