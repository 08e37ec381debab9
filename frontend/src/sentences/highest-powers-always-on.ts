/** Texts of the month's highest powers, and of the power that is always on. */

import { type Locale, localDay } from "../locale.ts";
import type { High, Highlights } from "../websocket-types.ts";
import { todayTexts } from "./today.ts";

export interface HighRow {
  day: string;
  power: string;
  when: string;
  isAbove: boolean;
}

/**
 * Return the rows of the highest powers. Successive quarter-hours above the reference power share one row, with the
 * power of the highest of them.
 */
export function highRows(highest: readonly High[], reference: number | null, locale: Locale): HighRow[] {
  return highest.map(({ start, end, is_above: isAbove, kw }) => {
    const [from, to] = [new Date(start), new Date(end)];
    const range = locale.timeRange(from, to);
    const day = locale.shortWeekday(from);
    const isSpan = isAbove && to.getTime() - from.getTime() > 900_000 && reference !== null;
    return {
      day: localDay(from),
      power: isSpan ? locale.text(todayTexts, "at_most", { kw: locale.kW(kw) }) : locale.kW(kw),
      when: isSpan ? locale.text(todayTexts, "above_span", { day, R: locale.referenceKW(reference), range }) : `${day}, ${range}`,
      isAbove,
    };
  });
}

/** Return "Always on: 250 W, at most 380 € a year"; "" if it is unknown. */
export function alwaysOnSentence(alwaysOn: Highlights["always_on"], locale: Locale): string {
  if (!alwaysOn) return "";
  const power = locale.unit(alwaysOn.w, "W");
  const cost = alwaysOn.cost_per_year;
  return cost ? locale.text(todayTexts, "always_on_cost", { power, cost: locale.euros(cost) }) : locale.text(todayTexts, "always_on", { power });
}
