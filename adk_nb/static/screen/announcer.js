/** What a screen reader says by itself: what was said and done, and what is asked. */
import { formatQuestion } from "./transcript-model.js";
import { tagOf } from "./transcript.js";

export class Announcer {
  /** @param {import("./layout.js").Layout} layout */
  constructor({ live, alert }) {
    this.live = live;
    this.alert = alert;
  }

  /** @param {import("./transcript-model.js").Entry[]} entries what is final now */
  finished(entries) {
    for (const entry of entries) {
      const who = entry.role === "user" ? "You" : entry.author || entry.call;
      const said = entry.withheld ? `${entry.text} (${tagOf(entry)})`.trim() : entry.text;
      if (said) this.say(who ? `${who}: ${said}` : said);
    }
  }

  /** @param {string} words */
  say(words) {
    this.live.textContent = words;
  }

  /** A question stands in its live region as long as it waits. @param {import("./transcript-model.js").Question | null} question */
  asked(question) {
    const said = question ? formatQuestion(question) : "";
    if (this.alert.textContent !== said) this.alert.textContent = said;
  }
}
