/** One open microphone among the widgets of a browser, whatever tab or kernel they are of: the newer takes it. */

const NAME = "adk-nb.microphone";

export class OneMicrophone {
  /**
   * @param {object} on
   * @param {() => void} on.taken another widget's was opened
   * @param {() => string} on.session whose widget this is: views of one agree by the kernel
   */
  constructor({ taken, session }) {
    this.session = session;
    /** @type {BroadcastChannel | null} */
    this.channel = typeof BroadcastChannel === "function" ? new BroadcastChannel(NAME) : null;
    if (this.channel) {
      this.channel.onmessage = ({ data }) => {
        if (data?.session !== session()) taken();
      };
    }
  }

  /** This widget's microphone was opened, and is not one that others may share. */
  opened() {
    this.channel?.postMessage({ session: this.session() });
  }

  close() {
    this.channel?.close();
    this.channel = null;
  }
}
