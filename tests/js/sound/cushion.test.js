import assert from "node:assert/strict";
import { test } from "node:test";
import { Cushion } from "../../../adk_nb/static/sound/cushion.js";
import { level, listen, RATE, speech, steepest } from "./ear.js";

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

/** Live audio: 20 ms frames in time, after a first one that was late. @param {number} lateMs @param {(i: number) => number} amplitude @param {number} [forMs] */
function live(lateMs, amplitude, forMs = 6000) {
  const ear = listen();
  const frame = (/** @type {number} */ i) => {
    const { samples } = speech(1, 20, 16000, i * 320);
    return { turn: 1, rate: 16000, samples: samples.map((value) => value * amplitude(i)) };
  };
  let sent = 0;
  for (let now = 0; now < forMs; now += 20) {
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

test("live audio that came in one piece after a stall catches up too, once it has come as it is spoken for a while", () => {
  const pauses = (/** @type {number} */ i) => (i % 25 < 10 ? 0 : 1);
  const { player, heard } = live(700, pauses, 8000);
  const standing = (player.remaining(player.queue[0]) / 48000) * 1000;
  assert.ok(standing < player.startMs + 30, `${standing} ms still stand in the queue`);
  assert.ok(steepest(heard) < 0.4, "speech itself is whole");
});

test("sentences that come whole, ahead of their sound, keep their pauses", () => {
  const ear = listen();
  let sent = 0;
  for (const wait of [400, 1500, 2100, 1800, 2200, 1900]) {
    for (let i = 0; i < 20; i++) ear.player.push({ turn: 1, rate: 24000, samples: new Int16Array(2400) });
    sent += 2000;
    ear.play(wait);
  }
  ear.player.end(1);
  ear.play(4000);
  assert.equal(ear.of("drained").at(-1)?.played_ms, sent);
  assert.equal(ear.player.underruns, 0);
});

test("exactly: the cushion grows by what was late, and to 300 ms at most", () => {
  const ear = listen(RATE);
  const cushions = [];
  for (const late of [2, 60, 10, 290, 290]) {
    ear.player.push(level(1, 80));
    while (!ear.player.dry) ear.play(1);
    const dry = ear.player.dry.frame;
    while ((ear.player.frame - dry) / 16 < late) ear.play(1);
    ear.player.push(level(1, 80));
    cushions.push([(ear.player.frame - dry) / 16, ear.player.startMs]);
    while (ear.player.playing || ear.player.queue.length) ear.play(1);
    ear.play(400); // a pause: it drains
  }
  // Each turn waited for its cushion, in quanta of 8 ms: 24, 32, 96, 112 and 304.
  assert.deepEqual(cushions, [[8, 32], [64, 96], [16, 112], [296, 300], [296, 300]]);
});

/** Live frames of 20 ms, each in time. @param {ReturnType<typeof listen>} ear @param {number} ms @param {() => void} [look] */
function inTime(ear, ms, look = () => {}) {
  for (let now = 0; now < ms; now += 20) {
    ear.player.push(level(1, 20));
    ear.play(20);
    look();
  }
}

test("after less than a second of live audio in time the cushion is what it was", () => {
  const ear = listen(RATE);
  inTime(ear, 500);
  ear.play(72);
  ear.player.push(level(1, 80));
  assert.equal(ear.player.startMs, 76);
  const before = ear.player.frame;
  /** @type {number | undefined} */
  let after;
  inTime(ear, 2000, () => (after ??= ear.player.startMs === 20 ? ear.player.frame : undefined));
  assert.ok(after && after - before >= 750 * 16 && after - before <= 1000 * 16, `${after && (after - before) / 16} ms`);
});

test("audio that lies far ahead says nothing of how late it may come", () => {
  const ear = listen(RATE);
  inTime(ear, 200);
  ear.play(72);
  ear.player.push(level(1, 80));
  for (let i = 0; i < 8; i++) ear.player.push(level(1, 1000));
  ear.play(6000);
  assert.equal(ear.player.startMs, 72);
});

test("where audio that came ahead runs dry, the cushion grows by what was late", () => {
  const ear = listen(RATE);
  for (let i = 0; i < 5; i++) ear.player.push(level(1, 100));
  ear.play(600); // dry at 500
  ear.player.push(level(1, 100));
  assert.equal(ear.player.startMs, 120);
});

test("two turns that drain without an underrun let the cushion shrink, one with an underrun does not", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 100));
  ear.play(200);
  ear.player.push(level(1, 100));
  ear.player.end(1);
  ear.play(200);
  const cushions = [ear.player.startMs];
  for (const turn of [2, 3]) {
    ear.player.push(level(turn, 100));
    ear.player.end(turn);
    ear.play(200);
    cushions.push(ear.player.startMs);
  }
  assert.deepEqual(cushions, [100, 100, 20]);
});

/**
 * Live audio of 20 ms frames at one level, so far ahead of what sounds; how much is left out, by quantum.
 *
 * @param {number} ms @param {number} value
 * @param {object} [options]
 * @param {number} [options.forMs]
 * @param {number} [options.speed] how much comes while 1 ms sounds
 * @param {number[]} [options.stalls] when nothing comes for 32 ms
 */
function ahead(ms, value, { forMs = 2400, speed = 1, stalls = [] } = {}) {
  const ear = listen(RATE);
  let pushed = 0;
  const push = () => (ear.player.push(level(1, 20, value)), (pushed += 20));
  const skipped = [];
  while (pushed < ms) push();
  for (let quantum = 1; quantum * 8 <= forMs; quantum++) {
    ear.play(8);
    const stalled = stalls.some((at) => quantum * 8 > at && quantum * 8 < at + 32);
    while (!stalled && pushed < quantum * 8 * speed + ms) push();
    const all = ear.player.queue[0].skipped;
    if (all !== (skipped.at(-1)?.[1] ?? 0)) skipped.push([quantum * 8, all]);
  }
  return skipped;
}

test("exactly: what stands longer in the queue than the cushion for a second is left out where it is quiet", () => {
  // 60 ms ahead: 52 at the least, 20 are meant to stand, so 32 ms or 512 samples are too many.
  assert.deepEqual(ahead(60, 200), [[1032, 192], [1040, 384], [1048, 512]]);
  assert.deepEqual(ahead(60, -200), ahead(60, 200));
  assert.deepEqual([ahead(60, 201), ahead(60, -201)], [[], []]);
});

test("exactly: what a stall used is kept until it is forgotten", () => {
  // Of 60 ms 52 stand when audio comes. A stall used 28 of them: of the other 24, 20 are meant to stand.
  assert.deepEqual(ahead(60, 0, { forMs: 4000, stalls: [800] }), [[1800, 64], [1808, 256], [1816, 448], [1824, 512]]);
  // With 80 ms, 28 are left out at once, and the rest later.
  const skipped = ahead(80, 0, { forMs: 4000, stalls: [800] });
  assert.deepEqual(skipped, [[1032, 192], [1040, 384], [1048, 448], [1816, 768], [1824, 832]]);
});

test("audio that comes faster than it sounds is not shortened, however little it is ahead", () => {
  assert.deepEqual(ahead(60, 0, { forMs: 2400, speed: 1.12 }), []);
});

test("up to 8 ms too many may stand", () => {
  assert.deepEqual(ahead(36, 0), []);
  assert.deepEqual(ahead(40, 0).at(-1)?.[1], 192);
});

test("audio that came more than 400 ms ahead is not live, and nothing of it is left out", () => {
  assert.ok(ahead(380, 0).length > 0);
  assert.deepEqual(ahead(420, 0), []);
  const { player } = listen(RATE);
  player.push(level(1, 400));
  assert.equal(player.cushion.pace.live, true);
  player.push(level(1, 1));
  assert.equal(player.cushion.pace.live, false);
  const later = listen(RATE);
  later.player.push(level(1, 200));
  later.play(96);
  later.player.push(level(1, 296)); // of 496 ms 96 are over
  assert.equal(later.player.cushion.pace.live, true);
  later.player.push(level(1, 1));
  assert.equal(later.player.cushion.pace.live, false);
});

test("exactly: once three seconds in a row have brought as much as sounded, it is live, however far ahead it came", () => {
  // The first second brought 1420 ms. 412 ms stand at the least after that, 20 are meant to: 392 ms or 6272 samples.
  const skipped = ahead(420, 0, { forMs: 6000 });
  assert.deepEqual([skipped[0], skipped.at(-1)?.[1]], [[4104, 320], 6272]);
});

for (const speed of [0.88, 1.12]) {
  test(`audio that comes ${speed} times as fast as it sounds is not live, and nothing of it is left out`, () => {
    assert.deepEqual(ahead(1500, 0, { forMs: 9000, speed }), []);
  });
}

test("nothing is left out while another turn waits", () => {
  const ear = listen(RATE);
  for (let i = 0; i < 15; i++) ear.player.push(level(1, 20, 0));
  ear.player.push(level(2, 20, 0));
  for (let i = 0; i < 100; i++) {
    ear.play(8);
    if (i < 50) ear.player.push(level(2, 20, 0));
  }
  assert.ok([...ear.player.turns.values()][0].played === 15 * 320);
});

test("how little waited before it sounded says nothing of how much is too much", () => {
  const ear = listen(RATE);
  ear.player.push(level(1, 20, 0));
  ear.play(8); // 20 ms stand, and wait
  for (let i = 0; i < 5; i++) ear.player.push(level(1, 20, 0));
  for (let ms = 0; ms < 1100; ms += 20) {
    ear.play(20);
    ear.player.push(level(1, 20, 0));
  }
  assert.ok(ear.player.queue[0].skipped > 0);
});

test("what was to be left out is not after an underrun", () => {
  const ear = listen(RATE);
  for (let i = 0; i < 4; i++) ear.player.push(level(1, 20));
  for (let ms = 0; ms < 1100; ms += 20) {
    ear.play(20);
    ear.player.push(level(1, 20)); // too loud to be left out
  }
  assert.ok(ear.player.cushion.excess > 0);
  ear.play(136);
  assert.notEqual(ear.player.dry, null);
  for (let i = 0; i < 4; i++) ear.player.push(level(1, 20, 0));
  ear.player.end(1);
  ear.play(400);
  assert.equal(ear.of("drained").at(-1)?.played_ms, 80 + 1100 + 80);
});

test("nothing is left out of the last piece there is: what follows it may not join", () => {
  const ear = listen(RATE);
  for (let i = 0; i < 4; i++) ear.player.push(level(1, 20));
  for (let ms = 0; ms < 1100; ms += 20) {
    ear.play(20);
    ear.player.push(level(1, 20)); // too loud to be left out
  }
  ear.player.push(level(1, 20, 0));
  ear.player.end(1);
  assert.ok(ear.player.cushion.excess > 0);
  ear.play(200);
  assert.equal(ear.of("drained")[0].played_ms, 80 + 1100 + 20);
});

test("of live audio that comes three chunks at a time, 8 ms apart, the first tells how late it comes", () => {
  const ear = listen(RATE);
  for (let i = 0; i < 40; i++) {
    for (const ms of [8, 8, 56]) {
      ear.player.push(level(1, 24));
      ear.play(ms);
    }
  }
  assert.equal(ear.player.startMs, 20);
});

test("an underrun of audio that came ahead makes it longer by what was late; of live audio that is known already", () => {
  const cushion = new Cushion(RATE);
  cushion.start(0);
  cushion.arrived(0, 20, -Infinity);
  cushion.late(50);
  assert.equal(cushion.ms, 20);
  cushion.arrived(0, 500, -Infinity);
  cushion.late(50);
  assert.equal(cushion.ms, 70);
});

test("audio that continues none is live until it comes ahead itself", () => {
  const cushion = new Cushion(RATE);
  cushion.start(0);
  cushion.arrived(0, 500, -Infinity);
  cushion.start(RATE);
  cushion.arrived(RATE, 20, -Infinity);
  cushion.late(50);
  assert.equal(cushion.ms, 20);
});

/** The input samples too many, of live audio that stands so long in the queue (ms) whenever more of it comes. */
function excess(waiting, forMs) {
  const cushion = new Cushion(RATE);
  cushion.start(0);
  for (let ms = 0; ms < forMs; ms += 20) {
    cushion.arrived((ms / 1000) * RATE, 20, waiting);
    cushion.sounded(((ms + 20) / 1000) * RATE, 320, RATE);
  }
  return cushion.excess;
}

test("exactly: more than 8 ms beyond the cushion are too many, once a second of it came as it sounded", () => {
  assert.equal(excess(60, 980), 0);
  assert.deepEqual([excess(28, 1300), excess(28.5, 1300), excess(60, 1300)], [0, 136, 640]);
});

test("how far ahead audio came before says nothing of audio that continues none", () => {
  const cushion = new Cushion(RATE);
  cushion.start(0);
  cushion.arrived(0, 100, -Infinity);
  cushion.arrived(RATE / 20, 100, -Infinity); // 50 ms early
  cushion.start(RATE);
  cushion.arrived(RATE, 100, -Infinity);
  assert.equal(cushion.ms, 20);
});
