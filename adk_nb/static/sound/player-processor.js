/** The player on the audio thread: messages in, sound and reports out. */
import { Player } from "./player.js";

const scope = /** @type {any} */ (globalThis);

scope.registerProcessor(
  "adk-nb-player",
  class extends scope.AudioWorkletProcessor {
    constructor() {
      super();
      const port = /** @type {MessagePort} */ (this.port);
      this.player = new Player({ rate: scope.sampleRate, post: (report) => port.postMessage(report) });
      this.running = true;
      port.onmessage = ({ data }) => this.receive(data);
    }

    /** @param {any} message */
    receive(message) {
      if (message.type === "audio") this.player.push(message);
      else if (message.type === "end") this.player.end(message.turn);
      else if (message.type === "flush") this.player.flush(message.turn);
      else if (message.type === "resume") this.player.resume(message.turn);
      else if (message.type === "continue") this.player.continueAt(message.turn, message.played_ms);
      else if (message.type === "reset") this.player.reset();
      else if (message.type === "stop") this.running = false;
    }

    /**
     * @param {Float32Array[][]} _inputs
     * @param {Float32Array[][]} outputs
     */
    process(_inputs, [[left, ...others]]) {
      this.player.render(left, scope.currentFrame);
      for (const channel of others) channel.set(left);
      return this.running;
    }
  },
);
