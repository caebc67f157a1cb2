import assert from "node:assert/strict";
import { test } from "node:test";
import { Jitter } from "../../../adk_nb/static/sound/jitter.js";

/** How many ms of good time a lateness is remembered. @param {Jitter} jitter */
function memory(jitter) {
  jitter.late(100);
  for (let ms = 0; ms < 10_000; ms += 10) {
    if (jitter.ms < 100) return ms;
    jitter.pass(10);
  }
}

test("lateness is told from the earliest, whatever the scale's origin", () => {
  const jitter = new Jitter();
  for (const ms of [-500, -540, -520]) jitter.arrived(ms);
  assert.equal(jitter.ms, 20); // the first came when no earlier was known
});

test("what came earliest counts in each slot, whatever came after it", () => {
  const jitter = new Jitter();
  for (const ms of [0, 50]) jitter.arrived(ms);
  jitter.pass(250);
  jitter.arrived(90);
  assert.equal(jitter.ms, 90);
  jitter.pass(500);
  jitter.arrived(95); // the slot of the earliest is the oldest that is kept
  assert.equal(jitter.ms, 95);
  jitter.pass(750);
  jitter.arrived(100);
  assert.equal(jitter.ms, 95);
  jitter.pass(250);
  jitter.arrived(100);
  assert.equal(jitter.ms, 5);
});

test("what came by another scale is no measure", () => {
  const jitter = new Jitter();
  jitter.arrived(-500);
  jitter.rebase();
  jitter.arrived(0);
  assert.equal(jitter.ms, 0);
});

test("what was late is remembered over a rebase", () => {
  const jitter = new Jitter();
  jitter.late(60);
  jitter.rebase();
  assert.equal(jitter.ms, 60);
});

test("a lateness is forgotten after a second", () => assert.equal(memory(new Jitter()), 1000));

test("the most of a second counts, not the last", () => {
  const jitter = new Jitter();
  for (const ms of [10, 60, 30]) (jitter.late(ms), jitter.pass(250));
  assert.equal(jitter.ms, 60);
  jitter.pass(500);
  assert.equal(jitter.ms, 30);
});

for (const [apart, times, ms] of [[250, 1, 1000], [250, 2, 2000], [250, 3, 4000], [250, 9, 4000], [1750, 2, 2000], [2000, 2, 1000]]) {
  test(`after ${times} underruns, ${apart} ms apart, memory is ${ms} ms long`, () => {
    const jitter = new Jitter();
    for (let i = 0; i < times; i++) {
      if (i) jitter.pass(apart);
      jitter.underrun();
    }
    assert.equal(jitter.kept * 250, ms);
  });
}

test("memory grows shorter while there is no underrun", () => {
  const jitter = new Jitter();
  for (let i = 0; i < 3; i++) jitter.underrun();
  const kept = [];
  for (let s = 0; s < 8; s++) (jitter.pass(1000), kept.push(jitter.kept));
  assert.deepEqual(kept, [16, 16, 16, 8, 8, 4, 4, 4]);
});
