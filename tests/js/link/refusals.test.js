import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal, refusedBy } from "../../../adk_nb/static/link/refusals.js";

const denied = (message) => new DOMException(message, "NotAllowedError");
const withPolicy = (name, allowed) => ({ [name]: { allowsFeature: (feature) => allowed && feature === "microphone" } });

for (const [message, by] of [
  ["Permission denied", "user"], ["The request is not allowed by the user agent or the platform in the current context.", "user"],
  ["Permission denied by system", "system"], ["Permission dismissed", "unanswered"],
]) {
  test(`"${message}" is of: ${by}`, () => assert.equal(refusedBy(denied(message), "microphone", {}), by));
}

test("a policy is asked first, by whichever name the browser has for it", () => {
  for (const name of ["permissionsPolicy", "featurePolicy"]) {
    assert.equal(refusedBy(denied("Permission denied"), "microphone", withPolicy(name, false)), "server");
    assert.equal(refusedBy(denied("Permission denied"), "microphone", withPolicy(name, true)), "user");
    assert.equal(refusedBy(denied("Permission denied"), "microphone", withPolicy(name, false), true), "frame");
  }
  assert.equal(refusedBy(undefined, "microphone", undefined), "user");
  assert.equal(refusedBy(denied("Permission denied by system"), "microphone", withPolicy("permissionsPolicy", false)), "server");
});

for (const [feature, of, name] of [["microphone", "mic", "microphone"], ["camera", "camera", "camera"], ["display-capture", "screen", "screen"]]) {
  test(`a ${name} that was refused has codes and words of its own`, () => {
    const said = ["server", "frame", "system", "unanswered"].map((by) => refusal(denied(""), feature, /** @type {any} */ (by)));
    assert.deepEqual(said.map(({ code }) => code), [`${of}_forbidden`, `${of}_forbidden`, `${of}_system`, `${of}_denied`]);
    for (const { message } of said) assert.match(message, new RegExp(`\\b${name}\\b`));
    assert.match(said[0].remedy, new RegExp(`"Permissions-Policy: ${feature}=\\(self\\)"`));
    assert.match(said[1].remedy, new RegExp(`allow="${feature}"`));
  });
}

test("each says who can change it, and none but the user's own the address bar", () => {
  const words = { server: /whoever runs the server/, frame: /tab of its own/, system: /privacy settings/, unanswered: /Click the microphone again/ };
  const codes = Object.entries(words).map(([by, remedy]) => {
    const said = refusal(denied(""), "microphone", /** @type {any} */ (by));
    assert.match(said.remedy, remedy);
    assert.doesNotMatch(said.remedy, /address bar/);
    assert.ok(said.message.endsWith(".") && said.remedy.endsWith("."));
    return said.code;
  });
  assert.deepEqual(codes, ["mic_forbidden", "mic_forbidden", "mic_system", "mic_denied"]);
  assert.equal(refusal(denied("no"), "microphone", "user"), null);
  assert.equal(refusal(denied(""), "camera", "server").code, "camera_forbidden");
  assert.equal(refusal(denied(""), "display-capture", "system").code, "screen_system");
});
