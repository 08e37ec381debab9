/** Saving by a plan of the car that was chosen on the card *What if*, until the card of the present power has told it. */

import { addDays } from "../locale.ts";
import { keep, kept } from "./browser-storage.ts";

/** Time in days for which a saving is told. Later, the last year has other months, and perhaps other prices. */
const MAX_AGE_DAYS = 30;

/** Name under which the browser keeps the day of an answer and its saving in EUR. An empty text is a saving that was told. */
const nameOf = (entryId: string): string => `smarty_p1_car/${entryId}`;

/** Keep a saving in EUR and the day on which it was computed. */
export function keepSaving(entryId: string, saving: number | undefined, day: string): void {
  if (saving !== undefined && kept(nameOf(entryId)) !== "") keep(nameOf(entryId), `${day} ${saving}`);
}

/** Tell the saving no more. */
export const dismissSaving = (entryId: string): void => keep(nameOf(entryId), "");

/** Return the saving in EUR; 0 without one, and if it was told. */
export function keptSaving(entryId: string, today: string): number {
  const [, day = "", saving = 0] = /^(.{10}) (\d{1,5})$/.exec(kept(nameOf(entryId)) ?? "") ?? [];
  return addDays(today, -MAX_AGE_DAYS) <= day && day <= today ? Number(saving) : 0;
}
