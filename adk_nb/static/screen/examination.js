/** What a page knows of itself that a kernel cannot: for `adk_nb.doctor()`. */

/**
 * @typedef {string | number | boolean | null} Finding
 * @typedef {import("../link/ways.js").Way} Way
 */

/** Longer than a way may take to be chosen: one that is slow is not one that fails. */
const OPEN_WITHIN_MS = 4000;
const PINGS = 10;

/**
 * How long a way takes to open; null where it does not.
 *
 * @param {Way} way
 * @param {() => number} [now]
 * @returns {Promise<number | null>} ms
 */
export function opening(way, now = () => performance.now()) {
  return new Promise((resolve) => {
    const began = now();
    /** @type {import("../link/connection.js").Channel | null} */
    let channel = null;
    /** @param {number | null} ms */
    const done = (ms) => {
      clearTimeout(timer);
      if (channel) {
        channel.onopen = channel.onclose = null;
        channel.close(1000);
      }
      resolve(ms);
    };
    const timer = setTimeout(() => done(null), OPEN_WITHIN_MS);
    try {
      channel = way.dial();
      channel.onopen = () => done(now() - began);
      channel.onclose = () => done(null);
    } catch {
      done(null);
    }
  });
}

/** Of the microphone: what the browser lets a page know without asking its user. @param {MediaStream | undefined} open */
async function microphone(open) {
  /** @type {Record<string, Finding>} */
  const found = { secure: globalThis.isSecureContext === true, microphone_open: open !== undefined };
  try {
    const { state } = await navigator.permissions.query(/** @type {any} */ ({ name: "microphone" }));
    found.microphone_permission = state;
  } catch {
    found.microphone_permission = null; // not every browser tells
  }
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    found.microphones = devices.filter(({ kind }) => kind === "audioinput").length;
  } catch {
    found.microphones = null;
  }
  const settings = open?.getAudioTracks()[0]?.getSettings();
  found.microphone_rate = settings?.sampleRate ?? null;
  found.echo_cancellation = settings?.echoCancellation ?? null;
  return found;
}

/**
 * @param {object} page
 * @param {import("../link/connection.js").Connection} page.connection
 * @param {Way[]} page.ways
 * @param {import("../sound/audio.js").Sound} page.sound
 * @returns {Promise<Record<string, Finding>>}
 */
export async function examine({ connection, ways, sound }) {
  const trips = [];
  for (let n = 0; n < PINGS; n++) trips.push(await connection.ping());
  trips.sort((one, other) => one - other);
  const trip = trips[PINGS / 2];
  /** @type {Record<string, Finding>} */
  const found = {
    browser: navigator.userAgent,
    origin: location.origin,
    transport: connection.transport,
    round_trip_ms: Number.isFinite(trip) ? trip : null,
    output_rate: sound.context?.sampleRate ?? null,
    output_state: sound.context?.state ?? null,
    ...(await microphone(sound.microphone?.stream)),
  };
  for (const way of ways) found[`${way.transport}_opens_ms`] = await opening(way);
  return found;
}
