/**
 * Texts about the choice of the reference power: the cost of each class in a year. A class is a reference power in kW
 * that a contract can have.
 */

import { sumOf } from "../built-in-replacements.ts";
import { firstWholeDay, firstWholeMonth } from "../data/first-whole-day.ts";
import { addMonths, type CommonKey, dayStart, localDay, type Locale, round, type Texts } from "../locale.ts";
import texts from "../texts/year.json" with { type: "json" };
import type { Above, Bill, Classes, MonthAbove, PlannedClasses } from "../data/websocket-types.ts";
import type { Limit } from "../data/heat-map-grid.ts";
import { isWholeMonth } from "./summed-months.ts";

export type YearKey = keyof (typeof texts)["en"] | CommonKey;
export const yearTexts: Texts<YearKey> = texts;

/** Difference in whole euros a year below which two classes cost about the same. */
export const ABOUT_THE_SAME = 5;
const MAX_ROWS = 6;
const MONTHS_A_YEAR = 12;
/** Return the difference over `monthCount` months, in whole euros, below which two classes cost about the same. */
export const leastDifference = (monthCount: number): number => Math.ceil((ABOUT_THE_SAME * monthCount) / MONTHS_A_YEAR);
const NOTHING: Above = { quarter_hours: 0, kwh: 0 };

/**
 * Row of the comparison: a reference power in kW, and its costs in the compared months. The costs include VAT if the
 * contract has VAT.
 */
export interface ClassRow {
  readonly kw: number;
  /** Fixed costs in EUR; null if unknown. */
  readonly fixed: number | null;
  readonly surcharge: number | null;
  /** Total in whole EUR. */
  readonly total: number | null;
  readonly aboveKWh: number | null;
  readonly isOwn: boolean;
  /**
   * Difference in whole EUR between the total of this class and the total of the user's class. If the latter is
   * unknown, the cheapest class replaces the user's class. Null if this class has no known total, or would be compared
   * with itself.
   */
  readonly difference: number | null;
}

export type CostPart = "fixed" | "surcharge";

/** Return rows whose totals and differences are those of the parts that are not hidden. */
export function withoutParts(rows: ClassRow[], hidden: readonly CostPart[]): ClassRow[] {
  if (!hidden.length) return rows;
  const shown = (value: number | null, part: CostPart) => (hidden.includes(part) ? 0 : value);
  const all = rows.map((row) => {
    const [fixed, surcharge] = [shown(row.fixed, "fixed"), shown(row.surcharge, "surcharge")];
    return { ...row, fixed, surcharge, total: row.total === null ? null : round(fixed! + surcharge!) };
  });
  // The other classes are compared with the one that has a total and no difference.
  const base = all.find(({ total, difference }) => total !== null && difference === null);
  return all.map((row) => ({ ...row, difference: row.difference === null ? null : row.total! - base!.total! }));
}

/**
 * Return the classes to compare: from the smallest to the first that was never exceeded, and the user's own class. If
 * there are more than MAX_ROWS, leave out the dearest.
 */
export function classRows(classes: Classes): ClassRow[] {
  const { reference_kw: own, totals, decisive } = classes;
  const months = classes.months.filter(({ month }) => decisive.includes(month));
  if (!months.length) return [];
  const sum = (kw: string, what: "excess_kwh" | "fixed" | "surcharge"): number | null => {
    const parts = months.map((month) => month.classes[kw]?.[what]);
    return parts.every((part) => typeof part === "number") ? sumOf(parts) : null;
  };
  const all = Object.keys(totals)
    .filter((key) => Number.isFinite(Number(key)))
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => ({
      kw: Number(key),
      fixed: sum(key, "fixed"),
      surcharge: sum(key, "surcharge"),
      total: roundAmount(totals[key]),
      aboveKWh: sum(key, "excess_kwh"),
      isOwn: Number(key) === own,
    }));
  const firstWithoutExcess = all.findIndex(({ aboveKWh }) => aboveKWh !== null && round(aboveKWh, 3) === 0);
  // A single class could not be compared with anything. So show at least two classes.
  const last = firstWithoutExcess < 0 ? all.length - 1 : Math.max(1, firstWithoutExcess);
  const rows = all.filter(({ isOwn }, index) => index <= last || isOwn);
  if (own !== null && !rows.some(({ isOwn }) => isOwn)) {
    // The contract's reference power is not a published class. So its price is unknown.
    rows.push({ kw: own, fixed: null, surcharge: null, total: null, aboveKWh: null, isOwn: true });
    rows.sort((a, b) => a.kw - b.kw);
  }
  const best = cheapest(rows);
  while (rows.length > MAX_ROWS) {
    const left = rows.filter((row) => !row.isOwn && row !== best);
    const dearest = left.reduce((dearest, row) => ((row.total ?? Infinity) >= (dearest.total ?? Infinity) ? row : dearest));
    rows.splice(rows.indexOf(dearest), 1);
  }
  const mine = rows.find(({ isOwn, total }) => isOwn && total !== null) ?? best;
  return rows.map((row) => ({
    ...row,
    difference: row === mine || row.total === null ? null : row.total - mine!.total!,
  }));
}

const roundAmount = (amount: number | null | undefined): number | null => (typeof amount === "number" ? round(amount) : null);

/** Return the class with the lowest total; of two equal totals, the smaller class. */
export function cheapest<Row extends { total: number | null }>(rows: Row[]): Row | undefined {
  return rows
    .filter(({ total }) => total !== null)
    .reduce<Row | undefined>((best, row) => (best && best.total! <= row.total! ? best : row), undefined);
}

/** Return a text such as "12 months", for use within a sentence. */
const monthsIn = (count: number, locale: Locale): string => locale.count(yearTexts, "months", count);

/**
 * Return the sentence that compares the class `chosen` with the user's class or, if the cost of the user's class is
 * unknown, with the cheapest class. If there are no two classes to compare, return a sentence about the best class.
 */
export function classSentence(rows: ClassRow[], chosen: number | undefined, monthCount: number, locale: Locale): string {
  const t = (key: YearKey, params: Record<string, string> = {}) => locale.text(yearTexts, key, { months, ...params });
  const kw = (row: ClassRow) => locale.referenceKW(row.kw);
  const months = monthsIn(monthCount, locale);
  const least = leastDifference(monthCount);
  const best = cheapest(rows);
  if (!best) return t("unpriced");
  const own = rows.find(({ isOwn, total }) => isOwn && total !== null);
  const to = own ?? best;
  const compared = rows.find((row) => row.kw === chosen && row !== to && row.total !== null);
  const reference = own ? t("your", { kw: kw(own) }) : kw(best);
  if (compared) {
    const difference = compared.total! - to.total!;
    if (Math.abs(difference) < least) return t("other_same", { other: kw(compared), reference });
    if (difference > 0) return t("other_more", { other: kw(compared), more: locale.euros(difference), reference });
    return t("other_less", { other: kw(compared), less: locale.euros(-difference) });
  }
  if (own && own.total! - best.total! >= least) {
    return t("other_less", { other: kw(best), less: locale.euros(own.total! - best.total!) });
  }
  const first = own ? t("right", { own: kw(own) }) : t("cheapest", { best: kw(best), cost: locale.euros(best.total!) });
  const rest = own ? neighbours(rows, own, locale, months, least) : "";
  return rest ? `${first} ${rest}` : first;
}

/**
 * Return the sentence about the extra cost of the next smaller and the next larger class. If another class would save a
 * little, return a sentence about this saving.
 */
function neighbours(rows: ClassRow[], own: ClassRow, locale: Locale, months: string, least: number): string {
  const t = (key: YearKey, params: Record<string, string>) => locale.text(yearTexts, key, { months, ...params });
  const at = rows.indexOf(own);
  const best = cheapest(rows)!;
  const less = own.total! - best.total!;
  // Name even a small saving, because the bars below the sentence show it.
  if (less >= 1) return t("little_less", { other: locale.referenceKW(best.kw), less: locale.euros(less) });
  const near = [rows[at + 1], rows[at - 1]].filter((row) => row !== undefined && row.total !== null) as ClassRow[];
  const more = near.filter((row) => row.total! - own.total! >= least);
  const same = near.filter((row) => !more.includes(row));
  const kw = (row: ClassRow) => locale.referenceKW(row.kw);
  const dearer = (row: ClassRow) => locale.euros(row.total! - own.total!);
  const [first, second] = [...more, ...same];
  if (!first) return "";
  const params = { one: kw(first), more: more.length ? dearer(first) : "", ...(second && { two: kw(second), two_more: dearer(second) }) };
  if (more.length === 2) return t("more_more", params);
  if (more.length === 1) return t(same.length ? "more_same" : "more", params);
  return t(same.length === 2 ? "same_same" : "same", params);
}

/** Smallest power in kW of a car on three phases: 6 A. */
const LEAST_ON_THREE_PHASES = 4;
/** Exported kWh a year from which on the sun can charge a car. */
const LEAST_OF_PANELS = 500;

export interface PlannedTexts {
  sentence: string;
  /** Sentence that tells to charge on one phase; "" if the car can charge at all powers. */
  onePhase: string;
  /** Empty if the year is unknown. */
  rows: string[][];
  notes: string;
}

/** Return the texts about the last year with a car that follows a plan, or the reason why the year is unknown. */
export function plannedTexts({ car, year, refusal, one_phase }: PlannedClasses, locale: Locale): PlannedTexts {
  const t = locale.textOf<YearKey>(yearTexts);
  if (!year || !car) {
    const reason = refusal?.reason;
    const isOfCar = reason === "no_car" || reason === "car_not_measured";
    const sentence = isOfCar ? t(reason) : t("plan_unknown", { least: locale.number(refusal?.least_days ?? 0) });
    return { sentence, onePhase: "", rows: [], notes: "" };
  }
  const kw = (key: string | number) => locale.referenceKW(Number(key));
  const own = year.classes[String(year.reference_kw)]!;
  // A measured car is compared with the year as it was. Without a plan, another car would charge at once.
  const less = (car.is_measured ? own.now : own.at_once!).total - own.then.total;
  const lessByClass = own.then.total - year.classes[String(year.cheapest.then)]!.then.total;
  const params = { cost: locale.euros(own.then.total), reference: t("your", { kw: kw(year.reference_kw) }), best: kw(year.cheapest.then) };
  const key = less >= ABOUT_THE_SAME ? "plan_less" : less > -ABOUT_THE_SAME ? "plan_same" : "plan_more";
  const sentences = [t(key, { ...params, less: locale.euros(less), more: locale.euros(-less) })];
  if (lessByClass >= ABOUT_THE_SAME) sentences.push(t("plan_best", { ...params, less: locale.euros(lessByClass) }));
  const hasSun = car.min_kw >= LEAST_ON_THREE_PHASES && year.energies.now.exported >= LEAST_OF_PANELS;
  const onePhaseKey = one_phase.length ? "one_phase" : hasSun ? "one_phase_in_sun" : "";
  return {
    sentence: sentences.join(" "),
    onePhase: onePhaseKey && t(onePhaseKey, { classes: one_phase.map(kw).join(", "), power: locale.kW(car.min_kw) }),
    rows: Object.entries(year.classes)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([key, { now, at_once, then }]) => [kw(key), ...[now, at_once!, then].map(({ total }) => locale.euros(total))]),
    notes: `${t("plan_car", { kwh: locale.kWh(car.kwh, 1) })} ${t(car.is_measured ? "plan_measured" : "plan_on_top")}`,
  };
}

/**
 * Return the excess of some months over a limit. With `isContract`, the limit of each month is the contract's reference
 * power in this month. Otherwise, the limit is the reference power `kw` for all months.
 */
export function aboveIn(months: MonthAbove[], { isContract, kw }: Limit): Above {
  const all = months.map((month) => (isContract ? month.contract : month.classes[String(kw)]) ?? NOTHING);
  const sum = (what: keyof Above) => sumOf(all.map((above) => above[what]));
  return { quarter_hours: sum("quarter_hours"), kwh: sum("kwh") };
}

/** Return a text such as "7 kW", or "12 kW, then 7 kW" if the contract changed in these months. */
export function limitName(months: MonthAbove[], { isContract, kw }: Limit, locale: Locale): string {
  const held = isContract ? months.flatMap(({ contract }) => contract.reference_kw) : [];
  const changes = held.filter((power, index) => power !== held[index - 1]);
  const names = (changes.length ? changes : [kw]).map((power) => locale.referenceKW(power));
  return names.reduce((before, after) => locale.text(yearTexts, "then", { before, after }));
}

/**
 * Return the sentence about the quarter-hours above a limit. `monthCount` is the number of the compared months. If no
 * months can be compared, `monthCount` is undefined, and the sentence is about the time so far.
 */
export function aboveSentence(months: MonthAbove[], limit: Limit, monthCount: number | undefined, locale: Locale): string {
  const { quarter_hours: count, kwh } = aboveIn(months, limit);
  const share = count / (sumOf(months.map((month) => month.quarter_hours)) || 1);
  const period = monthCount === undefined ? locale.common("so_far") : locale.text(yearTexts, "in", { months: monthsIn(monthCount, locale) });
  const params = {
    R: limitName(months, limit, locale),
    period,
    share: locale.percent(share, 1),
    kWh: locale.kWh(kwh, round(kwh) < 10 ? 1 : 0),
  };
  if (!count) return locale.text(yearTexts, "above_none", params);
  return locale.count(yearTexts, round(share, 3) === 0 ? "above_rare" : "above", count, params);
}

/**
 * Return the sentence about the imported and exported energy of the last twelve whole months, or of fewer if fewer are
 * known. Without a whole month, the sentence names the energy so far.
 */
export function energySentence(bills: Bill[], locale: Locale): string {
  const whole = bills.filter(isWholeMonth).slice(-MONTHS_A_YEAR);
  const sum = (of: (bill: Bill) => number) => locale.kWh(sumOf((whole.length ? whole : bills).map(of)), 0);
  const period = whole.length ? locale.text(yearTexts, "in", { months: monthsIn(whole.length, locale) }) : locale.common("so_far");
  const hasSold = bills.some(({ exported_kwh }) => exported_kwh);
  const params = { drawn: sum(({ imported_kwh }) => imported_kwh), sold: sum(({ exported_kwh }) => exported_kwh ?? 0), period };
  return locale.text(yearTexts, hasSold ? "energy_sold" : "energy", params);
}

/**
 * Return the sentence that is shown while no complete month can be compared. The sentence names the day after the first
 * complete month. If this day has passed, the sentence says that no month was measured completely.
 */
export function noComparison(knownSince: string | null, now: Date, locale: Locale): string {
  const today = localDay(now);
  const begins = `${addMonths(firstWholeMonth(firstWholeDay(knownSince) ?? today), 1)}-01`;
  return begins > today ? locale.text(yearTexts, "begins", { day: locale.day(dayStart(begins)) }) : locale.text(yearTexts, "none_whole");
}
