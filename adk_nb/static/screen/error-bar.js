/** What a view finds wrong by itself, and the line that says what is wrong. */

/** @typedef {import("../link/wire.js").Failure} Failure */

/** @type {Record<import("../link/ways.js").Transport, string>} */
const WAYS = { websocket: "its own port", relay: "the Jupyter server", comm: "the notebook's messages" };
/** @type {Record<import("../link/ways.js").Transport, string>} */
const FORCED = {
  websocket: "Leave transport= out where the kernel runs on another machine. ",
  relay: "Install adk-nb where the Jupyter server runs and restart it, or leave transport= out. ",
  comm: "Leave transport= out. ",
};

/**
 * @param {import("../link/ways.js").Tried[]} tried
 * @param {import("../link/ways.js").Transport | ""} [forced] the only way that talk() allows
 * @returns {Failure}
 */
export function unreachable(tried, forced = "") {
  const how = tried.map(({ transport, why }) => `${WAYS[transport]} (${why})`).join(", ");
  const only = forced ? `, the only way that talk(transport="${forced}") allows` : "";
  return {
    code: "unreachable",
    message: how ? `The kernel cannot be reached. Tried: ${how}${only}.` : "The kernel cannot be reached.",
    remedy: `${forced ? FORCED[forced] : ""}If it was restarted, re-run the cell that made this widget; otherwise it will be tried again. \`python -m adk_nb doctor\` says what is missing.`,
  };
}

/** @param {string} version ipykernel's @returns {Failure} */
export function cellHolds(version) {
  return {
    code: "cell_holds",
    message: `A running cell blocks the sound${version && parseInt(version) < 7 ? `: this kernel has ipykernel ${version}` : ""}.`,
    remedy: "It goes on when the cell has ended. With ipykernel 7 and JupyterLab 4.4, or through the Jupyter server, it would not wait.",
  };
}

export const REFUSED = { code: "refused", message: "The bridge refused this page.", remedy: "Re-run the cell that made this widget." };
export const ENDED = { code: "session_closed", message: "This conversation has ended.", remedy: "Run the cell for a new one." };
export const TOO_LONG = {
  code: "text_too_long",
  message: "The text is too long to be sent at once.",
  remedy: "Send at most 100,000 characters, or put it where a tool can read it.",
};
export const NOT_SENT = { code: "not_sent", message: "The message was not sent: there is no connection.", remedy: "Send it again when it is back." };

/**
 * @param {import("./layout.js").Layout["error"]} line
 * @param {Failure | null} failure to show, or none
 */
export function showFailure({ row, message, remedy, code }, failure) {
  row.hidden = failure === null;
  row.dataset.code = failure?.code ?? "";
  message.textContent = failure?.message ?? "";
  remedy.textContent = failure?.remedy ?? "";
  code.textContent = failure?.code ?? "";
}
