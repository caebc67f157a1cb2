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

test("a title is cut after 120 characters, and the fiftieth source is the last", () => {
  const titles = (n) => sourceList(Array.from({ length: n }, (_, i) => ({ title: `s${i}`, uri: "" }))).length;
  assert.deepEqual([titles(49), titles(50), titles(51)], [49, 50, 50]);
  const [exact, cut] = sourceList(["x".repeat(120), "x".repeat(121)].map((title) => ({ title, uri: "" })));
  assert.equal(exact.title, "x".repeat(120));
  assert.equal(cut.title, `${"x".repeat(120)}…`);
});

test("sources of one title and two addresses are two", () => {
  const list = sourceList([{ title: "yr.no", uri: "https://a.example" }, { title: "yr.no", uri: "https://b.example" }, { title: " yr.no ", uri: "https://a.example/" }]);
  assert.deepEqual(list.map(({ href }) => href), ["https://a.example/", "https://b.example/"]);
});
