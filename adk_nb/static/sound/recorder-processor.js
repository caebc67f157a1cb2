/** The recorder on the audio thread: sound in, frames out. */
import { Recorder } from "./recorder.js";

const scope = /** @type {any} */ (globalThis);

scope.registerProcessor(
  "adk-nb-recorder",
  class extends scope.AudioWorkletProcessor {
    constructor() {
      super();
      const port = /** @type {MessagePort} */ (this.port);
      this.recorder = new Recorder({
        from: scope.sampleRate,
        post: (frame) => port.postMessage(frame, [frame.samples.buffer]),
      });
      this.running = true;
      port.onmessage = ({ data }) => {
        if (data.type === "stop") this.running = false;
      };
    }

    /** @param {Float32Array[][]} inputs */
    process([channels = []]) {
      if (this.running) this.recorder.feed(channels, scope.currentTime + (channels[0]?.length ?? 0) / scope.sampleRate);
      return this.running;
    }
  },
);
