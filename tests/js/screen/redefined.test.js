import assert from "node:assert/strict";
import { test } from "node:test";
import { RedefinedLine, redefinedText } from "../../../adk_nb/static/screen/redefined.js";
import { page } from "../page.js";
import { viewed } from "./viewed.js";

test("the names are a sentence, and many are counted", () => {
  assert.equal(redefinedText(["get_time"]), "get_time was redefined.");
  assert.equal(redefinedText(["get_time", "RULES"]), "get_time and RULES were redefined.");
  assert.equal(redefinedText(["a", "b", "c", "d"]), "a, b, c and d were redefined.");
  assert.equal(redefinedText(["a", "b", "c", "d", "e"]), "a, b, c and 2 more were redefined.");
});

test("the line shows the names in words, all of them to who points at it, and can be used each time anew", (t) => {
  page(t);
  let goes = true;
  const line = new RedefinedLine(() => goes);
  assert.deepEqual([line.row.getAttribute("role"), line.row.hidden, line.row.textContent], ["status", true, ""]);
  line.show(["a", "b", "c", "d", "e"]);
  assert.deepEqual([line.row.hidden, line.text.textContent, line.text.title, line.button.textContent], [false, "a, b, c and 2 more were redefined.", "a, b, c, d, e", "Use them"]);
  line.button.click();
  assert.equal(line.button.disabled, true);
  line.show(["f"]);
  assert.deepEqual([line.text.textContent, line.text.title, line.button.textContent, line.button.disabled], ["f was redefined.", "f", "Use it", false]);
  goes = false;
  line.button.click();
  assert.equal(line.button.disabled, false);
  line.show([]);
  assert.deepEqual([line.row.hidden, line.text.textContent, line.text.title], [true, "", ""]);
});

test("what was redefined is offered until the agent has it", async (t) => {
  const { hook, says, sent } = await viewed(t);
  assert.equal(hook("redefined").hidden, true);
  says("redefined", { names: ["get_time"] });
  assert.deepEqual([hook("redefined").hidden, hook("redefined").textContent], [false, "get_time was redefined.Use it"]);
  sent();
  hook("reload").click();
  assert.deepEqual(sent(), [{ type: "reload" }]);
  assert.equal(hook("reload").disabled, true);
  says("error", { code: "swap_failed", message: "No.", remedy: "" });
  assert.deepEqual([hook("redefined").hidden, hook("reload").disabled], [false, false]);
  says("redefined", { names: [] });
  assert.equal(hook("redefined").hidden, true);
});

test("a page that comes later offers it too, and nothing that is no list", async (t) => {
  const { hook, says } = await viewed(t, { hello: { redefined: ["a", "b"] } });
  assert.deepEqual([hook("redefined").hidden, hook("reload").textContent], [false, "Use them"]);
  says("redefined", { names: "a" });
  assert.equal(hook("redefined").hidden, true);
});

test("where it was not sent the button stays", async (t) => {
  const { hook, says, drop } = await viewed(t);
  says("redefined", { names: ["get_time"] });
  await drop(1006);
  hook("reload").click();
  assert.equal(hook("reload").disabled, false);
});

test("a session that is closed takes nothing any more", async (t) => {
  const { hook, says, drop } = await viewed(t);
  says("redefined", { names: ["get_time"] });
  await drop(4000);
  assert.equal(hook("redefined").hidden, true);
});
