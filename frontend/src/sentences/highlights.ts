/** Texts of the month's highest powers, and of the power that is always on. */

import { addDays, dayStart, type Locale, localDay } from "../locale.ts";
import type { Day, High, Highlights } from "../websocket-types.ts";
import { capital, todayTexts } from "./today.ts";

export interface HighRow {
  day: string;
  power: string;
  when: string;
  isAbove: boolean;
}

/**
 * Return the rows of the highest powers. A span above the reference power gets the power of its highest quarter-hour.
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

/** Day of the calendar. */
export interface CalendarDay {
  day: string;
  /** Text for screen readers. */
  name: string;
  /** Number of quarter-hours above the reference power. */
  aboveCount: number;
  isKnown: boolean;
}

/** Return the weeks of a month (2026-11), from Monday to Sunday; undefined for days of other months. */
export function weeksOf(month: string, sums: readonly Day[], range: { first: string; today: string }, locale: Locale): (CalendarDay | undefined)[][] {
  const begin = `${month}-01`;
  const weekday = (new Date(`${begin}T12:00:00Z`).getUTCDay() + 6) % 7;
  const weeks: (CalendarDay | undefined)[][] = [];
  for (let day = addDays(begin, -weekday); day.slice(0, 7) <= month; day = addDays(day, 7)) {
    weeks.push(Array.from({ length: 7 }, (_, index) => calendarDay(addDays(day, index), month, sums, range, locale)));
  }
  return weeks;
}

function calendarDay(day: string, month: string, sums: readonly Day[], { first, today }: { first: string; today: string }, locale: Locale): CalendarDay | undefined {
  if (!day.startsWith(month)) return undefined;
  const sum = sums.find((known) => known.day === day);
  const aboveCount = sum?.quarter_hours_above ?? 0;
  const title = capital(locale.weekday(dayStart(day)));
  const R = sum?.reference_kw;
  const name = aboveCount && R ? locale.count(todayTexts, "day_above", aboveCount, { day: title, R: locale.referenceKW(R) }) : title;
  return { day, name, aboveCount, isKnown: day >= first && day <= today && sum !== undefined };
}
