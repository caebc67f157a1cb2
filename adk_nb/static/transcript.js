/** The transcript's DOM: one node an entry, in the conversation's order. */
import { formatMs } from "./conversation.js";
import { element } from "./layout.js";

/** @typedef {import("./conversation.js").Entry} Entry */

const LONG = 160; // characters past which a tool's line is folded
const PREVIEW = 72;
const NEAR_THE_END_PX = 32;

/** @param {string} text */
function isLong(text) {
  return text.length > LONG || text.includes("\n");
}

/** @param {string} text */
function preview(text) {
  if (!isLong(text)) return text;
  const line = text.replace(/\s+/g, " ");
  return line.length > PREVIEW ? `${line.slice(0, PREVIEW)}…` : line;
}

/** @param {Entry} entry */
function toolLine({ call, text, outcome, ms }) {
  /** @type {(Node | string)[]} */
  const line = [element("code", { class: "adk-nb-call" }, preview(call))];
  if (outcome === "running") line.push(element("span", { class: "adk-nb-running", "aria-label": "running" }, "…"));
  else line.push(element("span", { class: "adk-nb-arrow" }, " → "), element("span", { class: "adk-nb-result" }, preview(text)));
  if (ms !== null) line.push(" ", element("span", { class: "adk-nb-ms" }, formatMs(ms)));
  return line;
}

/**
 * @param {Entry} entry
 * @param {boolean} open whether its details were
 */
function toolBody(entry, open) {
  const line = toolLine(entry);
  if (!isLong(entry.text) && !isLong(entry.call)) return element("div", { class: "adk-nb-said" }, ...line);
  const full = entry.call.length > LONG ? `${entry.call}\n→ ${entry.text}` : entry.text;
  const details = element(
    "details",
    { class: "adk-nb-said" },
    element("summary", {}, ...line),
    element("pre", { tabindex: "0" }, full),
  );
  details.open = open;
  return details;
}

/** @param {Entry} entry */
function saidBody({ text, interrupted }) {
  const body = element("div", { class: "adk-nb-said" }, element("span", { class: "adk-nb-words" }, text));
  if (interrupted) body.append(" ", element("span", { class: "adk-nb-tag" }, "interrupted"));
  return body;
}

export class Transcript {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    this.following = true;
    box.addEventListener("scroll", () => {
      this.following = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_THE_END_PX;
    });
  }

  clear() {
    this.nodes.clear();
    this.box.replaceChildren();
    this.following = true;
  }

  /**
   * @param {Entry[]} entries all of them
   * @param {Entry[]} changed
   * @returns {Entry[]} those which became final with this
   */
  update(entries, changed) {
    const finished = changed.filter((entry) => this.draw(entries, entry));
    if (this.nodes.size > entries.length) this.evict(entries);
    if (changed.length && this.following) this.box.scrollTop = this.box.scrollHeight;
    return finished;
  }

  /**
   * @param {Entry[]} entries
   * @param {Entry} entry
   * @returns {boolean} whether it became final
   */
  draw(entries, entry) {
    let node = this.nodes.get(entry.key);
    if (!node) {
      node = element("div", { class: "adk-nb-entry", "data-role": entry.role, "data-turn": String(entry.turn) });
      node.append(element("span", { class: "adk-nb-who" }), element("div"));
      this.nodes.set(entry.key, node);
      const next = entries.slice(entries.indexOf(entry) + 1).find((later) => this.nodes.has(later.key));
      this.box.insertBefore(node, (next && this.nodes.get(next.key)) ?? null);
    }
    const wasFinal = node.dataset.final === "true";
    node.dataset.final = String(entry.final);
    node.dataset.interrupted = String(entry.interrupted);
    if (entry.role === "tool") node.dataset.outcome = entry.outcome;
    const [who, body] = node.children;
    who.textContent = entry.role === "user" ? "you" : entry.author || entry.role;
    /** @type {HTMLElement} */ (who).title = entry.author;
    const words = body.querySelector(".adk-nb-words");
    if (words && !entry.interrupted) words.textContent = entry.text;
    else body.replaceWith(entry.role === "tool" ? toolBody(entry, /** @type {any} */ (body).open === true) : saidBody(entry));
    return entry.final && !wasFinal;
  }

  /** @param {Entry[]} entries */
  evict(entries) {
    const kept = new Set(entries.map((entry) => entry.key));
    for (const [key, node] of this.nodes) {
      if (kept.has(key)) continue;
      node.remove();
      this.nodes.delete(key);
    }
  }
}
