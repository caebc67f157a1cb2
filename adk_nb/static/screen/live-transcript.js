/** Keeps the transcript as messages come: what it holds, its elements, the words that sound, and what is read out. */
import { Announcer } from "./announcer.js";
import { SpokenWords } from "./spoken-words.js";
import { TranscriptModel } from "./transcript-model.js";
import { Transcript } from "./transcript.js";

/** @typedef {import("../link/wire.js").Message} Message */

export class LiveTranscript {
  /**
   * @param {import("./layout.js").Layout} layout
   * @param {(message: Message) => boolean} ask whether it went out
   */
  constructor(layout, ask) {
    this.model = new TranscriptModel();
    this.shown = new Transcript(layout.transcript, (id, approved, answer) => ask({ type: "confirm", id, approved, ...(answer ? { answer } : {}) }),
      ({ id, offset }) => ask({ type: "more", id, offset }), (id) => ask({ type: "stop", id }));
    this.spoken = new SpokenWords(() => ({ model: this.model, transcript: this.shown }));
    this.announcer = new Announcer(layout);
  }

  /** The lines of the turns, with their buttons. */
  get lines() {
    return this.shown.lines;
  }

  /** Another conversation begins. @param {string} anew says so where the last one stays above it; empty where it goes */
  begin(anew) {
    if (anew && this.model.entries.length) this.shown.leave(anew);
    this.model = new TranscriptModel();
  }

  /** All anew, as a hello tells it. @param {Message[]} messages */
  refill(messages) {
    const { model, shown } = this;
    model.clear();
    shown.clear();
    for (const message of messages) model.apply(message);
    shown.update(model.entries, [...model.entries], model.facts);
    this.spoken.wait();
    this.announcer.asked(model.question);
  }

  /** @param {Message} message */
  receive(message) {
    const { model, shown, announcer } = this;
    const finished = shown.update(model.entries, model.apply(message), model.facts);
    if (message.type === "words" || message.type === "position") this.spoken.wait();
    if (message.type === "heard") announcer.say(model.heardInWords(message.turn));
    announcer.finished(finished);
    announcer.asked(model.question);
  }

  /** What the player of this view did. @param {import("../sound/audio.js").PlaybackReport} report */
  played(report) {
    this.spoken.played(report);
  }

  /** @param {boolean} plays whether anything sounds */
  plays(plays) {
    this.spoken.plays(plays);
  }

  /** From now on it sounds in another view. */
  elsewhere() {
    this.model.words.elsewhere();
  }

  /** To the newest entry. */
  toEnd() {
    this.shown.toEnd();
  }

  close() {
    this.spoken.close();
  }
}
