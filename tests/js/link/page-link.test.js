import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { addressOf, helps, offer, withdraw } from "../../../adk_nb/static/link/page-link.js";
import { page } from "../page.js";

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

/** The row of an error, as the page has it. */
function errorRow(t) {
  page(t);
  const row = document.createElement("div");
  row.innerHTML = "<span>No microphone.</span><button></button>";
  return row;
}

test("it is a link beside the words, to another tab that is not told of this page", async (t) => {
  const row = errorRow(t);
  await offer(row, async () => LINK);
  await offer(row, async () => ({ ...LINK, url: "http://127.0.0.1:5000/page/#newer" }));
  assert.equal(row.querySelectorAll("a").length, 1);
  const link = /** @type {HTMLAnchorElement} */ (row.querySelector("[data-adk-nb=page-link]"));
  assert.deepEqual(
    [link.className, link.target, link.rel, link.getAttribute("href"), link.parentElement?.textContent],
    ["adk-nb-page-link", "_blank", "noreferrer", "http://127.0.0.1:5000/page/#newer", "No microphone.  Open the microphone page"],
  );
  withdraw(row);
  withdraw(row);
  assert.equal(row.querySelector("a"), null);
});

test("it goes once it was pressed, as it opens once", async (t) => {
  const row = errorRow(t);
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  await offer(row, async () => LINK);
  row.querySelector("a")?.dispatchEvent(new Event("click"));
  assert.ok(row.querySelector("a"), "the browser follows it after its listeners");
  mock.timers.tick(1);
  assert.equal(row.querySelector("a"), null);
});

test("where no address is known no link is there", async (t) => {
  const row = errorRow(t);
  await offer(row, async () => ({ url: "", relay: "" }));
  assert.equal(row.querySelector("a"), null);
});
