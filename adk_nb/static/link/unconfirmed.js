/** What was typed and has not come yet, as far as the page knows: it is sent again when the link is back. */

/** @typedef {import("./wire.js").Message} Message */

/** Texts that are kept; a link that takes none is lost long before. */
const MOST = 100;

export class Unconfirmed {
  constructor() {
    /** @type {Map<string, Message>} by the names that the kernel knows them by */
    this.texts = new Map();
  }

  /** @param {string} text @returns {Message} to be sent */
  add(text) {
    const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
    const message = { type: "text", text, id };
    this.texts.set(id, message);
    const [oldest] = this.texts.keys();
    if (this.texts.size > MOST) this.texts.delete(oldest);
    return message;
  }

  /** @param {unknown} id of a text that has come */
  taken(id) {
    this.texts.delete(String(id));
  }

  /** @returns {Message[]} in the order in which they were typed */
  all() {
    return [...this.texts.values()];
  }
}
