/** Net power of the last hour in slots of ten seconds: the answer of the integration, then each live message. */

import type { Live, PowerHour } from "./websocket-types.ts";

export const SLOT_MS = 10_000;
export const SLOTS = 360;
/** A message that was sent before the newest slot by more than this was sent after the clock was set back. */
export const MAX_DELAY_SLOTS = 4;
/** Power in kW; null without a reading. */
export type Slot = number | null;

const kW = (value: unknown): Slot => (typeof value === "number" && Number.isFinite(value) ? value : null);
/** Return the number of the slot after that of a time. */
const endOf = (time: number): number => Math.floor(time / SLOT_MS) + 1;
const empty = (): Slot[] => new Array<Slot>(SLOTS).fill(null);

export class LastHour {
  /** Powers from the grid in kW: of the meter, then of L1, L2 and L3. The last slot is the running one. */
  readonly #lists = [empty(), empty(), empty(), empty()];
  /** Number of the slot after the last one, counted from 1970 on. */
  #end: number;
  #answer: PowerHour | undefined;
  /** Changes with each new value or slot. */
  version = 0;
  /** Changes if any slot may have changed, not only the last ones: with an answer, or after the clock was set back. */
  past = 0;

  /** Begin with an empty hour that ends at `now`, in ms since 1970. */
  constructor(now: number) {
    this.#end = endOf(now);
  }

  get net(): readonly Slot[] {
    return this.#lists[0]!;
  }

  /** Powers of the phases; [] if fewer than two are known. */
  get phases(): readonly (readonly Slot[])[] {
    const phases = this.#lists.slice(1);
    return phases.filter((phase) => phase.some((kw) => kw !== null)).length > 1 ? phases : [];
  }

  /** Return the time in ms since 1970 at which a slot begins. */
  timeOf(index: number): number {
    return (this.#end - SLOTS + index) * SLOT_MS;
  }

  /** Add an answer, unless it was added before. What came live in the meantime counts more. */
  load(answer: PowerHour): void {
    if (answer === this.#answer) return;
    this.#answer = answer;
    const start = Math.round(Date.parse(answer.start) / SLOT_MS);
    this.moveTo((start + answer.net.length - 1) * SLOT_MS);
    const shift = start - (this.#end - SLOTS);
    [answer.net, ...answer.phases].slice(0, this.#lists.length).forEach((watts, list) => {
      const slots = this.#lists[list]!;
      watts.forEach((value, index) => {
        const at = index + shift;
        if (value !== null && at >= 0 && at < SLOTS) slots[at] ??= kW(value / 1000);
      });
    });
    this.version += 1;
    this.past += 1;
  }

  /** Add a live message. The last reading of a slot counts. */
  add({ now, received_at, values }: Live): void {
    const time = Date.parse(received_at ?? "");
    const net = kW(values?.power_net);
    if (Number.isNaN(time) || net === null) return;
    const sent = endOf(Date.parse(now));
    // After the clock was set back, the readings of before are of another time. So begin anew with the answer.
    if (sent <= this.#end - MAX_DELAY_SLOTS) {
      for (const list of this.#lists) list.fill(null);
      this.#end = sent;
      this.#answer = undefined;
      this.past += 1;
    }
    this.moveTo(time);
    const at = endOf(time) - 1 - this.#end + SLOTS;
    // The first message after a lost connection repeats the last reading, which may be old.
    if (at < 0) return;
    [net, ...[1, 2, 3].map((phase) => kW(values![`power_net_l${phase}`]))].forEach((value, list) => (this.#lists[list]![at] = value));
    this.version += 1;
  }

  /** Let the hour end with the slot of a time, or later. */
  moveTo(time: number): void {
    const end = endOf(time);
    const moved = Math.min(SLOTS, end - this.#end);
    if (moved <= 0) return;
    for (const list of this.#lists) {
      list.copyWithin(0, moved);
      list.fill(null, SLOTS - moved);
    }
    this.#end = end;
    this.version += 1;
  }
}
