import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceList } from "../../../adk_nb/static/screen/sources.js";

const OSLO = { title: "yr.no", uri: "https://www.yr.no/oslo" };

test("only web addresses become links", () => {
  for (const [uri, href] of [
    ["https://www.yr.no/oslo?a=1#b", "https://www.yr.no/oslo?a=1#b"],
    ["http://yr.no", "http://yr.no/"],
    ["HTTPS://yr.no/", "https://yr.no/"],
    ["javascript:alert(1)", ""],
    [" java\nscript:alert(1)", ""],
    ["data:text/html,<script>alert(1)</script>", ""],
    ["file:///etc/passwd", ""],
    ["//yr.no/oslo", ""],
    ["/oslo", ""],
    ["https://", ""],
    ["", ""],
    [undefined, ""],
    [{ toString: () => "https://yr.no" }, ""],
  ]) assert.deepEqual(sourceList([{ title: "yr.no", uri }]), [{ title: "yr.no", href }], String(uri));
});

test("a source without a title is called by its host, one twice is shown once, one of nothing not at all", () => {
  const list = [{ title: "", uri: "https://www.yr.no/oslo" }, { uri: "urn:isbn:1" }, OSLO, OSLO, {}, { title: " ", uri: 3 }, null, "x", 4];
  assert.deepEqual(sourceList(list), [
    { title: "www.yr.no", href: "https://www.yr.no/oslo" }, { title: "urn:isbn:1", href: "" }, { title: "yr.no", href: "https://www.yr.no/oslo" },
  ]);
  for (const value of [undefined, null, 3, "x", {}]) assert.deepEqual(sourceList(value), []);
});

test("sources and their titles have a bound", () => {
  const list = sourceList(Array.from({ length: 1000 }, (_, n) => ({ title: `${n} ${"x".repeat(1000)}`, uri: `https://example.org/${n}` })));
  assert.equal(list.length, 50);
  assert.ok(list[0].title.length < 130);
});
