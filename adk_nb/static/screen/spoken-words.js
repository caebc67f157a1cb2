/** Draws the words of an answer as they sound: when the player reports, and in between when the next one is due. */

/**
 * @typedef {import("./transcript-model.js").TranscriptModel} TranscriptModel
 * @typedef {import("./transcript.js").Transcript} Transcript
 */

const LEAST_MS = 30;

export class SpokenWords {
  /** @param {() => {model: TranscriptModel, transcript: Transcript}} shown */
  constructor(shown) {
    this.shown = shown;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {import("../sound/audio.js").PlaybackReport} report */
  played(report) {
    const { model, transcript } = this.shown();
    transcript.sounded(model.entries, model.played(report));
    this.wait();
  }

  /** Whether anything sounds here. @param {boolean} plays */
  plays(plays) {
    const { model, transcript } = this.shown();
    if (model.words.plays === plays) return;
    model.words.plays = plays;
    transcript.sounded(model.entries, model.sounded());
  }

  /** Waits until the next word has sounded. */
  wait() {
    clearTimeout(this.timer);
    const due = this.shown().model.words.next(performance.now());
    if (due < Infinity) this.timer = setTimeout(() => this.tick(), Math.max(LEAST_MS, due));
  }

  tick() {
    const { model, transcript } = this.shown();
    transcript.sounded(model.entries, model.sounded());
    this.wait();
  }

  close() {
    clearTimeout(this.timer);
  }
}
