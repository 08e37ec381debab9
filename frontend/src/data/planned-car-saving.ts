/** Saving by a plan of the car that was chosen on the card *What if*, until the card of the present power has told it. */

import { addDays } from "../locale.ts";
import { keep, kept } from "./browser-storage.ts";
import type { Meter } from "./websocket-types.ts";

type CarMeter = Pick<Meter, "entry_id" | "changed_at">;

/** Time in days for which a saving is told. Later, the last year has other months, and perhaps other prices. */
const MAX_AGE_DAYS = 30;

/**
 * Name under which the browser keeps the day of an answer, its saving in EUR, and the last change of the entry. A change may be another
 * contract, with another saving. An empty text is a saving that was told.
 */
const nameOf = (entryId: string): string => `smarty_p1_car/${entryId}`;

/** Keep a saving in EUR and the day on which it was computed. */
export function keepSaving({ entry_id, changed_at }: CarMeter, saving: number | undefined, day: string): void {
  if (saving !== undefined && kept(nameOf(entry_id)) !== "") keep(nameOf(entry_id), `${day} ${saving} ${changed_at}`);
}

/** Tell the saving no more. */
export const dismissSaving = (entryId: string): void => keep(nameOf(entryId), "");

/** Return the saving in EUR; 0 without one, if it was told, and after a change of the entry. */
export function keptSaving({ entry_id, changed_at }: CarMeter, today: string): number {
  const [, day = "", saving = 0, changed] = /^(.{10}) (\d{1,5}) (.+)$/.exec(kept(nameOf(entry_id)) ?? "") ?? [];
  return addDays(today, -MAX_AGE_DAYS) <= day && day <= today && changed === changed_at ? Number(saving) : 0;
}
