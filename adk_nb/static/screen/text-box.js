/** The box for what is typed: Enter or the button sends it, and without a connection it waits there. */
import { MAX_TYPED } from "../link/wire.js";
import { TOO_LONG } from "./error-bar.js";
import { characters } from "./format.js";
import { isComposing } from "./keys.js";
import { Unsent } from "./unsent.js";

/**
 * @typedef {object} TextBoxOptions
 * @property {import("./layout.js").Layout} layout
 * @property {import("../link/connection.js").Connection} connection
 * @property {(failure: import("../link/wire.js").Failure) => void} fail
 * @property {(...causes: string[]) => void} recovered what failed so works again
 * @property {() => void} onsend something was to be sent, whether it could be or not
 * @property {() => void} onchange
 * @property {AbortSignal} signal
 */

export class TextBox {
  /** @param {TextBoxOptions} options */
  constructor({ layout: { control }, connection, fail, recovered, onsend, onchange, signal }) {
    this.text = control.text;
    this.button = control.send;
    this.unsent = new Unsent(control);
    this.connection = connection;
    this.fail = fail;
    this.recovered = recovered;
    this.onsend = onsend;
    this.onchange = onchange;
    this.button.addEventListener("click", () => this.send(), { signal });
    this.text.addEventListener("input", () => this.written(), { signal });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      this.send();
    }, { signal });
  }

  /** The text in the box was changed. */
  written() {
    this.unsent.changed();
    this.recovered(TOO_LONG.code);
    this.onchange();
  }

  send() {
    const { text } = this;
    const typed = text.value.trim();
    if (!typed) return;
    if (characters(typed) > MAX_TYPED) this.fail(TOO_LONG);
    else if (this.connection.say(typed)) text.value = "";
    else this.unsent.wait();
    this.onsend();
    this.onchange();
  }

  /** The connection is back: what waits is sent. */
  resume() {
    if (this.unsent.take()) this.send();
  }

  /** @param {boolean} hears whether the agent can be spoken to as well */
  invite(hears) {
    this.text.placeholder = hears ? "Speak, or type a message" : "Type a message";
  }

  /** @param {boolean} closed whether nothing can be sent any more */
  show(closed) {
    this.text.disabled = closed;
    this.button.disabled = closed || !this.text.value.trim();
    this.unsent.show(this.connection.link);
  }
}
