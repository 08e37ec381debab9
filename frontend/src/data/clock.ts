/**
 * Time of day of the cards: always Home Assistant's time, because the clock of a tablet may be years off.
 *
 * Only this file reads the clock of the page. For periods such as the pause before a retry, the cards use
 * `performance.now()`, which no setting of the clock changes.
 */

import type { Time } from "./websocket-types.ts";

/** If the page's clock moves this many ms further than time passes, it was set, or the page has slept. */
const MIN_JUMP_MS = 60_000;

const lead = (): number => Date.now() - performance.now();

/** Clock of one Home Assistant connection. */
export class Clock {
  /** Lead of the page's clock over Home Assistant's clock in ms; 0 until Home Assistant has told its time. */
  #aheadMs = 0;
  /** Lead of the page's clock over the time since the page was opened in ms, when it was last compared. */
  #lead = lead();

  /** The present in ms since 1970. */
  get now(): number {
    return Date.now() - this.#aheadMs;
  }

  /** Set the clock to the time of Home Assistant that a message says. */
  set(now: Time | undefined): void {
    const time = Date.parse(now ?? "");
    if (Number.isNaN(time)) return;
    this.#aheadMs = Date.now() - time;
    this.#lead = lead();
  }

  /** Return once after each jump of the page's clock that `now` may be wrong. */
  hasJumped(): boolean {
    if (Math.abs(lead() - this.#lead) < MIN_JUMP_MS) return false;
    this.#lead = lead();
    return true;
  }
}
