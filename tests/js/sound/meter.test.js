import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter, meterLevel } from "../../../adk_nb/static/sound/meter.js";

test("a level goes from -60 dB to full scale", () => {
  assert.deepEqual([0, 1e-9, 0.001, 0.1 ** 1.5, 1, 10].map(meterLevel), [0, 0, 0, 0.5, 1, 1]);
});

test("the bar follows each frame, what is read out only every half second", () => {
  const style = new Map();
  const attributes = {};
  const meter = new Meter({
    style: { setProperty: (name, value) => style.set(name, value), removeProperty: (name) => style.delete(name) },
    setAttribute: (name, value) => (attributes[name] = value),
  });
  meter.show(0.1, 3);
  assert.deepEqual([style.get("--adk-nb-level"), attributes["aria-valuenow"]], ["0.667", "67"]);
  meter.show(1, 502);
  assert.deepEqual([style.get("--adk-nb-level"), attributes["aria-valuenow"]], ["1.000", "67"]);
  meter.show(1, 503);
  assert.equal(attributes["aria-valuenow"], "100");
  meter.clear();
  assert.deepEqual([style.size, attributes["aria-valuenow"]], [0, "0"]);
  meter.show(0.1, 504);
  assert.equal(attributes["aria-valuenow"], "67", "cleared, it begins anew");
});
