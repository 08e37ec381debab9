/** Texts about single days of a gas, water or heat meter: chosen day, table of days, footnote. */

import { addDays, addMonths, capital, dayStart, type Locale, plain, round, roundParts } from "../locale.ts";
import { type Month, monthOf, type Night, type Standing } from "../data/gas-water-heat-amounts.ts";
import {
  type MediumKey,
  mediumTexts,
  monthName,
  nightSentence,
  startOf,
  type Units,
  write,
} from "./gas-water-heat-month.ts";
import type { MediumHistory } from "../data/websocket-types.ts";

export interface Days {
  history: MediumHistory;
  standing: Standing;
  units: Units;
  /** Water use of the last night. */
  night: Night | undefined;
  today: string;
  /** Amount of today, in the meter's unit. */
  amount: number | null;
  /** Time of the last reading. */
  time: Date | undefined;
}

/** Return the sentence with the amounts of a day in this month and in the reference month. */
export function chosenSentence({ standing, units, today, amount }: Days, day: number, locale: Locale): string {
  const t = locale.textOf<MediumKey>(mediumTexts);
  const { month, reference } = standing;
  const now = today.startsWith(month.month) ? Number(today.slice(8)) : month.length + 1;
  const amountText = (of: Month, isToday: boolean) => {
    const value = isToday ? amount : (of.amounts[day - 1] ?? null);
    const words = value === null ? "–" : write(value, units.day, locale);
    // The day in this month and the day in the same month a year ago would both be called "20 November". So write the
    // older day with its year.
    const isYearAgo = of !== month && of.month.slice(5) === month.month.slice(5);
    const name = isYearAgo ? locale.date(startOf(of.month, day)) : locale.day(startOf(of.month, day));
    const text = value === null || isToday || of.isWhole[day - 1] ? words : t("at_least", { sum: words });
    return `**${isToday ? t("so_far", { day: name }) : name}** ${text}`;
  };
  const ownText = day <= now ? amountText(month, day === now) : "";
  const referenceText = reference && day <= reference.length ? amountText(reference, false) : "";
  return [ownText, ownText ? plain(referenceText) : referenceText].filter(Boolean).join(" · ");
}

/** Return the table of days: this month, the previous month and the reference month. */
export function daysTable({ history, standing, units, today, amount }: Days, locale: Locale): { head: string[]; rows: string[][] } {
  const { month, reference } = standing;
  const before = monthOf(history, addMonths(month.month, -1));
  const isOther = reference && reference.month !== before.month;
  const now = Number(today.slice(8));
  const columns = [month, before, ...(isOther ? [reference] : [])];
  const cells = columns.map((column) => {
    const isNow = column === month;
    const values = column.amounts.map((value, index) => (isNow && index + 1 >= now ? null : value));
    // Round all days together. So the rounded days add up to the sum beside the curve.
    const { factor, decimals, unit } = units.day;
    const parts = roundParts(values.map((value) => (value ?? 0) * factor), decimals);
    return values.map((value, index) => {
      if (isNow && index + 1 === now) return amount === null ? "–" : locale.text(mediumTexts, "so_far", { day: write(amount, units.day, locale) });
      if (value === null) return isNow && index + 1 > now ? "" : "–";
      const words = unit ? locale.unit(parts[index]!, unit, decimals) : locale.number(parts[index]!, decimals);
      return column.isWhole[index] ? words : `≥\u00a0${words}`;
    });
  });
  const count = Math.max(...columns.map(({ length }) => length));
  return {
    head: [locale.text(mediumTexts, "day"), ...columns.map((column) => capital(monthName(column.month, today, locale)))],
    rows: [...Array(count).keys()].map((index) => [String(index + 1), ...cells.map((column) => column[index] ?? "")]),
  };
}

/**
 * Return the footnote. If the water use of the last night is known, the footnote is about this use. Otherwise, it has
 * up to two notes. The first note converts today's amount from the meter's own unit if the card shows kWh; otherwise, it
 * is the meter reading. The second note is the number of unknown hours.
 */
export function footnote(days: Days, index: number | null, locale: Locale): { text: string; isWarning: boolean } {
  const { history, units, night, amount } = days;
  const t = locale.textOf<MediumKey>(mediumTexts);
  if (night) return { text: nightSentence(night, locale), isWarning: night.steadyNights > 2 };
  const notes: string[] = [];
  if (units.day.factor !== 1 && units.day.unit === "kWh" && amount !== null) {
    const own = write(amount, units.own, locale);
    const { factor } = units.day;
    notes.push(
      history.unit === "m3"
        ? t("own_gas", { amount: own, factor: locale.unit(factor, "kWh/m³", 2) })
        : t("own_energy", { unit: units.own.unit, amount: own, factor: locale.number(factor, factor < 1 ? 3 : Number.isInteger(factor) ? 0 : 1), kwh: write(amount, units.day, locale) }),
    );
  } else if (index !== null) {
    notes.push(t("index", { index: write(index, { ...units.own, decimals: 3 }, locale) }));
  }
  const unknown = unknownHours(days);
  if (unknown) notes.push(t("unknown_hours", { hours: locale.unit(unknown, "h") }));
  return { text: notes.join(" · "), isWarning: false };
}

/** Return the number of today's hours without data, up to the last reading. Below 1.5 hours, return 0. */
function unknownHours({ history: { days }, today, time }: Days): number {
  if (!days || !time || days.start === today) return 0;
  const start = dayStart(today).getTime();
  const length = dayStart(addDays(today, 1)).getTime() - start;
  const at = Math.round((Date.parse(today) - Date.parse(days.start)) / 86_400_000);
  const knownMs = (days.known[at] ?? 0) * length;
  const hours = (Math.min(time.getTime(), start + length) - start - knownMs) / 3_600_000;
  return hours >= 1.5 ? round(hours) : 0;
}
