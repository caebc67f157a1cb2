import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, helps } from "../../../adk_nb/static/link/page-link.js";
import { bridgeOf, codeOf } from "../../../adk_nb/static/page/admission.js";

const LINK = { url: "http://127.0.0.1:5000/page/#code", relay: "adk-nb/page/#code.kernel" };

test("a page of this machine is sent to the bridge, another to its Jupyter server", () => {
  const at = (protocol, host, baseUrl) => addressOf(LINK, { protocol, host, hostname: host.replace(/:\d+$/, ""), baseUrl });
  assert.equal(at("http:", "localhost:8888", "/"), LINK.url);
  assert.equal(at("vscode-webview:", "abc", null), LINK.url);
  assert.equal(at("https:", "hub.example", "/user/ada/"), "https://hub.example/user/ada/adk-nb/page/#code.kernel");
  assert.equal(at("https:", "hub.example", "/user/ada"), "https://hub.example/user/ada/adk-nb/page/#code.kernel");
  assert.equal(at("https:", "colab.example", null), "");
  assert.equal(addressOf({ ...LINK, relay: "" }, { protocol: "https:", host: "a", hostname: "a", baseUrl: "/" }), "");
});

test("it is offered where another page may have what this one has not", () => {
  for (const code of ["mic_denied", "mic_missing", "mic_forbidden", "insecure_context"]) assert.ok(helps(code), code);
  for (const code of ["mic_failed", "mic_system", "unreachable", ""]) assert.ok(!helps(code), code);
});

test("the served page finds its bridge, at the bridge's own port and below a Jupyter server's", () => {
  assert.equal(bridgeOf({ protocol: "http:", host: "127.0.0.1:5000", pathname: "/page/" }, ""), "ws://127.0.0.1:5000/");
  const below = { protocol: "https:", host: "hub.example", pathname: "/user/ada/adk-nb/page/" };
  assert.equal(bridgeOf(below, "abc"), "wss://hub.example/user/ada/adk-nb/abc");
  assert.equal(bridgeOf(below, "../evil"), "wss://hub.example/user/ada/adk-nb/..%2Fevil");
  assert.deepEqual(codeOf("#c-o_de.kernel"), { code: "c-o_de", kernel: "kernel" });
  assert.deepEqual(codeOf(""), { code: "", kernel: "" });
});

test("the console of a server's page has the kinds and sizes of frames, and not the clock's", async (t) => {
  globalThis.WebSocket ??= /** @type {any} */ (class {});
  const { say } = await import("../../../adk_nb/static/page/visit.js");
  const log = t.mock.method(console, "log", () => {});
  for (const type of ["clock", "clock_offset"]) say("[AGENT TO CLIENT]", JSON.stringify({ type }));
  say("[CLIENT TO AGENT]", '{"type": "text", "text": "secret"}');
  say("[CLIENT TO AGENT]", new Uint8Array(640));
  const lines = log.mock.calls.map((call) => call.arguments[0]);
  assert.deepEqual(lines, ["[CLIENT TO AGENT]: text: 34 characters.", "[CLIENT TO AGENT]: binary: 640 bytes."]);
});
