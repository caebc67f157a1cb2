import { mock } from "node:test";
import { decodeAudio, encodeAudio } from "../../../adk_nb/static/link/wire.js";
import { View } from "../../../adk_nb/static/screen/view.js";
import { page } from "../page.js";
import { browser, install } from "../sound/web-audio.js";

class Socket {
  constructor(url) {
    Object.assign(this, { url, bufferedAmount: 0, sent: [], onopen: null, onmessage: null, onclose: null });
    sockets.push(this);
  }
  send(data) { this.sent.push(data); }
  close() {}
}
/** @type {Socket[]} */
let sockets = [];
/** Lets awaits run. */
export const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

/** A view on a page of its own, whose bridge a test plays. */
export async function viewed(t, { hello = {}, welcome = true, names = { agent: "dice", model: "smol" }, transport = "", ...options } = {}) {
  page(t);
  install();
  sockets = [];
  globalThis.WebSocket = Socket;
  mock.timers.enable({ apis: ["setTimeout"] });
  const root = document.createElement("div");
  document.body.append(root);
  let asked = 0;
  const address = async () => ({ url: "ws://x/", token: "secret", transport, asked: (asked += 1) });
  const view = new View({ root, address, worklets: { recorder: "recorder.js", player: "player.js" }, names, ...options });
  t.after(async () => {
    await view.close();
    mock.timers.reset();
  });
  await settled();
  const hook = (name) => root.querySelector(`[data-adk-nb="${name}"]`);
  const says = (type, fields = {}) => sockets.at(-1).onmessage({ data: JSON.stringify({ type, ...fields }) });
  const greet = async (fields) => {
    sockets.at(-1).onopen();
    says("hello", { session_id: "s", agent: "dice", model: "smol", state: "ready", tools: ["roll"], audio: true, ...hello, ...fields });
    await settled();
  };
  if (welcome) await greet({});
  return {
    root, view, hook, says, greet,
    /** What went to the bridge since the last look, clocks aside. */
    sent: () => sockets.at(-1).sent.splice(0).map((data) => (typeof data === "string" ? JSON.parse(data) : decodeAudio(data)))
      .filter(({ type }) => !["hello", "clock"].includes(type)),
    sound: (turn) => sockets.at(-1).onmessage({ data: encodeAudio({ kind: 2, seq: 0, turn, rate: 24000, clock: 0, samples: Int16Array.of(1, 2) }) }),
    /** What the player was told since the last look. */
    played: () => browser.nodes.find(({ name }) => name === "adk-nb-player").port.sent.splice(0).map((said) => [said].flat()[0]),
    /** The player says what it did. */
    plays: (type, turn, more = {}) => browser.nodes.find(({ name }) => name === "adk-nb-player").port.onmessage({
      data: { type, turn, time: 0, played_ms: 100, underruns: 0, nonzero: 5, start_ms: 20, ...more },
    }),
    /** The state that is shown: to styles, to tests, and in words. */
    state: () => [root.dataset.state, hook("status").dataset.state, root.querySelector(".adk-nb-state").textContent],
    /** Which controls can be used. */
    usable: () => ["mic", "camera", "screen", "text", "send", "interrupt"].filter((name) => !hook(name).disabled && !hook(name).hidden).join(" "),
    error: () => (hook("error").hidden ? "" : `${hook("error").dataset.code}: ${hook("error").querySelector(".adk-nb-error-text").textContent}`),
    type: (text) => {
      hook("text").value = text;
      hook("text").dispatchEvent(new Event("input", { bubbles: true }));
    },
    async drop(code) {
      sockets.at(-1).onclose({ code });
      await settled();
    },
    async wait(ms) {
      mock.timers.tick(ms);
      await settled();
    },
  };
}
