import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceName } from "../../../adk_nb/static/screen/camera-controls.js";

test("what is shared has a name", () => {
  assert.equal(sourceName("camera", { displaySurface: "monitor" }), "Camera");
  const names = ["monitor", "window", "browser", "other", undefined].map((displaySurface) => sourceName("screen", { displaySurface }));
  assert.deepEqual(names, ["Screen", "Window", "Tab", "Screen", "Screen"]);
});
