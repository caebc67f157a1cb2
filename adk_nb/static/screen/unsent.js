/** A text that is sent while there is no connection: it waits in the box, and says so. */
import { element } from "./layout.js";

const SEND = "Send (Enter)";
const LATER = "There is no connection: Enter keeps the text here, and it is sent when the connection is back.";
const WAITS = "It waits here, and is sent when the connection is back.";

export class Unsent {
  /** @param {import("./layout.js").Layout["control"]} control */
  constructor(control) {
    this.control = control;
    /** Whether what is in the box is to be sent. */
    this.waits = false;
    this.line = element("div", { class: "adk-nb-unsent", "data-adk-nb": "unsent", role: "status" });
    control.row.before(this.line);
  }

  /** Its text is to be sent as soon as that is possible. */
  wait() {
    this.waits = true;
  }

  /** What is written anew is not meant to be sent yet. */
  changed() {
    this.waits = false;
  }

  /** The connection is back. @returns {boolean} whether a text is to be sent now */
  take() {
    const { waits } = this;
    this.waits = false;
    return waits;
  }

  /** @param {import("../link/connection.js").Link} link */
  show(link) {
    const away = link === "connecting" || link === "reconnecting";
    const said = away && this.waits ? WAITS : "";
    if (this.line.textContent !== said) this.line.textContent = said;
    this.control.send.title = away ? LATER : SEND;
    this.control.send.setAttribute("aria-label", away ? LATER : SEND);
  }
}
