/** What a test or a curious user may look at: `root.adkNb`. It only reads. */

/** @param {import("./view.js").View} view */
export function debugHandle(view) {
  return {
    get state() { return view.state; },
    get link() { return view.connection.link; },
    get sessionId() { return view.sessionId; },
    /** @returns how many sockets were ever dialled, and are held now */
    get socketsDialled() { return view.connection.dials; },
    get sockets() { return view.connection.channel ? 1 : 0; },
    get transport() { return view.connection.transport; },
    get roundTrip() { return view.connection.roundTrip; },
    /** @returns {Promise<number>} a round trip to the kernel and back, in ms */
    ping: () => view.connection.ping(),
    get connectedAfterMs() { return view.connection.connectedAfterMs; },
    get framesSent() { return view.connection.sent; },
    get framesDropped() { return view.connection.dropped; },
    get imagesSent() { return view.connection.imagesSent; },
    get imagesDropped() { return view.connection.imagesDropped; },
    get framesReceived() { return view.voice.framesReceived; },
    /** @returns what answers: its name, its model, its tools and what the last swap changed */
    get agent() {
      const { name, model, tools, changes } = view.agent;
      return structuredClone({ name, model, tools, changes });
    },
    /** @returns the transcript's entries, the oldest first */
    get entries() { return structuredClone(view.transcript.model.entries); },
    get clock() { return { ...view.connection.clock }; },
    get microphone() { return view.sound.microphone !== null; },
    get tracks() { return view.sound.microphone?.stream.getTracks() ?? []; },
    /** @returns {"camera" | "screen" | null} what the agent is shown now */
    get watching() { return view.camera.live?.source ?? null; },
    get videoTracks() { return view.camera.live?.stream.getTracks() ?? []; },
    get sounding() { return view.voice.sounding; },
    /** @returns the player's latest reports, the oldest first */
    get playback() { return view.voice.reports.map((report) => ({ ...report })); },
    get samplesPlayed() { return view.voice.reports.at(-1)?.nonzero ?? 0; },
    get underruns() { return view.voice.reports.at(-1)?.underruns ?? 0; },
    get startMs() { return view.voice.reports.at(-1)?.start_ms ?? 0; },
    get context() { return view.sound.context; },
    /** @returns the last node before the speakers, to tap */
    get output() { return view.sound.output; },
  };
}
