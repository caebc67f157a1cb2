import assert from "node:assert/strict";
import { test } from "node:test";
import { markdownNodes } from "../../../adk_nb/static/screen/markdown.js";
import { page } from "../page.js";

/** What gets into the page of some HTML. */
function taken(t, html) {
  page(t);
  const box = document.createElement("div");
  box.append(...markdownNodes(html));
  return box.innerHTML;
}
const LINK = ' target="_blank" rel="noopener noreferrer"';

test("what Markdown makes is taken over", (t) => {
  for (const html of [
    "<p>one <strong>two</strong> <em>three</em> <s>four</s> <code>five</code><br>six</p>",
    "<ul><li>a</li><li><p>b</p></li></ul>", '<ol start="3"><li>a</li></ol>', "<blockquote><p>a</p></blockquote>", ...[1, 2, 3, 4, 5, 6].map((n) => `<h${n}>a</h${n}>`), "<hr>",
    "<pre><code>a\n&lt;b&gt;</code></pre>", "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
    `<a href="https://a.b/"${LINK}>x</a>`, `<a href="mailto:a@b.c"${LINK}>x</a>`,
  ]) assert.equal(taken(t, html), html);
});

test("nothing else is: no scripts, styles, pictures, frames, handlers, or links that do anything", (t) => {
  for (const [html, left] of [
    ['<p onclick="x()" style="position: fixed" class="c" id="i">a</p>', "<p>a</p>"],
    ["<p>a<script>x()</script></p>", "<p>ax()</p>"],
    ['<img src="https://a.b/i.png" onerror="x()">b', "b"],
    ['<iframe src="https://a.b"></iframe><form><input name="a"></form>c', "c"],
    ['<a href="javascript:x()">d</a>', "<a>d</a>"],
    ['<a href=" JaVaScRiPt:x()">d</a>', "<a>d</a>"],
    ['<a href="data:text/html,x">d</a>', "<a>d</a>"],
    ['<a href="/lab?reset" onclick="x()">d</a>', "<a>d</a>"],
    ['<svg><a href="https://a.b/">e</a></svg>', `<a href="https://a.b/"${LINK}>e</a>`],
    ['<ol start="1e9"><li>f</li></ol>', "<ol><li>f</li></ol>"],
    ["<style>p { color: red }</style><p>g</p>", "p { color: red }<p>g</p>"],
    ["<!-- h --><p>h", "<p>h</p>"],
  ]) assert.equal(taken(t, html), left, html);
});

test("what is nested without end is text", (t) => {
  const nested = taken(t, `${"<blockquote>".repeat(500)}deep${"</blockquote>".repeat(500)}`);
  assert.equal(nested.split("<blockquote>").length - 1 <= 61, true);
  assert.match(nested, /deep/);
});
