import assert from "node:assert/strict";
import { test } from "node:test";
import { HeardWords, heardOf, parts } from "../../../adk_nb/static/screen/heard-words.js";

const TIMED = { turn: 1, piece: 1, start: 0, ends: [3, 7, 13], ms: [200, 500, 900] }; // "One two three."
const kinds = (text, coming, unheard = []) => parts(text, coming, unheard).map((part) => `${part.kind}:${part.text}`);

test("words sound one after the other as the player goes on", () => {
  const words = new HeardWords();
  assert.equal(words.coming(1, 1, 0), null); // Nobody knows.
  words.timed(TIMED);
  assert.equal(words.coming(1, 1, 0), 0); // It has not begun.
  words.played({ type: "started", turn: 1, played_ms: 0, clock: 1000 });
  assert.deepEqual([1000, 1199, 1200, 1350].map((now) => words.coming(1, 1, now)), [0, 0, 3, 3]);
  assert.equal(words.next(1150), 50);
  words.played({ type: "progress", turn: 1, played_ms: 600, clock: 1700 }); // It fell behind.
  assert.deepEqual([words.coming(1, 1, 1700), words.next(1700)], [7, 300]);
  assert.equal(words.coming(1, 1, 99_999), null);
  words.played({ type: "progress", turn: 1, played_ms: 400, clock: 1700 });
  assert.equal(words.coming(1, 1, 99_999), 7); // No report for long: it goes no further by itself.
  assert.equal(words.next(99_999), Infinity); // So there is nothing to look for again and again.
  words.played({ type: "progress", turn: 1, played_ms: 500, clock: 1700 });
  assert.deepEqual([words.next(1700), words.coming(1, 1, 2099), words.coming(1, 1, 2100)], [400, 7, null]);
  words.played({ type: "drained", turn: 1, played_ms: 899.9, clock: 2000 });
  assert.deepEqual([words.coming(1, 1, 2000), words.next(2000)], [null, Infinity]);
});

test("what is known after a place is replaced", () => {
  const words = new HeardWords();
  words.timed(TIMED);
  words.timed({ turn: 1, piece: 1, start: 7, ends: [12, 20], ms: [800, 1000] });
  assert.deepEqual(words.of(1).pieces.get(1), { ends: [3, 7, 12, 20], ms: [200, 500, 800, 1000] });
  words.timed({ turn: 1, piece: 1, start: 20, ends: [24], ms: [1100] });
  assert.deepEqual(words.of(1).pieces.get(1).ends, [3, 7, 12, 20, 24]);
  words.timed({ turn: 1, piece: 1, start: 0, ends: "no", ms: null });
  assert.deepEqual(words.of(1).pieces.get(1), { ends: [], ms: [] });
});

test("a turn's pieces sound one after the other", () => {
  const words = new HeardWords();
  words.timed(TIMED);
  words.timed({ turn: 1, piece: 3, start: 0, ends: [2, 5], ms: [1500, 2000] });
  words.played({ type: "flushed", turn: 1, played_ms: 1000, clock: 0 });
  assert.deepEqual([words.coming(1, 1, 0), words.coming(1, 3, 0)], [null, 0]);
});

test("another page's player counts where this page has none", () => {
  const words = new HeardWords();
  words.timed(TIMED);
  words.told({ turn: 1, played_ms: 300, sounding: true }, 50);
  assert.deepEqual([words.coming(1, 1, 50), words.coming(1, 1, 250)], [3, 7]);
  words.played({ type: "started", turn: 1, played_ms: 0, clock: 60 });
  words.told({ turn: 1, played_ms: 900, sounding: true }, 70);
  assert.equal(words.coming(1, 1, 70), 0);
});

test("what was heard is the kernel's word; nothing is to come then", () => {
  const words = new HeardWords();
  words.timed(TIMED);
  words.heard({ turn: 1, unheard: [[1, 7, 13], [3, 0, 5]] });
  assert.deepEqual([words.coming(1, 1, 0), words.unheard(1, 1), words.unheard(1, 3), words.unheard(2, 1)], [null, [[7, 13]], [[0, 5]], []]);
  words.heard({ turn: 1, unheard: null });
  assert.deepEqual(words.unheard(1, 1), []);
});

test("where nothing sounds, and after an answer was resumed, all is there to be read", () => {
  const words = new HeardWords();
  words.timed(TIMED);
  words.plays = false;
  assert.equal(words.coming(1, 1, 0), null);
  words.plays = true;
  words.resumed(1);
  assert.equal(words.coming(1, 1, 0), null);
});

test("only so many turns are kept", () => {
  const words = new HeardWords();
  for (let turn = 1; turn <= 20; turn++) words.timed({ ...TIMED, turn });
  assert.deepEqual([words.turns.size, words.coming(1, 1, 0), words.coming(20, 1, 0)], [16, null, 0]);
});

test("a text has parts; the blank before them is none of their words", () => {
  assert.deepEqual(kinds("One two three.", null), [":One two three."]);
  assert.deepEqual(kinds("One two three.", 7), [":One two", ": ", "coming:three."]);
  assert.deepEqual(kinds("One two three.", 0), ["coming:One two three."]);
  assert.deepEqual(kinds("One two three.", 14), [":One two three."]);
  assert.deepEqual(kinds("One two three.", 3, [[7, 14]]), [":One two", ": ", "unheard:three."]);
  assert.deepEqual(kinds("One two three.", null, [[0, 3]]), ["unheard:One", ": two three."]);
  assert.deepEqual(kinds("今天天气", 2), [":今天", "coming:天气"]);
  assert.deepEqual(kinds("One ", 3), [":One", ": "]);
});

test("how much was heard, in words", () => {
  assert.equal(heardOf(293.4, 300), "heard 293 of 300 ms");
  assert.equal(heardOf(4900, 11_600), "heard 4.9 of 11.6 s");
  assert.deepEqual([heardOf(null, 5), heardOf(5, 0), heardOf(0, 900)], ["", "", "heard 0 of 900 ms"]);
});
