/**
 * How late audio comes: what is learned from one late frame is forgotten a second later.
 *
 * Where underruns follow each other the memory grows up to four seconds; it shrinks again while none comes.
 * Time is the audio's own, in slots, so that silence between turns forgets nothing.
 */

const SLOT_MS = 250;
const MIN_SLOTS = 4;
const MAX_SLOTS = 16;
const AGAIN_SLOTS = 8; // an underrun so soon after another is no longer an exception

/** @returns {{earliest: number, late: number}} ms */
const newSlot = () => ({ earliest: Infinity, late: 0 });

export class Jitter {
  constructor() {
    this.slots = [newSlot()];
    this.kept = MIN_SLOTS;
    this.calm = Infinity; // slots since the last underrun
    this.passed = 0; // ms of the newest slot
  }

  /** @param {number} ms after it was due, on a scale of any origin, at which audio came */
  arrived(ms) {
    const slot = this.slots[this.slots.length - 1];
    slot.earliest = Math.min(slot.earliest, ms);
    this.late(ms - Math.min(...this.slots.map(({ earliest }) => earliest)));
  }

  /** @param {number} ms by which audio came later than the earliest did */
  late(ms) {
    const slot = this.slots[this.slots.length - 1];
    slot.late = Math.max(slot.late, ms);
  }

  /** What was kept in hand was not enough. */
  underrun() {
    if (this.calm < AGAIN_SLOTS) this.kept = Math.min(MAX_SLOTS, this.kept * 2);
    this.calm = 0;
  }

  /** @param {number} ms of audio that sounded */
  pass(ms) {
    for (this.passed += ms; this.passed >= SLOT_MS; this.passed -= SLOT_MS) {
      this.calm += 1;
      if (this.calm % this.kept === 0) this.kept = Math.max(MIN_SLOTS, this.kept / 2);
      this.slots.push(newSlot());
      this.slots = this.slots.slice(-this.kept);
    }
  }

  /** From here on the scale has another origin. */
  rebase() {
    for (const slot of this.slots) slot.earliest = Infinity;
  }

  /** By how many ms audio came later than the earliest did, at most. */
  get ms() {
    return Math.max(...this.slots.map(({ late }) => late));
  }
}
