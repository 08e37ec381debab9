/** Weeks and days of the calendar, with their texts for screen readers. */

import { addDays, dayStart, type Locale } from "../locale.ts";
import type { Day } from "../websocket-types.ts";
import { capital, todayTexts } from "./today.ts";

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
