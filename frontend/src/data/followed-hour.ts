/** The last hour with its steps and extremes, followed from reading to reading. All powers are in kW. */

import { type LastHour, MAX_DELAY_SLOTS, SLOT_MS, type Slot, SLOTS } from "./last-hour.ts";
import { bridge, countAlike, findSteps, MIN_STEP_KW, type Step } from "./last-hour-steps.ts";

/** If not more slots at the begin of the hour are unknown, this is jitter, and the hour is known. */
const MAX_JITTER_SLOTS = 2;
/** After this number of slots at most, the hour is analysed anew. */
export const MINUTE_SLOTS = 6;

/**
 * Analysing a whole hour costs more than all the rest of a telegram. So this is done once a minute, and after a change of
 * the past. In between, new readings are appended.
 */
export class FollowedHour {
  /** Time in ms since 1970 at which `net` begins. It stays until the hour is analysed anew. */
  start = 0;
  /** Powers from `start` on, with short holes bridged. Only the last 360 of them are in the hour. */
  net: Slot[] = [];
  /** Steps of the hour. Their indexes are those of `net`. */
  steps: readonly Step[] = [];
  lowest: number | undefined;
  highest: number | undefined;
  #hour: LastHour | undefined;
  #version = 0;
  #past = 0;
  #hold = 0;
  /** Readings from `start` on, without bridges. */
  #read: Slot[] = [];

  /** Index of the first power of the hour in `net`. */
  get shift(): number {
    return Math.max(0, this.net.length - SLOTS);
  }

  /** Time in ms since 1970 at which the hour begins. */
  get begin(): number {
    return this.start + this.shift * SLOT_MS;
  }

  /** Time in ms since 1970 from which on no reading is missing; undefined if the whole hour is known. */
  get since(): number | undefined {
    const { net, shift } = this;
    let first = net.length;
    // While a reading is awaited, the end of the hour is unknown.
    while (first > shift && net[first - 1] === null) first -= 1;
    while (first > shift && net[first - 1] !== null) first -= 1;
    return first - shift > MAX_JITTER_SLOTS ? this.start + first * SLOT_MS : undefined;
  }

  /**
   * Bring the hour up to date. A hole of at most `hold` slots keeps the value before. From a shift above `until` on, analyse
   * the hour anew.
   */
  update(hour: LastHour, hold: number, until = MINUTE_SLOTS): void {
    const isSame = hour === this.#hour && hour.past === this.#past && hold === this.#hold;
    if (isSame && hour.version === this.#version) return;
    if (!isSame || !this.#follow(hour, hold, until)) this.#analyse(hour, hold);
    [this.#hour, this.#version, this.#past, this.#hold] = [hour, hour.version, hour.past, hold];
  }

  #analyse(hour: LastHour, hold: number): void {
    this.start = hour.timeOf(0);
    this.#read = [...hour.net];
    this.net = bridge(hour.net, hold);
    this.steps = findSteps(hour.net, hour.phases, hold);
    const known = this.net.filter((kw): kw is number => kw !== null);
    [this.lowest, this.highest] = known.length ? [Math.min(...known), Math.max(...known)] : [undefined, undefined];
  }

  /** Append what is new. Return false if the hour must be analysed anew: then, `net` may be wrong. */
  #follow(hour: LastHour, hold: number, until: number): boolean {
    const [net, read] = [this.net, this.#read];
    const shift = (hour.timeOf(0) - this.start) / SLOT_MS;
    const last = net.length - 1;
    if (shift < this.shift || shift > until) return false;
    for (let index = last - MAX_DELAY_SLOTS; index < last; index++) if (hour.net[index - shift] !== read[index]) return false;
    let before = readingBefore(read, last);
    let known = read[before] ?? null;
    let isCalm = Math.abs((known ?? 0) - (read[readingBefore(read, before)] ?? known ?? 0)) < MIN_STEP_KW;
    for (let index = last; index < SLOTS + shift; index++) {
      const kw = (read[index] = hour.net[index - shift]!);
      // A gap has just ended, goes on, or begins.
      if (known === null || index - before > hold + (kw === null ? 0 : 1)) return false;
      if (kw !== null) {
        isCalm &&= Math.abs(kw - known) < MIN_STEP_KW;
        [known, before] = [kw, index];
        this.lowest = Math.min(this.lowest!, kw);
        this.highest = Math.max(this.highest!, kw);
      }
      net[index] = known;
    }
    // A step is a large change, and known with the reading after it. So two small changes at the end bring no new one.
    if (!isCalm) {
      const steps = findSteps(hour.net, hour.phases, hold);
      this.steps = steps.map((step) => ({ ...step, at: step.at + shift, end: step.end + shift }));
    } else if (this.steps[0] && this.steps[0].at <= shift) this.steps = countAlike(this.steps.filter(({ at }) => at > shift));
    return true;
  }
}

function readingBefore(slots: readonly Slot[], index: number): number {
  do index -= 1;
  while (index >= 0 && slots[index] === null);
  return index;
}
