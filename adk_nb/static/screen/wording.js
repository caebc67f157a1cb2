/** What a view says of where its conversation is: in a notebook's kernel, or at a server that other people visit. */

/** @typedef {import("../link/wire.js").Failure} Failure */
/** @typedef {import("../link/ways.js").Transport} Transport */

/**
 * @typedef {object} Wording
 * @property {(tried: import("../link/ways.js").Tried[], forced?: Transport | "") => Failure} unreachable with what was tried, and
 *   the only way that `talk` allows
 * @property {Failure} refused
 * @property {Failure} ended
 * @property {Record<Transport, string>} ways how the page is connected
 * @property {[string, string][]} calls for a cell, with what they do
 * @property {string} anew where a conversation begins after another
 */

/** @type {Record<Transport, string>} */
const WAYS = { websocket: "its own port", relay: "the Jupyter server", comm: "the notebook's messages" };
/** @type {Record<Transport, string>} */
const FORCED = {
  websocket: "Leave transport= out where the kernel runs on another machine. ",
  relay: "Install adk-nb where the Jupyter server runs and restart it, or leave transport= out. ",
  comm: "Leave transport= out. ",
};

/** @type {Wording} */
export const NOTEBOOK = {
  unreachable(tried, forced = "") {
    const how = tried.map(({ transport, why }) => `${WAYS[transport]} (${why})`).join(", ");
    const only = forced ? `, the only way that talk(transport="${forced}") allows` : "";
    return {
      code: "unreachable",
      message: how ? `The kernel cannot be reached. Tried: ${how}${only}.` : "The kernel cannot be reached.",
      remedy: `${forced ? FORCED[forced] : ""}If it was restarted, re-run the cell that made this widget; otherwise it will be tried again. \`python -m adk_nb doctor\` says what is missing.`,
    };
  },
  refused: { code: "refused", message: "The bridge refused this page.", remedy: "Re-run the cell that made this widget." },
  ended: { code: "session_closed", message: "This conversation has ended.", remedy: "Run the cell for a new one." },
  ways: {
    websocket: "This page reaches the kernel's own port.",
    relay: "This page reaches the kernel through the Jupyter server.",
    comm: "This page reaches the kernel through the notebook's own messages.",
  },
  calls: [
    ['live.say("roll a die")', "type from a cell; returns the turn"],
    ["live.swap(tools=[roll, flip])", "change what answers, and go on"],
    ["live.turns_df()", "every turn as a row, with its latencies"],
  ],
  anew: "A new conversation begins.",
};

const REACHED = "This page is connected to the server.";

/** @type {Wording} */
export const SERVED = {
  unreachable: () => ({
    code: "unreachable",
    message: "The server cannot be reached, or takes no more visitors.",
    remedy: "It is tried again and again; if that lasts, reload the page.",
  }),
  refused: { code: "refused", message: "The server refused this page.", remedy: "Reload the page." },
  ended: { code: "session_closed", message: "This conversation has ended.", remedy: "Reload the page for a new one." },
  ways: { websocket: REACHED, relay: REACHED, comm: REACHED },
  calls: [],
  anew: "The server knows nothing of what was said before: a new conversation begins.",
};
