/** What a gas, water or heat meter has counted, by months and whole days. */

import { addDays, addMonths, dayStart, localParts } from "../locale.ts";
import type { MediumHistory } from "../wire.ts";

/** A day of which less is known is not whole. */
const WHOLE = 0.9;
/** Days without a reading at the end, after which nobody asks any more how the month goes. */
const MAX_LATE_DAYS = 2;
/** Whatever is more has not been counted by a meter in a house. */
const MAX = 1e9;
const NIGHT_HOURS = [2, 3, 4];
const NIGHTS = 3;

export interface Month {
  /** 2026-11 */
  month: string;
  length: number;
  /** What came on each day, in the meter's unit; null where nothing is known of it. */
  amounts: (number | null)[];
  /** Which of these days are known as a whole. */
  isWhole: boolean[];
}

export interface Standing {
  month: Month;
  /** The first day that counts: later than the 1st where the meter was not read before. */
  first: number;
  /** The last whole day; 0 while there is none. */
  last: number;
  /** Days that have ended and are not whole, from the first that counts. */
  missing: number;
  sum: number;
  /** The month before, or the same one a year ago; undefined where nothing can be compared. */
  reference?: Month | undefined;
  /** What had come in the reference by the same day. */
  referenceSum: number;
}

export interface Night {
  litres: number;
  /** Whether water ran in each of its hours. */
  isSteady: boolean;
  /** So many nights in a row, water ran in each hour. */
  steadyNights: number;
}

const amountOf = (value: number | null | undefined): number | null =>
  typeof value === "number" && value >= 0 && value < MAX ? value : null;

export function monthOf({ days }: Pick<MediumHistory, "days">, month: string): Month {
  const firstDay = `${month}-01`;
  const length = Math.round((Date.parse(`${addMonths(month, 1)}-01`) - Date.parse(firstDay)) / 86_400_000);
  const offset = days ? Math.round((Date.parse(firstDay) - Date.parse(days.start)) / 86_400_000) : 0;
  const at = [...Array(length).keys()].map((index) => index + offset);
  const amounts = at.map((index) => amountOf(days?.amounts[index]));
  const isWhole = at.map((index, day) => amounts[day] !== null && (days?.known[index] ?? 0) >= WHOLE);
  return { month, length, amounts, isWhole };
}

export const isWholeUntil = ({ isWhole }: Month, day: number): boolean => isWhole.slice(0, day).every(Boolean);

export function sumOf({ amounts }: Month, first: number, last: number): number {
  return amounts.slice(first - 1, last).reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
}

/** How the month of a day stands, by the whole days before it. */
export function standingOn(history: MediumHistory, today: string, isSeasonal: boolean): Standing {
  const thisMonth = today.slice(0, 7);
  const month = monthOf(history, thisMonth);
  const ended = Number(today.slice(8)) - 1;
  const whole = month.isWhole.slice(0, ended);
  const startsHere = history.days?.start.startsWith(thisMonth) ?? false;
  const lastWhole = whole.lastIndexOf(true) + 1;
  const first = !startsHere ? 1 : lastWhole ? whole.indexOf(true) + 1 : ended + 1;
  const isLate = ended - lastWhole > MAX_LATE_DAYS;
  const missing = whole.slice(first - 1, isLate ? ended : lastWhole).filter((each) => !each).length;
  // On the 1st, what has just ended is of more interest than what was a year ago.
  const references = [...(isSeasonal && lastWhole ? [-12] : []), -1].map((ago) => monthOf(history, addMonths(thisMonth, ago)));
  const canCompare = missing === 0 && (first === 1 || !ended);
  const reference = canCompare
    ? references.find((each) => each.isWhole[0] && isWholeUntil(each, Math.min(lastWhole, each.length)))
    : undefined;
  // In March, the 29th is compared with no day: both end on the 28th.
  const last = reference ? Math.min(lastWhole, reference.length) : lastWhole;
  return {
    month,
    first,
    last,
    missing,
    sum: sumOf(month, first, last),
    reference,
    referenceSum: reference ? sumOf(reference, 1, last) : 0,
  };
}

/** What came today as far as it is known: by days, and with an index that is newer than these. */
export function amountToday(
  history: MediumHistory,
  today: string,
  newer: { index: number | null; unit: string | null; time: string | null } | undefined,
): number | null {
  const { days, index, time, unit } = history;
  const at = days ? Math.round((Date.parse(today) - Date.parse(days.start)) / 86_400_000) : -1;
  const counted = amountOf(days?.amounts[at]);
  if (typeof newer?.index !== "number" || index === null || time === null || !newer.time || newer.unit !== unit) return counted;
  const since = Date.parse(time);
  const passed = Date.parse(newer.time) - since;
  // Over midnight or over hours, nobody knows what of it is of today; an index falls with another meter.
  const isOfToday = since >= dayStart(today).getTime() && passed > 0 && passed <= 3 * 3_600_000;
  const more = isOfToday ? amountOf(newer.index - index) : null;
  return more === null ? counted : (counted ?? 0) + more;
}

/** What ran between 02:00 and 05:00 of the night to a day; undefined unless all of it is known. */
export function nightTo({ hours }: MediumHistory, day: string): Night | undefined {
  const nights = [...Array(NIGHTS).keys()].map((ago) => nightHours(hours, addDays(day, -ago)));
  const [last] = nights;
  if (!last) return undefined;
  const steady = nights.findIndex((night) => !night?.every((litres) => litres > 0));
  const steadyNights = steady < 0 ? NIGHTS : steady;
  return { litres: last.reduce((sum, each) => sum + each, 0), isSteady: steadyNights > 0, steadyNights };
}

function nightHours(hours: MediumHistory["hours"], day: string): number[] | undefined {
  if (!hours) return undefined;
  const midnight = dayStart(day).getTime();
  // An hour more or less where clocks change.
  const starts = [1, 2, 3, 4, 5].map((each) => midnight + each * 3_600_000);
  const found = starts
    .filter((start) => NIGHT_HOURS.includes(localParts(new Date(start)).hour))
    .map((start) => amountOf(hours.values[Math.round((start - Date.parse(hours.start)) / 3_600_000)]));
  return found.every((each) => each !== null) ? found : undefined;
}
