/** A written answer as the kernel has rendered it, taken over element by element: nothing but these gets into the page. */
import { element } from "./layout.js";
import { webAddress } from "./sources.js";

const TAKEN = new Set([
  "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
  "table", "thead", "tbody", "tr", "th", "td",
]);
const MOST_DEEP = 60;

/**
 * @param {string} html
 * @returns {Node[]}
 */
export function markdownNodes(html) {
  return copies(new DOMParser().parseFromString(html, "text/html").body, 0);
}

/** @param {Node} parent @param {number} depth @returns {Node[]} */
function copies(parent, depth) {
  if (depth > MOST_DEEP) return [document.createTextNode(parent.textContent ?? "")];
  return [...parent.childNodes].flatMap((node) => {
    if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.textContent ?? "")];
    if (!(node instanceof Element)) return [];
    const inside = copies(node, depth + 1);
    const name = node.localName;
    if (!TAKEN.has(name)) return inside;
    const made = element(/** @type {keyof HTMLElementTagNameMap} */ (name), attributesOf(node));
    made.append(...inside);
    return [made];
  });
}

/** @param {Element} node @returns {Record<string, string>} */
function attributesOf(node) {
  if (node.localName === "ol" && /^\d{1,9}$/.test(node.getAttribute("start") ?? "")) return { start: String(node.getAttribute("start")) };
  if (node.localName !== "a") return {};
  const address = node.getAttribute("href") ?? "";
  const href = webAddress(address)?.href ?? (/^mailto:[^\s]+$/i.test(address) ? address : "");
  return href ? { href, target: "_blank", rel: "noopener noreferrer" } : {};
}
