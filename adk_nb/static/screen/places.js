/** Which view of a widget plays, and which has the microphone: the line that says so where it is not this one. */
import { element } from "./layout.js";

/** @typedef {"here" | "elsewhere" | "none" | "gone"} Where */

/**
 * What the line says; "" where there is nothing to say.
 *
 * @param {object} now
 * @param {Where} now.speaker
 * @param {Where} now.microphone
 * @param {boolean} now.taken whether another widget took this one's microphone
 */
export function placesInWords({ speaker, microphone, taken }) {
  const [sounds, hears] = [speaker === "elsewhere", microphone === "elsewhere"];
  if (sounds && hears) return "Sound and microphone are in another view of this conversation.";
  if (hears) return "The microphone is on in another view of this conversation.";
  const words = [];
  if (sounds) words.push("The sound is in another view of this conversation.");
  if (taken) words.push("Another widget has taken the microphone.");
  else if (microphone === "gone") words.push("The microphone was on in a view that is gone.");
  return words.join(" ");
}

export class Places {
  /**
   * @param {import("./layout.js").Layout} layout
   * @param {object} on
   * @param {() => void} on.hear the sound is to be in this view
   * @param {() => void} on.speak the microphone is to be in this view
   * @param {AbortSignal} on.signal
   */
  constructor(layout, { hear, speak, signal }) {
    /** @type {Where} */
    this.speaker = "here";
    /** @type {Where} */
    this.microphone = "none";
    this.taken = false;
    this.words = element("span", { class: "adk-nb-places-words" });
    this.hear = element("button", { type: "button", class: "adk-nb-choice", "data-adk-nb": "hear-here" }, "Hear it here");
    this.speak = element("button", { type: "button", class: "adk-nb-choice", "data-adk-nb": "speak-here" }, "Speak here");
    this.row = element("div", { class: "adk-nb-places", "data-adk-nb": "places", role: "status", hidden: "" }, this.words, this.hear, this.speak);
    this.hear.addEventListener("click", hear, { signal });
    this.speak.addEventListener("click", speak, { signal });
    layout.error.row.before(this.row);
  }

  /** Whether this view plays. */
  get plays() {
    return this.speaker !== "elsewhere";
  }

  /** @param {{speaker?: Where, microphone?: Where}} now as the kernel says */
  say({ speaker = this.speaker, microphone = this.microphone }) {
    if (speaker !== "none") this.speaker = speaker; // until it is known which view goes on
    this.microphone = microphone;
  }

  /** @param {boolean} usable whether anything can be taken now */
  show(usable) {
    const words = placesInWords(this);
    this.row.hidden = !usable || !words;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.hear.hidden = this.plays;
    this.speak.hidden = !(this.taken || this.microphone === "elsewhere" || this.microphone === "gone");
  }
}
