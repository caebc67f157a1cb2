/** The error bar says what is wrong now: it goes when its cause has gone, and the kernel's `error` with it. */
import { withdraw } from "../link/page-link.js";
import { showFailure } from "./error-bar.js";

/**
 * @typedef {import("../link/wire.js").Message} Message
 * @typedef {import("../link/wire.js").Failure & {lasts?: boolean}} Failure `lasts` is the kernel's: false where a good answer ends it
 */

export class CurrentError {
  /**
   * @param {import("./layout.js").Layout["error"]} line
   * @param {(message: Message) => boolean} send
   */
  constructor(line, send) {
    this.line = line;
    this.send = send;
    /** @type {Failure | null} */
    this.failure = null;
    /** Codes that the kernel knows from this page. @type {Set<string>} */
    this.reported = new Set();
  }

  /** @param {Failure | null} failure to show, or none */
  show(failure) {
    this.failure = failure;
    withdraw(this.line.row);
    showFailure(this.line, failure);
  }

  /** @param {Failure} failure of this page, also for the session's log */
  report(failure) {
    const { code, message, remedy } = failure;
    this.reported.add(code);
    this.send({ type: "error", code, message, remedy });
    this.show(failure);
  }

  /** What had failed works again. @param {...string} causes how its code begins */
  over(...causes) {
    for (const code of [...this.reported]) if (causes.some((cause) => code.startsWith(cause))) this.recovered(code);
    if (this.failure && causes.some((cause) => this.failure?.code.startsWith(cause))) this.show(null);
  }

  /** The user has read it. */
  dismiss() {
    if (this.failure) this.recovered(this.failure.code);
    this.show(null);
  }

  /** @param {string} code */
  recovered(code) {
    this.reported.delete(code);
    this.send({ type: "recovered", code });
  }

  /** A model that answers works: the kernel sees that too. @param {Message} message */
  answered({ type, role, state }) {
    const good = (type === "transcript" && role === "agent") || (type === "turn" && state === "complete");
    if (good && this.failure?.lasts === false) this.show(null);
  }
}
