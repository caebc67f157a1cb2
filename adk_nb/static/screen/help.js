/** The keys and the calls, on a sheet that "?" opens. */
import { isTyping } from "./keys.js";
import { element } from "./layout.js";

/** @type {[string, string][]} */
const KEYS = [
  ["Space", "hold it and talk"],
  ["Enter", "send; Shift+Enter begins a new line"],
  ["Esc", "interrupt the agent"],
  ["?", "this sheet"],
];
/** @param {string} title @param {[string, string][]} rows @param {"kbd" | "code"} tag */
function list(title, rows, tag) {
  const lines = rows.map(([name, does]) => element("div", { class: "adk-nb-help-row" }, element(tag, {}, name), element("span", {}, does)));
  return element("div", { class: "adk-nb-help-list" }, element("div", { class: "adk-nb-help-title" }, title), ...lines);
}

export class Help {
  /**
   * @param {import("./layout.js").Layout} layout
   * @param {[string, string][]} calls for a cell, with what they do
   * @param {AbortSignal} signal
   */
  constructor({ root, head }, calls, signal) {
    this.button = head.help;
    this.close = element("button", { type: "button", class: "adk-nb-help-close" }, "Close");
    this.sheet = element(
      "div",
      { class: "adk-nb-help-sheet", "data-adk-nb": "help-sheet", role: "dialog", "aria-label": calls.length ? "Keys and calls" : "Keys", tabindex: "-1", hidden: "" },
      list("Keys, where no text is typed", KEYS, "kbd"),
      ...(calls.length ? [list("From a cell, where live is this widget", calls, "code")] : []),
      this.close,
    );
    head.row.after(this.sheet);
    this.button.addEventListener("click", () => this.toggle(), { signal });
    this.close.addEventListener("click", () => this.toggle(false), { signal });
    root.addEventListener("keydown", (event) => {
      if (event.key !== "?" || isTyping(event)) return;
      event.preventDefault();
      this.toggle();
    }, { signal });
    // Before the agent is interrupted by the same key.
    this.sheet.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.toggle(false);
    }, { signal });
  }

  /** @param {boolean} [open] */
  toggle(open = this.sheet.hidden === true) {
    if (open !== (this.sheet.hidden === true)) return;
    this.sheet.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    (open ? this.sheet : this.button).focus({ preventScroll: true });
  }
}
