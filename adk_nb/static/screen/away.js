/** An open microphone whose view cannot be seen, as its output is collapsed or hidden, shows itself on the page. */
import { element } from "./layout.js";

export class Away {
  /**
   * @param {HTMLElement} root the view's
   * @param {object} on
   * @param {() => string} on.name who hears
   * @param {() => void} on.stop the microphone is to be closed
   */
  constructor(root, { name, stop }) {
    this.root = root;
    this.name = name;
    this.stop = stop;
    this.open = false;
    /** Whether nothing of the view is on the page. */
    this.hidden = false;
    /** @type {HTMLElement | null} */
    this.mark = null;
    // A view that is taken off the page, or no longer displayed, has no size any more; one that is scrolled away has.
    this.observer = typeof ResizeObserver === "function" ? new ResizeObserver(() => this.look()) : null;
    this.observer?.observe(root);
  }

  look() {
    this.hidden = this.root.getClientRects().length === 0;
    this.draw();
  }

  /** @param {boolean} open whether the microphone is */
  show(open) {
    if (open === this.open) return;
    this.open = open;
    this.draw();
  }

  draw() {
    const wanted = this.open && this.hidden;
    if (!wanted) {
      this.mark?.remove();
      this.mark = null;
    } else if (!this.mark) {
      const stop = element("button", { type: "button" }, "Switch off");
      stop.addEventListener("click", () => this.stop());
      const words = `${this.name()} hears you: the microphone is on in an output that is hidden.`;
      this.mark = element("div", { class: "adk-nb-away", "data-adk-nb": "away", role: "status" }, words, stop);
      document.body.append(this.mark);
    }
  }

  close() {
    this.observer?.disconnect();
    this.show(false);
  }
}
