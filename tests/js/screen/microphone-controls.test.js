import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { MicrophoneControls } from "../../../adk_nb/static/screen/microphone-controls.js";
import { page, press, release } from "../page.js";

/** The controls over a sound whose browser answers when a test says so. */
function shown(t) {
  page(t);
  const layout = layOut(document.createElement("div"));
  document.body.append(layout.root);
  const seen = { sent: [], frames: [], failures: [], mended: [], over: [], opened: 0, changes: 0, asked: [], settings: { noise_suppression: false } };
  const sound = {
    microphone: null,
    openMicrophone: (settings) => {
      seen.asked.push(settings);
      return new Promise((resolve, reject) => {
        seen.grant = async (opened = true) => {
          if (opened) sound.microphone = {};
          resolve(opened);
          await new Promise(setImmediate);
        };
        seen.refuse = async (failure) => (reject(failure), new Promise(setImmediate));
      });
    },
    closeMicrophone: () => (sound.microphone = null),
  };
  const listeners = new AbortController();
  const controls = new MicrophoneControls({
    layout,
    sound,
    connection: { send: (message) => seen.sent.push(message), sendAudio: (...how) => seen.frames.push(how) },
    settings: () => seen.settings,
    report: (failure) => seen.failures.push(failure.code),
    recovered: (...causes) => (seen.over.push(causes), seen.mended.push(...causes.filter((code) => code === "mic_muted"))),
    onopen: () => (seen.opened += 1),
    onchange: () => (seen.changes += 1),
    signal: listeners.signal,
  });
  const { mic, level } = layout.control;
  return { controls, layout, seen, sound, listeners, mic, level, pressed: () => mic.getAttribute("aria-pressed") };
}
const ON = { type: "mic", on: true };
const OFF = { type: "mic", on: false };

test("a click opens it with what the kernel wants, a second closes it; the bridge is told", async (t) => {
  const { controls, seen, mic, pressed } = shown(t);
  mic.click();
  assert.deepEqual([pressed(), controls.opening, controls.isOpen, controls.fresh], ["true", true, false, false]);
  assert.deepEqual([seen.asked, seen.sent], [[{ noise_suppression: false }], []]);
  await seen.grant();
  assert.deepEqual([pressed(), controls.opening, controls.isOpen, controls.fresh, seen.changes], ["true", false, true, true, 1]);
  assert.equal(seen.opened, 1);
  assert.deepEqual(seen.sent, [ON]);
  mic.click();
  assert.deepEqual([pressed(), controls.isOpen, seen.sent, seen.changes], ["false", false, [ON, OFF], 2]);
});

test("a click while the browser asks takes it back, and the bridge hears nothing of it", async (t) => {
  const { controls, seen, mic, pressed } = shown(t);
  mic.click();
  mic.click();
  assert.deepEqual([pressed(), controls.opening, seen.changes], ["false", false, 1]);
  await seen.grant(false);
  assert.deepEqual([seen.sent, seen.changes, controls.fresh], [[], 1, false]);
});

test("once it is open, nothing that kept it from that is an error any more", async (t) => {
  const { seen, mic } = shown(t);
  mic.click();
  assert.deepEqual(seen.over, []);
  await seen.grant();
  assert.deepEqual(seen.over, [["mic_", "insecure_context"]]);
});

test("one that another view takes is closed, of which the bridge knows", async (t) => {
  const { controls, seen, pressed } = await open(t);
  const { changes } = seen;
  controls.taken();
  assert.deepEqual([controls.isOpen, pressed(), seen.sent, seen.changes], [false, "false", [], changes + 1]);
  controls.taken();
  assert.equal(seen.changes, changes + 1);
});

test("what the browser refuses is reported", async (t) => {
  const { controls, seen, mic, pressed } = shown(t);
  mic.click();
  await seen.refuse({ code: "mic_denied" });
  assert.deepEqual([seen.failures, pressed(), controls.opening, seen.changes, seen.sent], [["mic_denied"], "false", false, 1, []]);
});

test("a frame goes out at 16 kHz, and moves the level", async (t) => {
  const { controls, seen, level, mic } = shown(t);
  const samples = new Int16Array(320);
  controls.recorded({ samples, clock: 1000, rms: 1, peak: 1 });
  assert.deepEqual(seen.frames, [[samples, 16000, 1000]]);
  assert.deepEqual([level.style.getPropertyValue("--adk-nb-level"), level.getAttribute("aria-valuenow")], ["1.000", "100"]);
  mic.click();
  assert.equal(level.getAttribute("aria-valuenow"), "100");
  mic.click();
  assert.deepEqual([level.style.getPropertyValue("--adk-nb-level"), level.getAttribute("aria-valuenow")], ["", "0"]);
});

test("a microphone that is muted is told, and what was told goes when it is back or closed", (t) => {
  const { controls, seen, level } = shown(t);
  controls.recorded({ samples: new Int16Array(320), clock: 1000, rms: 1, peak: 1 });
  controls.muted(true);
  assert.deepEqual([seen.failures, seen.mended, level.getAttribute("aria-valuenow")], [["mic_muted"], [], "0"]);
  controls.muted(false);
  assert.deepEqual(seen.mended, ["mic_muted"]);
  controls.close();
  assert.deepEqual(seen.mended, ["mic_muted", "mic_muted"]);
});

test("a device that goes away is told to the bridge and to the user", (t) => {
  const { controls, seen, mic, pressed } = shown(t);
  mic.setAttribute("aria-pressed", "true");
  controls.lost({ code: "mic_failed" });
  assert.deepEqual([seen.sent, seen.failures, pressed()], [[OFF], ["mic_failed"], "false"]);
});

test("a bridge that is new is told of an open microphone, and of nothing else", (t) => {
  const { controls, seen, sound } = shown(t);
  controls.resume();
  assert.deepEqual([seen.sent, seen.asked], [[], []]);
  sound.microphone = {};
  controls.resume();
  assert.deepEqual(seen.sent, [ON]);
});

test("the space bar opens it while it is held", async (t) => {
  const { controls, layout, seen, pressed } = shown(t);
  press(layout.root, " ");
  assert.deepEqual([layout.root.dataset.talking, controls.forTalk], ["true", true]);
  await seen.grant();
  assert.deepEqual(seen.sent, [{ type: "activity_start" }, ON]);
  release(layout.root, " ");
  assert.deepEqual(seen.sent.slice(2), [{ type: "activity_end" }, OFF]);
  assert.deepEqual([layout.root.dataset.talking, controls.forTalk, controls.isOpen, pressed()], [undefined, false, false, "false"]);
});

test("an open microphone stays open when the space bar goes up", async (t) => {
  const { controls, layout, seen, mic } = shown(t);
  mic.click();
  await seen.grant();
  press(layout.root, " ");
  release(layout.root, " ");
  assert.deepEqual(seen.sent, [ON, { type: "activity_start" }, { type: "activity_end" }]);
  assert.deepEqual([controls.isOpen, seen.asked.length], [true, 1]);
});

test("so does one that is being opened", async (t) => {
  const { controls, layout, seen, mic } = shown(t);
  mic.click();
  press(layout.root, " ");
  release(layout.root, " ");
  assert.deepEqual([controls.opening, seen.asked.length], [true, 1]);
});

test("a click while the space bar is held closes it, and the next one opens it to stay", async (t) => {
  const { controls, layout, seen, mic } = shown(t);
  press(layout.root, " ");
  await seen.grant();
  mic.click();
  assert.equal(controls.isOpen, false);
  mic.click();
  await seen.grant();
  release(layout.root, " ");
  assert.equal(controls.isOpen, true);
});

test("where nothing may be said the space bar does nothing", (t) => {
  const { controls, layout, seen, mic } = shown(t);
  mic.disabled = true;
  press(layout.root, " ");
  release(layout.root, " ");
  assert.deepEqual([seen.sent, layout.root.dataset.talking, controls.forTalk], [[], undefined, false]);
});

test("it may be used where things may be said, unless the kernel wants no sound of the page", (t) => {
  const { controls, seen, mic } = shown(t);
  const disabled = [true, false].map((usable) => (controls.show(usable), mic.disabled));
  seen.settings = { input: false };
  disabled.push((controls.show(true), mic.disabled));
  assert.deepEqual(disabled, [false, true, true]);
});

const DEAF = { input: false, message: "The agent cannot hear.", remedy: "Run pip install." };

test("where the agent cannot hear, its button says why, and opens nothing", (t) => {
  const { controls, layout, seen, mic, pressed } = shown(t);
  seen.settings = DEAF;
  controls.show(true);
  assert.deepEqual([mic.disabled, mic.getAttribute("aria-disabled"), mic.title], [false, "true", "The agent cannot hear. Run pip install."]);
  mic.click();
  press(layout.root, " ");
  release(layout.root, " ");
  assert.deepEqual([seen.failures, seen.sent, seen.asked, pressed()], [["cannot_hear", "cannot_hear"], [], [], "false"]);
  controls.show(false);
  assert.equal(mic.disabled, true);
});

test("its button forgets why when the agent can hear again", (t) => {
  const { controls, seen, mic } = shown(t);
  seen.settings = DEAF;
  controls.show(true);
  seen.settings = {};
  controls.show(true);
  assert.deepEqual([mic.getAttribute("aria-disabled"), mic.title], ["false", "Microphone (hold Space to talk)"]);
  mic.click();
  assert.deepEqual([seen.failures, seen.asked], [[], [{}]]);
});

test("switched off, it lets the space bar go", (t) => {
  const { controls, layout, seen } = shown(t);
  press(layout.root, " ");
  controls.off();
  controls.off();
  assert.deepEqual(seen.sent, [{ type: "activity_start" }, { type: "activity_end" }]);
});

test("nothing is heard after its listeners are gone", (t) => {
  const { layout, seen, listeners, mic } = shown(t);
  listeners.abort();
  mic.click();
  press(layout.root, " ");
  assert.deepEqual([seen.sent, seen.asked], [[], []]);
});

/** Controls of an open microphone, or of one that the space bar opened, with the clock in the test's hands. */
async function open(t, { space = false } = {}) {
  const made = shown(t);
  if (space) press(made.layout.root, " ");
  else made.mic.click();
  await made.seen.grant();
  made.seen.sent.splice(0);
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  return made;
}

test("a link that is lost for 2 s closes it, and opens it again when it is back", async (t) => {
  const { controls, seen, pressed } = await open(t);
  controls.linkLost();
  mock.timers.tick(1000);
  controls.linkLost(); // once more, by another attempt that failed
  mock.timers.tick(999);
  assert.equal(controls.isOpen, true);
  mock.timers.tick(1);
  assert.deepEqual([controls.isOpen, pressed(), seen.sent], [false, "false", [OFF]]);
  controls.resume();
  assert.deepEqual([controls.opening, seen.asked.length], [true, 2]);
  mock.timers.reset();
  await seen.grant();
  controls.resume();
  assert.deepEqual(seen.sent, [OFF, ON, ON]);
  controls.close(); // as another widget has it
  controls.resume();
  assert.equal(seen.asked.length, 2);
});

test("a link that is back in time leaves it open, and may be lost again", async (t) => {
  const { controls, seen } = await open(t);
  controls.linkLost();
  mock.timers.tick(1999);
  controls.resume();
  mock.timers.tick(10_000);
  assert.deepEqual([controls.isOpen, seen.sent], [true, [ON]]);
  controls.linkLost();
  mock.timers.tick(2000);
  assert.equal(controls.isOpen, false);
});

for (const [what, lost] of [
  ["one that was closed meanwhile", ({ mic, wait }) => (mic.click(), wait())],
  ["one that another view has taken", ({ controls, wait }) => (wait(), controls.taken())],
  ["one of a view that is over", ({ controls, wait }) => (wait(), controls.off())],
  ["one that is closed by a click when the link is lost", ({ mic, wait }) => (wait(), mic.click(), mic.click())],
]) {
  test(`${what} stays closed when the link is back`, async (t) => {
    const made = await open(t);
    made.controls.linkLost();
    lost({ ...made, wait: () => mock.timers.tick(2000) });
    const asked = made.seen.asked.length;
    made.controls.resume();
    assert.deepEqual([made.controls.isOpen, made.controls.opening, made.seen.asked.length], [false, false, asked]);
  });
}

test("one that the space bar opened is not opened again", async (t) => {
  const { controls, seen } = await open(t, { space: true });
  controls.linkLost();
  mock.timers.tick(2000);
  controls.resume();
  assert.deepEqual([controls.opening, seen.asked.length], [false, 1]);
});

test("it is not opened again for an agent that does not hear any more", async (t) => {
  const { controls, seen, pressed } = await open(t);
  controls.linkLost();
  mock.timers.tick(2000);
  seen.settings = DEAF;
  controls.resume();
  assert.deepEqual([controls.opening, pressed(), seen.asked.length, seen.failures], [false, "false", 1, []]);
});

test("nor from elsewhere than its button, which says why", async (t) => {
  const { controls, seen, pressed } = shown(t);
  seen.settings = DEAF;
  await controls.open();
  assert.deepEqual([controls.opening, pressed(), seen.asked, seen.failures], [false, "false", [], ["cannot_hear"]]);
  seen.settings = { input: false };
  await controls.open();
  assert.deepEqual([seen.asked, seen.failures], [[], ["cannot_hear"]]);
});

test("one that is open can always be closed by its button", async (t) => {
  const { controls, seen, mic } = shown(t);
  mic.click();
  await seen.grant();
  seen.settings = DEAF;
  mic.click();
  assert.deepEqual([controls.isOpen, seen.failures], [false, []]);
});

test("a view that is over closes nothing later", async (t) => {
  const { controls } = await open(t);
  controls.linkLost();
  controls.off();
  mock.timers.tick(10_000);
  assert.equal(controls.isOpen, true); // its sound is closed by the view
});

test("the button says why it cannot be used, and only then", (t) => {
  const { controls, seen, mic } = shown(t);
  const label = mic.title;
  const says = (...how) => (controls.show(...how), [mic.disabled, mic.title]);
  assert.deepEqual(says(true, "it rains"), [false, label]);
  assert.deepEqual(says(false, "it rains"), [true, `${label}: it rains`]);
  assert.deepEqual(says(false), [true, label]);
  seen.settings = { input: false };
  assert.deepEqual(says(true), [true, label]);
  seen.settings = { input: false, message: "It is deaf.", remedy: "Shout." };
  assert.deepEqual([says(true), says(false, "it rains")], [[false, "It is deaf. Shout."], [true, "It is deaf. Shout."]]);
});
