/** The transcript's DOM: one node an entry, in the model's order. */
import { parts } from "./heard-words.js";
import { element } from "./layout.js";
import { Newer } from "./newer.js";
import { markdownNodes } from "./markdown.js";
import { ToolEntry } from "./tool-entry.js";
import { TurnLines } from "./turn-line.js";

/**
 * @typedef {import("./transcript-model.js").Entry} Entry
 * @typedef {import("./transcript-model.js").Source} Source
 */

const NEAR_THE_END_PX = 32;

/** What is said of an agent's words, after them. @param {Entry} entry */
export function tagOf({ interrupted, withheld }) {
  if (withheld) return "withheld by a guard";
  return interrupted ? "interrupted" : "";
}

/** @type {WeakMap<Element, string>} what is said after the words of a body */
const TAGGED = new WeakMap();
const TAGS = { "": "span", coming: "span", unheard: "s" };

/** @type {WeakMap<Element, string>} the HTML that words show */
const RENDERED = new WeakMap();

/** Draws words anew where they changed. @param {Element} words @param {Entry} entry */
function drawWords(words, { text, coming, unheard, html }) {
  const before = RENDERED.get(words) ?? "";
  words.classList.toggle("adk-nb-markdown", Boolean(html));
  RENDERED.set(words, html);
  if (html) {
    if (html !== before) words.replaceChildren(...markdownNodes(html));
    return;
  }
  const drawn = parts(text, coming, unheard);
  if (drawn.every(({ kind }) => !kind)) {
    if (words.childElementCount || words.textContent !== text) words.textContent = text;
    return;
  }
  words.replaceChildren(...drawn.map((part) => {
    const { text: said, kind } = part;
    return kind ? element(/** @type {"span" | "s"} */ (TAGS[kind]), { class: `adk-nb-${kind}`, "data-adk-nb": kind }, said) : said;
  }));
}

/** Draws what is said of an agent's words, after them. @param {Element} body @param {Entry} entry */
function drawTag(body, entry) {
  const drawn = `${tagOf(entry)}|${entry.heard}`;
  if ((TAGGED.get(body) ?? "|") === drawn) return;
  TAGGED.set(body, drawn);
  const words = /** @type {Element} */ (body.querySelector(".adk-nb-words"));
  while (words.nextSibling && !words.nextElementSibling?.matches(".adk-nb-sources")) words.nextSibling.remove();
  /** @type {(Node | string)[]} */
  const said = [];
  if (tagOf(entry)) said.push(" ", element("span", { class: "adk-nb-tag" }, tagOf(entry)));
  if (entry.heard) said.push(" ", element("span", { class: "adk-nb-heard", "data-adk-nb": "heard", title: "heard_ms of agent_audio_ms" }, entry.heard));
  words.after(...said);
}

/** @param {Entry} entry */
function saidBody(entry) {
  const body = element("div", { class: "adk-nb-said" }, element("span", { class: "adk-nb-words", dir: "auto" }));
  drawSaid(body, entry);
  return body;
}

/** @param {Element} body @param {Entry} entry */
function drawSaid(body, entry) {
  drawWords(/** @type {Element} */ (body.querySelector(".adk-nb-words")), entry);
  drawTag(body, entry);
}

/** @param {Source[]} sources */
function sourceLine(sources) {
  const line = element("div", { class: "adk-nb-sources", "data-adk-nb": "sources" }, "Sources: ");
  for (const [index, { title, href }] of sources.entries()) {
    if (index) line.append(", ");
    line.append(href ? element("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, title) : title);
  }
  return line;
}

/** @param {Entry} entry */
function nameOf({ role, author }) {
  if (role === "note") return "";
  return role === "user" ? "you" : author || role;
}

export class Transcript {
  /**
   * @param {HTMLElement} box
   * @param {import("./tool-entry.js").Answerer} answer
   * @param {import("./tool-entry.js").Asker} more
   * @param {import("./tool-entry.js").Stopper} stop
   */
  constructor(box, answer, more, stop) {
    this.box = box;
    this.more = more;
    /** @param {boolean} sent whether what was clicked went out: its button is of no more use */
    const leave = (sent) => {
      if (sent && box.contains(document.activeElement)) box.focus({ preventScroll: true });
      return sent;
    };
    /** @type {import("./tool-entry.js").Answerer} */
    this.answer = (...answered) => leave(answer(...answered));
    /** @type {import("./tool-entry.js").Stopper} */
    this.stop = (id) => leave(stop(id));
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    /** @type {WeakMap<HTMLElement, ToolEntry>} */
    this.tools = new WeakMap();
    /** @type {WeakMap<Element, Source[]>} by the body that shows them */
    this.sources = new WeakMap();
    this.lines = new TurnLines(box);
    /** @type {Element[]} what stays of other conversations */
    this.past = [];
    this.following = true;
    this.newer = new Newer(box, () => this.toEnd());
    this.end = 0; // where it last went to by itself
    box.addEventListener("scroll", () => {
      this.following = this.isNearTheEnd();
      if (this.following) this.newer.seen();
    });
    // An image has its height only when it has loaded (its event does not bubble).
    box.addEventListener("load", () => this.follow(), true);
  }

  clear() {
    this.nodes.clear();
    this.lines.clear();
    this.keepFocus(() => this.box.replaceChildren(...this.past));
    this.following = true;
    this.end = 0;
    this.newer.seen();
  }

  /** Another conversation begins, and what there is stays above it. @param {string} text says so */
  leave(text) {
    const note = element("div", { class: "adk-nb-entry", "data-role": "note", "data-kind": "anew" }, element("span", { class: "adk-nb-who" }), element("div", { class: "adk-nb-said" }, text));
    for (const button of this.box.querySelectorAll("button")) button.remove(); // they would ask the other one
    this.past = [...this.box.children, note];
  }

  /**
   * @param {Entry[]} entries all of them
   * @param {Entry[]} changed
   * @param {Map<number, import("./turn-line.js").Facts>} [facts] of the turns
   * @returns {Entry[]} those which became final with this
   */
  update(entries, changed, facts) {
    /** @type {Entry[]} */
    let finished = [];
    // The browser tells of a scroll a frame later, and something new may come before that.
    if (this.box.scrollTop < this.end && !this.isNearTheEnd()) this.following = false;
    this.keepFocus(() => {
      finished = changed.filter((entry) => this.draw(entries, entry));
      if (this.nodes.size > entries.length) this.evict(entries);
      if (facts && changed.length) this.lines.draw(facts, this.firsts(entries));
    });
    if (changed.length) this.follow();
    return finished;
  }

  /** Words have sounded: nothing moves for that. @param {Entry[]} entries @param {Entry[]} changed */
  sounded(entries, changed) {
    for (const entry of changed) this.draw(entries, entry);
  }

  /** @param {Entry[]} entries @returns {(turn: number) => Element | undefined} the first node of a turn's */
  firsts(entries) {
    /** @type {Map<number, Element>} */
    const found = new Map();
    for (const { key, turn, role } of entries) {
      const node = this.nodes.get(key);
      if (node && (role !== "note" || key.startsWith("outcome/")) && !found.has(turn)) found.set(turn, node);
    }
    return (turn) => found.get(turn);
  }

  isNearTheEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.box;
    return scrollHeight - scrollTop - clientHeight < NEAR_THE_END_PX;
  }

  follow() {
    if (!this.following) return;
    this.box.scrollTop = this.box.scrollHeight;
    this.end = this.box.scrollTop;
  }

  /** To the newest entry, and on from there. */
  toEnd() {
    this.following = true;
    this.newer.seen();
    this.follow();
  }

  /** An element that goes loses the focus, which must not go to the notebook. @param {() => void} draw */
  keepFocus(draw) {
    const { box } = this;
    const held = box.contains(document.activeElement);
    draw();
    if (held && !box.contains(document.activeElement)) box.focus({ preventScroll: true });
  }

  /**
   * @param {Entry[]} entries
   * @param {Entry} entry
   * @returns {boolean} whether it became final
   */
  draw(entries, entry) {
    const node = this.nodes.get(entry.key) ?? this.add(entries, entry);
    const wasFinal = node.dataset.final === "true";
    node.dataset.final = String(entry.final);
    node.dataset.interrupted = String(entry.interrupted);
    if (entry.withheld) node.dataset.withheld = "true";
    if (entry.role === "tool") node.dataset.outcome = entry.outcome;
    if (entry.role === "note") node.dataset.kind = entry.kind;
    const [who, body] = node.children;
    who.textContent = nameOf(entry);
    /** @type {HTMLElement} */ (who).title = entry.author;
    const tool = this.tools.get(node);
    if (entry.timed) node.dataset.sounds = "true";
    if (tool) tool.draw(entry);
    else if (body.querySelector(".adk-nb-words")) drawSaid(body, entry);
    else body.replaceWith(saidBody(entry));
    this.drawSources(node.children[1], entry);
    return entry.final && !wasFinal;
  }

  /** Draws them only where they changed: a link keeps the focus. @param {Element} body @param {Entry} entry */
  drawSources(body, { sources }) {
    if (this.sources.get(body) === sources) return;
    this.sources.set(body, sources);
    body.querySelector(".adk-nb-sources")?.remove();
    if (sources.length) body.append(sourceLine(sources));
  }

  /**
   * @param {Entry[]} entries
   * @param {Entry} entry
   */
  add(entries, entry) {
    const node = element("div", { class: "adk-nb-entry", "data-role": entry.role, "data-turn": String(entry.turn) });
    const tool = entry.role === "tool" ? new ToolEntry(this.answer, this.more, this.stop) : null;
    node.append(element("span", { class: "adk-nb-who" }), tool?.body ?? element("div"));
    if (tool) this.tools.set(node, tool);
    this.nodes.set(entry.key, node);
    if (!this.following) this.newer.add();
    const next = entries.slice(entries.indexOf(entry) + 1).find((later) => this.nodes.has(later.key));
    this.box.insertBefore(node, (next && this.nodes.get(next.key)) ?? null);
    return node;
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
