/** Amounts of a gas, water or heat meter by month and day. */

import { sumOf } from "../built-in-replacements.ts";
import { addDays, addMonths, dayStart, localParts } from "../locale.ts";
import type { MediumHistory } from "./websocket-types.ts";

/** If at least this share of a day was measured, the day counts as fully known. */
const MIN_KNOWN_SHARE = 0.9;
/**
 * If more than this number of days have ended since the last fully known day, these days count as missing. The month is
 * then not compared with another month.
 */
const MAX_LATE_DAYS = 2;
/** Upper bound of a plausible amount in the meter's unit; larger values count as unknown. */
const MAX_AMOUNT = 1e9;
const NIGHT_HOURS = [2, 3, 4];
const NIGHTS = 3;

export interface Month {
  /** Month as 2026-11. */
  month: string;
  length: number;
  /** Amount of each day in the meter's unit; null if unknown. */
  amounts: (number | null)[];
  /** Whether the amount of each day is fully known. */
  isWhole: boolean[];
}

export interface Standing {
  month: Month;
  /** First day in the sum; later than the 1st if readings began during the month. */
  first: number;
  /** Last day in the sum, always fully known; 0 if no day of the month is fully known. */
  last: number;
  /**
   * Number of days since `first` whose amount is not fully known. Days after the last fully known day count only if
   * there are more than MAX_LATE_DAYS of them.
   */
  missing: number;
  sum: number;
  /**
   * Month with which the current month is compared: the previous month, or the same month a year ago. Undefined if
   * neither of these months is fully known up to the day `last`. Undefined also if the current month has missing days
   * (`missing`), or if its readings began after the 1st (`first`).
   */
  reference?: Month | undefined;
  /** Amount of the reference month from its first day to the day `last`; 0 without a reference month. */
  referenceSum: number;
}

export interface Night {
  litres: number;
  /** Whether water ran in every hour of the night. */
  isSteady: boolean;
  /**
   * Number of consecutive nights in which water ran in every hour, up to and including the night of this object. At
   * most NIGHTS nights are counted. The number is 0 if `isSteady` is false.
   */
  steadyNights: number;
}

const amountOf = (value: number | null | undefined): number | null =>
  typeof value === "number" && value >= 0 && value < MAX_AMOUNT ? value : null;

export function monthOf({ days }: Pick<MediumHistory, "days">, month: string): Month {
  const firstDay = `${month}-01`;
  const length = Math.round((Date.parse(`${addMonths(month, 1)}-01`) - Date.parse(firstDay)) / 86_400_000);
  const offset = days ? Math.round((Date.parse(firstDay) - Date.parse(days.start)) / 86_400_000) : 0;
  const at = [...Array(length).keys()].map((index) => index + offset);
  const amounts = at.map((index) => amountOf(days?.amounts[index]));
  const isWhole = at.map((index, day) => amounts[day] !== null && (days?.known[index] ?? 0) >= MIN_KNOWN_SHARE);
  return { month, length, amounts, isWhole };
}

export const isWholeUntil = ({ isWhole }: Month, day: number): boolean => isWhole.slice(0, day).every(Boolean);

/** Return the known amount of the days from `first` to `last`. */
export function amountIn({ amounts }: Month, first: number, last: number): number {
  return sumOf(amounts.slice(first - 1, last).map((amount) => amount ?? 0));
}

/**
 * Return the amount of this month up to the last fully known day before `today`. Also return the amount of an earlier
 * month up to the same day (the reference).
 */
export function standingOn(history: MediumHistory, today: string, isSeasonal: boolean): Standing {
  const thisMonth = today.slice(0, 7);
  const month = monthOf(history, thisMonth);
  const ended = Number(today.slice(8)) - 1;
  const whole = month.isWhole.slice(0, ended);
  const startsHere = history.days?.start.startsWith(thisMonth) ?? false;
  const lastWhole = whole.lastIndexOf(true) + 1;
  const firstWhole = lastWhole ? whole.indexOf(true) + 1 : ended + 1;
  const first = startsHere ? firstWhole : 1;
  const isLate = ended - lastWhole > MAX_LATE_DAYS;
  const missing = whole.slice(first - 1, isLate ? ended : lastWhole).filter((isKnown) => !isKnown).length;
  // A seasonal meter is usually compared with the same month a year ago. But on the 1st, this month has no whole day
  // yet. The card then shows the previous month, so the reference is the previous month for all meters.
  const references = [...(isSeasonal && lastWhole ? [-12] : []), -1].map((ago) => monthOf(history, addMonths(thisMonth, ago)));
  const canCompare = missing === 0 && (first === 1 || !ended);
  const reference = canCompare
    ? references.find((candidate) => candidate.isWhole[0] && isWholeUntil(candidate, Math.min(lastWhole, candidate.length)))
    : undefined;
  // If the reference month is shorter than this month, the sums of both months end on the last day of the shorter
  // month.
  const last = reference ? Math.min(lastWhole, reference.length) : lastWhole;
  return {
    month,
    first,
    last,
    missing,
    sum: amountIn(month, first, last),
    reference,
    referenceSum: reference ? amountIn(reference, 1, last) : 0,
  };
}

/** Return today's amount, from the daily amounts and a newer reading; null if unknown. */
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
  // Add the rise of the index only if the whole rise belongs to today and took three hours at most, because a rise
  // since yesterday belongs partly to yesterday. If the index has fallen, the meter was replaced, so add nothing.
  const isOfToday = since >= dayStart(today).getTime() && passed > 0 && passed <= 3 * 3_600_000;
  const more = isOfToday ? amountOf(newer.index - index) : null;
  return more === null ? counted : (counted ?? 0) + more;
}

/**
 * Return the water use of the night of `day`, from 02:00 to 05:00. Return undefined unless every hour of this night is
 * known.
 */
export function nightTo({ hours }: MediumHistory, day: string): Night | undefined {
  const nights = [...Array(NIGHTS).keys()].map((ago) => nightHours(hours, addDays(day, -ago)));
  const [last] = nights;
  if (!last) return undefined;
  const steady = nights.findIndex((night) => !night?.every((litres) => litres > 0));
  const steadyNights = steady < 0 ? NIGHTS : steady;
  return { litres: sumOf(last), isSteady: steadyNights > 0, steadyNights };
}

function nightHours(hours: MediumHistory["hours"], day: string): number[] | undefined {
  if (!hours) return undefined;
  const midnight = dayStart(day).getTime();
  // When the clocks change, 5:00 is four or six hours after midnight instead of five. So try all hours that can be
  // between 2:00 and 5:00.
  const starts = [1, 2, 3, 4, 5].map((hour) => midnight + hour * 3_600_000);
  const amounts = starts
    .filter((start) => NIGHT_HOURS.includes(localParts(start).hour))
    .map((start) => amountOf(hours.values[Math.round((start - Date.parse(hours.start)) / 3_600_000)]));
  return amounts.every((amount) => amount !== null) ? amounts : undefined;
}
