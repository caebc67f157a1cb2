import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { SpokenWords } from "../../../adk_nb/static/screen/spoken-words.js";

/** What draws words, over a model and a transcript that note what they are asked. */
function made(t, due = [Infinity]) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const drawn = [];
  const model = {
    entries: ["entries"],
    words: { plays: true, next: () => due.shift() ?? Infinity },
    played: ({ turn }) => [`played ${turn}`],
    sounded: () => ["sounded"],
  };
  const transcript = { sounded: (entries, changed) => drawn.push([...entries, ...changed]) };
  const spoken = new SpokenWords(() => /** @type {any} */ ({ model, transcript }));
  return { spoken, model, drawn };
}

const report = /** @type {any} */ ({ turn: 1 });

test("what the player reports is drawn, and the next word when it is due", (t) => {
  const { spoken, drawn } = made(t, [200, 100]);
  spoken.played(report);
  assert.deepEqual(drawn.splice(0), [["entries", "played 1"]]);
  mock.timers.tick(199);
  assert.deepEqual(drawn, []);
  mock.timers.tick(1);
  assert.deepEqual(drawn.splice(0), [["entries", "sounded"]]);
  mock.timers.tick(100);
  assert.deepEqual(drawn.splice(0), [["entries", "sounded"]]);
  mock.timers.tick(10_000);
  assert.deepEqual(drawn, []);
});

test("words that are due at once are drawn together", (t) => {
  const { spoken, drawn } = made(t, [0]);
  spoken.wait();
  mock.timers.tick(29);
  assert.deepEqual(drawn, []);
  mock.timers.tick(1);
  assert.equal(drawn.length, 1);
});

test("of two waits the newer counts, and none after the end", (t) => {
  const { spoken, drawn } = made(t, [100, 300, 100]);
  spoken.wait();
  spoken.wait();
  mock.timers.tick(299);
  assert.deepEqual(drawn, []);
  mock.timers.tick(1);
  assert.equal(drawn.length, 1);
  spoken.close();
  mock.timers.tick(10_000);
  assert.equal(drawn.length, 1);
});

test("where it begins or ends to sound here all is drawn once", (t) => {
  const { spoken, model, drawn } = made(t);
  spoken.plays(true);
  assert.deepEqual(drawn, []);
  spoken.plays(false);
  spoken.plays(false);
  assert.deepEqual([drawn, model.words.plays], [[["entries", "sounded"]], false]);
});
