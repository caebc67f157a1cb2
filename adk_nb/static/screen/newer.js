/** How many entries have come below what is looked at, on a button that leads to them. */
import { element } from "./layout.js";

export class Newer {
  /**
   * @param {HTMLElement} box the transcript's
   * @param {() => void} show
   */
  constructor(box, show) {
    this.count = 0;
    this.button = element("button", { type: "button", class: "adk-nb-newer", "data-adk-nb": "newer", hidden: "" });
    this.button.addEventListener("click", () => {
      show();
      box.focus({ preventScroll: true }); // the button goes, and the focus must not go to the notebook
    });
    box.after(this.button);
  }

  /** One more has come. */
  add() {
    this.count += 1;
    this.button.textContent = `${this.count} new ▾`;
    this.button.setAttribute("aria-label", `${this.count} new below: go to the newest`);
    this.button.hidden = false;
  }

  /** The newest are seen. */
  seen() {
    this.count = 0;
    this.button.hidden = true;
  }
}
