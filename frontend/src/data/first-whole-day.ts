/** First whole day and month of a meter. Every card that says when more comes computes its date from these. */

import { addDays, addMonths, dayStart, localDay } from "../locale.ts";
import type { Time } from "./websocket-types.ts";

/** Return the first whole day, such as 2026-11-22, of energies that are known from a time on; undefined without a time. */
export function firstWholeDay(knownSince: Time | null | undefined): string | undefined {
  const since = Date.parse(knownSince ?? "");
  if (Number.isNaN(since)) return undefined;
  const day = localDay(since);
  return dayStart(day).getTime() < since ? addDays(day, 1) : day;
}

/** Return the first whole month, such as 2026-12, from the first whole day on. */
export const firstWholeMonth = (day: string): string => (day.endsWith("-01") ? day.slice(0, 7) : addMonths(day.slice(0, 7), 1));
