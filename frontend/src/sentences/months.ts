/** Texts of the months card: thirteen months, their mean, and the cheapest and dearest month. */

import { lastOf, sumOf } from "../built-in-replacements.ts";
import {
  addDays, capital,
  addMonths,
  type CommonKey,
  dayStart,
  type Locale,
  type Params,
  round,
  roundParts,
  type Texts,
} from "../locale.ts";
import texts from "../texts/months.json" with { type: "json" };
import { firstWholeDay, firstWholeMonth } from "../data/first-whole-day.ts";
import type { Bill } from "../data/websocket-types.ts";
import { billTexts, isRunning, type Lack, lackOf, lacksCommunity, missingField, quantityOf, toPay, unpricedNote } from "./bill.ts";
import { isWholeMonth, MIN_WHOLE_SHARE, summedMonths } from "./summed-months.ts";

export type MonthsKey = keyof (typeof texts)["en"] | CommonKey;
export const monthsTexts: Texts<MonthsKey> = texts;

export type Unit = "€" | "kWh";
export const SHOWN_MONTHS = 13;
const WHOLE_YEAR = 12;
const MAX_SUM_ERROR = 0.1;

export interface Month {
  /** Month as 2026-11. */
  month: string;
  start: Date;
  /** Undefined if the month is unknown. */
  bill: Bill | undefined;
  isRunning: boolean;
  /** Whether the month is included in the mean of the months: it has ended, and nearly all of it was measured. */
  isWhole: boolean;
  /** Amount to pay in EUR, or imported kWh; null if unknown. */
  value: number | null;
  /** Parts of the stack: positive parts above the axis, negative parts below. */
  parts: number[];
  /** Expected cost of the current month at its end, in EUR. */
  estimate: number | null;
}

export interface Year {
  unit: Unit;
  months: Month[];
  whole: Month[];
  sum: number;
  sumParts: number[];
}

export const PARTS: Record<Unit, readonly MonthsKey[]> = {
  "€": ["energy", "network", "surcharge", "feed_in"],
  kWh: ["drawn", "surcharge", "feed_in"],
};

/** Return the reason why no month has a total; undefined if any month has a total. */
export function lackOfAll(bills: Bill[]): Lack | undefined {
  return bills.some(({ total }) => total !== null) ? undefined : lackOf(lastOf(bills)!);
}

/** Return the sentence about the values that are missing for a total of the current month. */
export function lackSentence(bill: Bill, locale: Locale): string {
  const field = missingField(bill);
  if (!field) return unpricedNote(bill, locale);
  return field === "reference_power" ? locale.text(billTexts, "no_reference") : locale.text(monthsTexts, "no_prices");
}

/** Return the thirteen months up to `last`, by default the current month. Unknown months are included. */
export function yearOf(bills: Bill[], unit: Unit, last = lastOf(bills)?.month ?? "2000-01"): Year {
  const billOf = new Map(bills.map((bill) => [bill.month, bill]));
  const months = Array.from({ length: SHOWN_MONTHS }, (_, index) => {
    const month = addMonths(last, index - SHOWN_MONTHS + 1);
    return monthOf(month, billOf.get(month), unit, month === lastOf(bills)?.month);
  });
  const whole = months.filter(({ isWhole }) => isWhole);
  const add = (of: (month: Month) => number) => sumOf(whole.map(of));
  return {
    unit,
    months,
    whole,
    sum: add(({ value }) => value ?? 0),
    sumParts: PARTS[unit].map((_, index) => add(({ parts }) => parts[index] ?? 0)),
  };
}

function monthOf(month: string, bill: Bill | undefined, unit: Unit, isLast: boolean): Month {
  const value = (bill && (unit === "€" ? toPay(bill) : bill.imported_kwh)) ?? null;
  const running = bill !== undefined && isRunning(bill);
  return {
    month,
    start: dayStart(`${month}-01`),
    bill,
    isRunning: running,
    isWhole: value !== null && !isLast && isWholeMonth(bill!),
    value,
    parts: bill && value !== null ? partsOf(bill, unit) : [],
    // The forecast does not contain the payment to the energy community. So show no forecast if there is such a
    // payment.
    estimate: unit === "€" && running && value !== null && !bill.community ? (bill.estimate?.total ?? null) : null,
  };
}

function partsOf(bill: Bill, unit: Unit): number[] {
  if (unit === "kWh") {
    const above = quantityOf("surcharge", bill);
    return [bill.imported_kwh - above, above, -(bill.exported_kwh ?? 0)];
  }
  const { energy = 0, network = 0, levies = 0, surcharge = 0, feed_in = 0 } = bill.parts;
  const shared = typeof bill.total_with_community === "number" ? (bill.community?.amount ?? 0) : 0;
  // In months with an aid of the state, the levies alone are below 0.
  return [energy + shared, network + levies, surcharge, feed_in];
}

/** Return the title of the card, the big number with its label, and the sentence below. */
export function headOf(year: Year, locale: Locale): { title: string; value: string; label: string; sentence: string } {
  const t = locale.textOf<MonthsKey>(monthsTexts);
  const { whole, unit, months } = year;
  const running = lastOf(months)!;
  const title = t(whole.length < WHOLE_YEAR ? "title_few" : "title");
  if (!whole.length) {
    const received = unit === "€" && (running.value ?? 0) < 0;
    const label = t(received ? "so_far_receive" : "so_far", { unit, month: locale.month(running.start) });
    const sentence = running.isRunning ? t("first", { day: locale.day(firstWholeEnd(running.bill!)) }) : "";
    return { title, value: running.value === null ? "–" : locale.whole(Math.abs(running.value)), label, sentence };
  }
  const mean = year.sum / whole.length;
  const label = t(round(mean) < 0 ? "a_month_receive" : "a_month", { unit });
  return { title, value: locale.whole(Math.abs(mean)), label, sentence: extremes(year, locale, t) };
}

function extremes({ whole, unit }: Year, locale: Locale, t: (key: MonthsKey, params?: Params) => string): string {
  const by = (sign: number) => whole.reduce((best, month) => (sign * (month.value! - best.value!) > 0 ? month : best));
  const name = (month: Month) => locale.month(month.start);
  if (whole.length === 1) return capital(t("only", { month: name(whole[0]!) }));
  const [lowest, highest] = [by(-1), by(1)];
  const text =
    round(lowest.value!) === round(highest.value!)
      ? ""
      : t(unit === "€" ? "extremes" : "extremes_kwh", { cheapest: name(lowest), dearest: name(highest) });
  if (whole.length === WHOLE_YEAR || !text) return text;
  return t("of_months", { count: whole.length, extremes: lower(text) });
}

/**
 * Return the end of the first month that is measured completely. This is the current month if it was measured from its
 * start, otherwise the next month.
 */
function firstWholeEnd(bill: Bill): Date {
  const isWhole = bill.measured_share >= MIN_WHOLE_SHARE;
  const month = firstWholeMonth(firstWholeDay(bill.since ?? (isWhole ? bill.start : bill.end))!);
  return dayStart(addDays(`${addMonths(month, 1)}-01`, -1));
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

export interface TableRow {
  key: MonthsKey;
  name: string;
  /** Two cells: one for the chosen month, one for all complete months together. */
  cells: string[];
}

/** Return the table of parts, for the chosen month and all complete months, in whole numbers that add up. */
export function tableOf(year: Year, chosen: Month, locale: Locale): { head: string[]; rows: TableRow[]; total: TableRow | undefined } {
  const { unit, whole } = year;
  const t = locale.textOf<MonthsKey>(monthsTexts);
  const columns = [
    chosen.value === null ? null : toWholeNumbers(chosen.parts, chosen.value, unit),
    ...(whole.length ? [toWholeNumbers(year.sumParts, year.sum, unit)] : []),
  ];
  const head = [
    locale.common(lastOf(year.months)?.bill?.vat_rate === 0 ? "without_vat" : "with_vat"),
    capital(chosen.isRunning ? t("so_far_in", { month: locale.month(chosen.start) }) : locale.month(chosen.start)),
    ...(whole.length ? [locale.count(monthsTexts, "months", whole.length)] : []),
  ];
  if (unit === "kWh") head[0] = "kWh";
  const write = (value: number | undefined) => {
    if (value === undefined) return "–";
    return unit === "€" ? locale.euros(value) : locale.number(value);
  };
  const rows = PARTS[unit].flatMap((key, index) => {
    // Leave out a row only if it is 0 in every month and in the table. Small parts of several months can add up to more
    // than 0 in the table.
    const isNothing = year.months.every(({ parts }) => !round(parts[index] ?? 0)) && columns.every((column) => !column?.[index]);
    if (isNothing && key !== "drawn") return [];
    return [{ key, name: nameOf(key, year, locale), cells: columns.map((column) => write(column?.[index])) }];
  });
  if (unit === "kWh") return { head, rows, total: undefined };
  const hasSold = year.months.some(({ bill }) => bill?.parts.feed_in);
  const key: MonthsKey = hasSold ? "pay_after" : "pay";
  const sums = [chosen.value, ...(whole.length ? [year.sum] : [])];
  const cells = sums.map((sum) => (sum === null ? "–" : wholeEuros(sum, locale)));
  // Without a complete month, the table has only the current month. Its total will still change, so the name of the row
  // says "so far".
  return { head, rows, total: { key, name: t(chosen.isRunning && !whole.length ? "so_far_pay" : key), cells } };
}

const wholeEuros = (value: number, locale: Locale): string => `${locale.whole(value)}\u00a0€`;

/** Return the parts as whole numbers; undefined if the parts do not add up to `sum`. */
function toWholeNumbers(parts: number[], sum: number, unit: Unit): number[] | undefined {
  const isSum = Math.abs(sumOf(parts) - sum) < MAX_SUM_ERROR;
  if (unit === "€") return isSum ? roundParts(parts, 0, sum) : undefined;
  const [within = 0, above = 0, fedIn = 0] = parts;
  // The first row is the whole import. The second row is the part of it above the reference power.
  return [round(within + above), round(above), round(-fedIn)];
}

export function nameOf(key: MonthsKey, year: Year, locale: Locale): string {
  if (key !== "surcharge") return locale.text(monthsTexts, key);
  const powers = new Set(year.months.flatMap(({ bill }) => bill?.reference_kw ?? []));
  const [R] = powers;
  const name = year.unit === "€" ? "surcharge" : "above_part";
  if (powers.size !== 1 || R === undefined) return locale.text(monthsTexts, `${name}_plain`);
  return locale.text(monthsTexts, name, { R: locale.referenceKW(R) });
}

/** Return the notes about the prices used, and about payments left out of the amounts. */
export function amountNotes({ unit, months, whole }: Year, locale: Locale): string[] {
  const priced = months.filter(({ value }) => value !== null);
  if (unit === "kWh" || !priced.length) return [];
  return [
    summedMonths((whole.length ? whole : priced).map(({ month }) => month), "own", lastOf(priced)!.bill!.vat_rate !== 0, locale),
    priced.some(({ bill }) => bill && lacksCommunity(bill)) ? locale.text(monthsTexts, "without_community") : "",
  ].filter(Boolean);
}

/** Return the text of a month for screen readers. */
export function choiceOf(month: Month, unit: Unit, locale: Locale): string {
  const name = capital(locale.monthYear(month.start));
  if (month.value === null) return locale.text(monthsTexts, "unknown", { month: name });
  const value = unit === "€" ? wholeEuros(month.value, locale) : locale.kWh(month.value, 0);
  return locale.text(monthsTexts, month.isRunning ? "choice_so_far" : "choice", { month: name, value });
}

/** Return the text beside the tick of a month. */
export function labelOf(month: Month, locale: Locale): string {
  const shown = month.estimate ?? month.value;
  if (shown === null) return "";
  return month.estimate === null ? locale.whole(shown) : `≈\u00a0${locale.number(shown)}`;
}

/** Return the numbers of a month or of several: the parts, and the amount to pay. */
function numbersOf(parts: number[], value: number | null, unit: Unit): (number | undefined)[] {
  const cells = value === null ? undefined : toWholeNumbers(parts, value, unit);
  return [...PARTS[unit].map((_, index) => cells?.[index]), ...(unit === "€" ? [value ?? undefined] : [])];
}

/**
 * Return the table of a statement: the known months, with units, and the sum of the whole months. The running month says until which
 * day it counts.
 */
export function statementTable(year: Year, locale: Locale): { head: string[]; months: Month[]; rows: string[][]; sum: string[] | undefined } {
  const { unit, whole } = year;
  const months = year.months.slice(year.months.findIndex(({ bill }) => bill));
  const write = (numbers: (number | undefined)[]) => numbers.map((number) => (number === undefined ? "–" : locale.unit(round(number), unit)));
  const nameOfRow = ({ start, bill, isRunning: isPart }: Month) =>
    isPart ? capital(locale.text(monthsTexts, "until_day", { day: locale.day(new Date(Date.parse(bill!.until) - 1)) })) : locale.monthYear(start);
  const [, ...names] = allMonths(year, locale).head;
  return {
    head: [tableOf(year, lastOf(months)!, locale).head[0]!, ...names],
    months,
    rows: months.map((month) => [nameOfRow(month), ...write(numbersOf(month.parts, month.value, unit))]),
    sum: whole.length > 1 ? [locale.count(monthsTexts, "months", whole.length), ...write(numbersOf(year.sumParts, year.sum, unit))] : undefined,
  };
}

/** Return the table of all months behind the chart. */
export function allMonths(year: Year, locale: Locale): { head: string[]; rows: string[][] } {
  const t = locale.textOf<MonthsKey>(monthsTexts);
  const { unit } = year;
  const keys = PARTS[unit];
  const head = [t("month"), ...keys.map((key) => nameOf(key, year, locale)), ...(unit === "€" ? [t("pay")] : [])];
  const rows = year.months.map(({ start, parts, value }) => [locale.monthYear(start), ...numbersOf(parts, value, unit).map((number) => (number === undefined ? "–" : locale.number(number)))]);
  return { head, rows };
}
