/** The line that says what a cell has redefined, and the button that gives it to the agent. */
import { element } from "./layout.js";

/** @param {string[]} names @returns {string} as in "get_time and RULES were redefined." */
export function redefinedText(names) {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  const last = shown.at(-1) ?? "";
  const all = shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${last}` : last;
  return `${all} ${names.length > 1 ? "were" : "was"} redefined.`;
}

export class RedefinedLine {
  /** @param {() => boolean} onuse asks for them; returns whether that went out */
  constructor(onuse) {
    this.text = element("span", { class: "adk-nb-redefined-text" });
    this.button = element("button", { type: "button", class: "adk-nb-reload", "data-adk-nb": "reload" });
    this.row = element("div", { class: "adk-nb-redefined", "data-adk-nb": "redefined", role: "status", hidden: "" }, this.text, this.button);
    this.button.addEventListener("click", () => {
      this.button.disabled = onuse();
    });
  }

  /** @param {unknown} said the names, none where the agent has them all */
  show(said) {
    const names = Array.isArray(said) ? said.map(String) : [];
    this.row.hidden = names.length === 0;
    this.text.textContent = names.length ? redefinedText(names) : "";
    this.text.title = names.join(", ");
    this.button.textContent = names.length > 1 ? "Use them" : "Use it";
    this.again();
  }

  /** It can be tried again. */
  again() {
    this.button.disabled = false;
  }
}
