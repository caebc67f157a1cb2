/** Who refused a page a microphone, camera or screen, and who can change that. No DOM here. */

/** @typedef {"server" | "frame" | "system" | "unanswered" | "user"} Refuser */

/**
 * Browsers give one error for all of them; of the policies a page can ask, the rest their words tell.
 *
 * @param {unknown} error a NotAllowedError, or what stands for one
 * @param {"microphone" | "camera" | "display-capture"} feature
 * @param {any} [page] its document
 * @param {boolean} [framed] whether another page holds it
 * @returns {Refuser}
 */
export function refusedBy(error, feature, page = globalThis.document, framed = globalThis.window?.parent !== globalThis.window) {
  const policy = page?.permissionsPolicy ?? page?.featurePolicy;
  if (policy?.allowsFeature?.(feature) === false) return framed ? "frame" : "server";
  const message = String(/** @type {{message?: string}} */ (error)?.message ?? "");
  if (/\bsystem\b/i.test(message)) return "system";
  return /dismiss/i.test(message) ? "unanswered" : "user";
}

const NAMES = { microphone: "microphone", camera: "camera", "display-capture": "screen" };
const FORBIDDEN = { microphone: { code: "mic_forbidden" }, camera: { code: "camera_forbidden" }, "display-capture": { code: "screen_forbidden" } };
const SYSTEM = { microphone: { code: "mic_system" }, camera: { code: "camera_system" }, "display-capture": { code: "screen_system" } };
const DENIED = { microphone: { code: "mic_denied" }, camera: { code: "camera_denied" }, "display-capture": { code: "screen_denied" } };

/**
 * What to say where it was not the user's own no; null where it was.
 *
 * @param {unknown} error
 * @param {"microphone" | "camera" | "display-capture"} feature
 * @param {Refuser} [by]
 * @returns {import("./wire.js").Failure | null}
 */
export function refusal(error, feature, by = refusedBy(error, feature)) {
  const name = NAMES[feature];
  switch (by) {
    case "server":
      return {
        ...FORBIDDEN[feature],
        message: `The server of this page forbids it the ${name}, by its header Permissions-Policy.`,
        remedy: `No setting of the browser changes that: ask whoever runs the server to send "Permissions-Policy: ${feature}=(self)", or type instead.`,
      };
    case "frame":
      return {
        ...FORBIDDEN[feature],
        message: `The page around this one gives it no ${name}.`,
        remedy: `Open the notebook in a tab of its own, or ask whoever runs the page around it to add allow="${feature}" to its frame.`,
      };
    case "system":
      return {
        ...SYSTEM[feature],
        message: `The operating system gives this browser no ${name}.`,
        remedy: `Allow the browser the ${name} in the system's privacy settings, or ask its administrator to; then start the browser again.`,
      };
    case "unanswered":
      return {
        ...DENIED[feature],
        message: `The browser's question about the ${name} was closed without an answer.`,
        remedy: `Click the ${name} again, and allow it.`,
      };
    default:
      return null;
  }
}
