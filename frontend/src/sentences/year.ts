/** Whether the reference power is the right one: what each class would have cost, in words. */

import type { Locale, Texts } from "../locale.ts";
import { addMonths, dayStart, localDay } from "../locale.ts";
import { round } from "../rounding.ts";
import texts from "../texts/year.json" with { type: "json" };
import type { Above, Bill, Classes, MonthAbove } from "../wire.ts";
import type { Limit } from "../year-series.ts";
import { isRunning } from "./bill.ts";

export type YearKey = keyof (typeof texts)["en"];
export const yearTexts: Texts<YearKey> = texts;

/** Whole euro, below which one class costs about the same as another. */
export const ABOUT_THE_SAME = 5;
const MAX_ROWS = 6;
const MONTHS_A_YEAR = 12;
const NOTHING: Above = { quarter_hours: 0, kwh: 0 };

/** A class, and what it would have cost in the months that decide, with VAT where the contract has it. */
export interface ClassRow {
  readonly kw: number;
  /** Null where it is not known. */
  readonly fixed: number | null;
  readonly surcharge: number | null;
  /** Whole euro. */
  readonly total: number | null;
  readonly aboveKWh: number | null;
  readonly isOwn: boolean;
  /** Between the rounded amounts, to that of one's own or, where it is not known, to the cheapest. */
  readonly difference: number | null;
}

/** Return the classes worth comparing: from the smallest to the first that nothing exceeds, and one's own. */
export function classRows(classes: Classes): ClassRow[] {
  const { reference_kw: own, totals, decisive } = classes;
  const months = classes.months.filter(({ month }) => decisive.includes(month));
  if (!months.length) return [];
  const sum = (kw: string, what: "excess_kwh" | "fixed" | "surcharge"): number | null => {
    const parts = months.map((each) => each.classes[kw]?.[what]);
    return parts.every((part) => typeof part === "number") ? parts.reduce((one, other) => one + other, 0) : null;
  };
  const all = Object.keys(totals)
    .filter((key) => Number.isFinite(Number(key)))
    .sort((one, other) => Number(one) - Number(other))
    .map((key) => ({
      kw: Number(key),
      fixed: sum(key, "fixed"),
      surcharge: sum(key, "surcharge"),
      total: rounded(totals[key]),
      aboveKWh: sum(key, "excess_kwh"),
      isOwn: Number(key) === own,
    }));
  const isEnough = all.findIndex(({ aboveKWh }) => aboveKWh !== null && round(aboveKWh, 3) === 0);
  // One alone would be compared with nothing.
  const last = isEnough < 0 ? all.length - 1 : Math.max(1, isEnough);
  const rows = all.filter(({ isOwn }, index) => index <= last || isOwn);
  if (own !== null && !rows.some(({ isOwn }) => isOwn)) {
    // A power that is no class has no published price.
    rows.push({ kw: own, fixed: null, surcharge: null, total: null, aboveKWh: null, isOwn: true });
    rows.sort((one, other) => one.kw - other.kw);
  }
  const best = cheapest(rows);
  while (rows.length > MAX_ROWS) {
    const left = rows.filter((row) => !row.isOwn && row !== best);
    const dearest = left.reduce((one, other) => ((other.total ?? Number.POSITIVE_INFINITY) >= (one.total ?? Number.POSITIVE_INFINITY) ? other : one));
    rows.splice(rows.indexOf(dearest), 1);
  }
  const mine = rows.find(({ isOwn, total }) => isOwn && total !== null) ?? best;
  return rows.map((row) => ({
    ...row,
    difference: row === mine || row.total === null ? null : row.total - mine!.total!,
  }));
}

const rounded = (amount: number | null | undefined): number | null => (typeof amount === "number" ? round(amount) : null);

/** Return the class that costs least; of two that cost the same, the smaller. */
export function cheapest<Row extends { total: number | null }>(rows: Row[]): Row | undefined {
  return rows
    .filter(({ total }) => total !== null)
    .reduce<Row | undefined>((best, row) => (best && best.total! <= row.total! ? best : row), undefined);
}

/** "12 months", as it stands within a sentence. */
const monthsIn = (count: number, locale: Locale): string => locale.count(yearTexts, "months", count);

/** Return what the classes would have cost; while another one than one's own is chosen, that one. */
export function classSentence(rows: ClassRow[], chosen: number | undefined, monthCount: number, locale: Locale): string {
  const t = (key: YearKey, params: Record<string, string> = {}) => locale.text(yearTexts, key, { months, ...params });
  const kw = (row: ClassRow) => locale.referenceKW(row.kw);
  const months = monthsIn(monthCount, locale);
  const best = cheapest(rows);
  if (!best) return t("unpriced");
  const own = rows.find(({ isOwn, total }) => isOwn && total !== null);
  const to = own ?? best;
  const other = rows.find((row) => row.kw === chosen && row !== to && row.total !== null);
  const reference = own ? t("your", { kw: kw(own) }) : kw(best);
  if (other) {
    const difference = other.total! - to.total!;
    if (Math.abs(difference) < ABOUT_THE_SAME) return t("other_same", { other: kw(other), reference });
    if (difference > 0) return t("other_more", { other: kw(other), more: locale.euros(difference), reference });
    return t("other_less", { other: kw(other), less: locale.euros(-difference) });
  }
  if (own && own.total! - best.total! >= ABOUT_THE_SAME) {
    return t("other_less", { other: kw(best), less: locale.euros(own.total! - best.total!) });
  }
  const first = own ? t("right", { own: kw(own) }) : t("cheapest", { best: kw(best), cost: locale.euros(best.total!) });
  const rest = own ? neighbours(rows, own, locale, months) : "";
  return rest ? `${first} ${rest}` : first;
}

/** Return what the next smaller and the next greater class would have cost more. */
function neighbours(rows: ClassRow[], own: ClassRow, locale: Locale, months: string): string {
  const t = (key: YearKey, params: Record<string, string>) => locale.text(yearTexts, key, { months, ...params });
  const at = rows.indexOf(own);
  const near = [rows[at + 1], rows[at - 1]].filter((row) => row !== undefined && row.total !== null) as ClassRow[];
  const more = near.filter((row) => row.total! - own.total! >= ABOUT_THE_SAME);
  const same = near.filter((row) => !more.includes(row));
  const kw = (row: ClassRow) => locale.referenceKW(row.kw);
  const dearer = (row: ClassRow) => locale.euros(row.total! - own.total!);
  const [one, two] = [...more, ...same];
  if (!one) return "";
  const params = { one: kw(one), more: more.length ? dearer(one) : "", ...(two && { two: kw(two), two_more: dearer(two) }) };
  if (more.length === 2) return t("more_more", params);
  if (more.length === 1) return t(same.length ? "more_same" : "more", params);
  return t(same.length === 2 ? "same_same" : "same", params);
}

/** Return how far some months were above a limit: above the contract of the time, or above a class. */
export function aboveIn(months: MonthAbove[], { isContract, kw }: Limit): Above {
  const all = months.map((each) => (isContract ? each.contract : each.classes[String(kw)]) ?? NOTHING);
  const sum = (what: keyof Above) => all.reduce((one, other) => one + other[what], 0);
  return { quarter_hours: sum("quarter_hours"), kwh: sum("kwh") };
}

/** "7 kW"; "12 kW, then 7 kW" where the contract was changed in these months. */
export function limitName(months: MonthAbove[], { isContract, kw }: Limit, locale: Locale): string {
  const held = isContract ? months.flatMap(({ contract }) => contract.reference_kw) : [];
  const changes = held.filter((each, index) => each !== held[index - 1]);
  return (changes.length ? changes : [kw]).map((each) => locale.referenceKW(each)).join(`${locale.text(yearTexts, "then")} `);
}

/** Return how many quarter-hours of some months were above a limit; `monthCount` is undefined before there is a whole month. */
export function aboveSentence(months: MonthAbove[], limit: Limit, monthCount: number | undefined, locale: Locale): string {
  const { quarter_hours: count, kwh } = aboveIn(months, limit);
  const share = count / (months.reduce((sum, each) => sum + each.quarter_hours, 0) || 1);
  const period = monthCount === undefined ? locale.text(yearTexts, "so_far") : locale.text(yearTexts, "in", { months: monthsIn(monthCount, locale) });
  const params = {
    R: limitName(months, limit, locale),
    period,
    share: locale.percent(share, 1),
    kWh: locale.kWh(kwh, round(kwh) < 10 ? 1 : 0),
  };
  if (!count) return locale.text(yearTexts, "above_none", params);
  return locale.count(yearTexts, round(share, 3) === 0 ? "above_rare" : "above", count, params);
}

/** Return what came from the grid and went to it in the last whole months, at most twelve; so far where there is none. */
export function energySentence(bills: Bill[], locale: Locale): string {
  const whole = bills.filter((bill) => !isRunning(bill)).slice(-MONTHS_A_YEAR);
  const sum = (of: (bill: Bill) => number) => locale.kWh((whole.length ? whole : bills).reduce((all, bill) => all + of(bill), 0), 0);
  const period = whole.length ? locale.text(yearTexts, "in", { months: monthsIn(whole.length, locale) }) : locale.text(yearTexts, "so_far");
  const hasSold = bills.some(({ exported_kwh }) => exported_kwh);
  const params = { drawn: sum(({ imported_kwh }) => imported_kwh), sold: sum(({ exported_kwh }) => exported_kwh ?? 0), period };
  return locale.text(yearTexts, hasSold ? "energy_sold" : "energy", params);
}

/** Return from which day on the classes are compared: that after the first whole month. */
export function comparisonBegins(knownSince: string | null, now: Date): string {
  const today = localDay(now);
  const since = knownSince === null || Number.isNaN(Date.parse(knownSince)) ? today : localDay(new Date(knownSince));
  const isFromTheFirst = since <= `${today.slice(0, 7)}-01`;
  return `${addMonths(today.slice(0, 7), isFromTheFirst ? 1 : 2)}-01`;
}

/** "June 2025 – May 2026", of months as 2025-06. */
export function periodOf(months: string[], locale: Locale): string {
  const name = (month: string) => locale.monthYear(dayStart(`${month}-15`));
  const [first, last] = [months[0], months.at(-1)];
  if (!first || !last) return "";
  return first === last ? name(first) : `${name(first)} – ${name(last)}`;
}
