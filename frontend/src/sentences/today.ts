/** Texts about a day: its sentence, its table, and the base load. */

import { sumOf } from "../built-in-replacements.ts";
import { kwOf, type Quarter } from "../data/day-chart-bars.ts";
import {
  addDays,
  capital,
  type CommonKey,
  kwDecimals,
  type Locale,
  localParts,
  QUARTER_HOUR_MS,
  round,
  roundParts,
  type Texts,
} from "../locale.ts";
import { isNothing } from "./so-far.ts";
import type { Day, Highlights } from "../data/websocket-types.ts";
import texts from "../texts/today.json" with { type: "json" };

export type TodayKey = keyof (typeof texts)["en"] | CommonKey;
export const todayTexts: Texts<TodayKey> = texts;

/** Maximum age in days of the stored quarter-hours. */
const MAX_DAYS_BACK = 400;
const WEEK = 7;
/** Age in days from which a date is written with its year. */
const MIN_AGE_WITH_YEAR_DAYS = 300;
const HOUR_MS = 3_600_000;

export interface DayFacts {
  day: Day | undefined;
  isToday: boolean;
  /** Whether the household can feed energy into the grid. */
  hasSun: boolean;
  /** Number of quarter-hours with known energy. */
  knownCount: number;
  /**
   * End of the first quarter-hour that will be measured completely. Used while no quarter-hour of today is known.
   * Undefined if the last telegram is too old.
   */
  firstEnds: Date | undefined;
  /** Projected mean of the running quarter-hour in kW; null unless the mean is above the reference power. */
  expectedKw: number | null;
}

export function daySentence({ day, isToday, hasSun, knownCount, firstEnds, expectedKw }: DayFacts, locale: Locale): string {
  const t = locale.textOf<TodayKey>(todayTexts);
  const coming = expectedKw === null ? "" : t("heading", { kw: locale.kW(expectedKw) });
  if (isToday && !knownCount && firstEnds) {
    return `${t("first", { time: locale.time(firstEnds) })}${coming && ` ${sentenceOf(coming)}`}`;
  }
  if (!day || day.imported_wh === null) return t("unknown_day");
  if (isToday && !knownCount && isNothing(day)) return t("none_yet");
  const drawn = locale.kWh(day.imported_wh / 1000);
  const fed = hasSun && day.exported_wh !== null ? locale.kWh(day.exported_wh / 1000) : undefined;
  const sums = fed === undefined ? t("drawn", { drawn }) : t("drawn_fed", { drawn, fed });
  if (!knownCount) return `${sums} ${t(isToday ? "none_yet" : "none_measured")}${coming && ` ${sentenceOf(coming)}`}`;
  if (day.reference_kw === null) {
    const peak = day.peak ? ` ${t("peak", { kw: locale.kW(day.peak.mean_kw) })}` : "";
    return `${sums}${peak}`;
  }
  const R = locale.referenceKW(day.reference_kw);
  if (!day.quarter_hours_above) {
    const none = day.quarter_hours < day.of_quarter_hours ? "none_known" : "none";
    return `${sums} ${coming ? `${t("none_whole", { R })}${bold(coming)}.` : t(none, { R })}`;
  }
  const above = locale.count(todayTexts, "above", day.quarter_hours_above, { R, kwh: excessKwh(day.above_wh / 1000, locale) });
  const cost = day.cost_above === null ? "" : `, ${excessCost(day.cost_above, locale)}`;
  return `${sums} ${above}${cost}${coming}`;
}

/** Turn the clause "; the current quarter-hour will reach ≈ 8 kW" into a bold sentence of its own. */
const sentenceOf = (coming: string): string => {
  const text = coming.replace(/^\s*;\s*/, "");
  return `**${capital(text)}.**`;
};

const bold = (coming: string): string => coming.replace(/^(\s*;\s*)(.*)$/, "$1**$2**");

/** Return an excess in kWh; small values get two decimals, so that an excess never reads 0.0 kWh. */
export const excessKwh = (kwh: number, locale: Locale): string => locale.kWh(kwh, kwh > 0 && kwh < 0.05 ? 2 : 1);

const excessCost = (cost: number, locale: Locale): string =>
  cost > 0 && cost < 0.005 ? `<\u00a0${locale.cents(0.01)}` : locale.cents(cost);

export interface QuarterFacts {
  start: Date;
  /**
   * Mean power from the grid (`drawn`), mean power to the grid (`fed`), and reference power, in kW; null if unknown.
   */
  drawn: number | null;
  fed: number | null;
  reference: number | null;
  /** Cost of the excess in EUR; null if unknown. */
  cost: number | null;
  origin: "leneda" | "leneda_estimated" | undefined;
  /** Whether the quarter-hour is still running; its values are projections then. */
  isRunning: boolean;
}

export function quarterSentence(facts: QuarterFacts, locale: Locale, count: number): string {
  const { start, drawn, reference, isRunning } = facts;
  const t = locale.textOf<TodayKey>(todayTexts);
  const until = new Date(start.getTime() + 900_000);
  const colon = locale.sign(":");
  const range = count === 100 ? `${timeOf(start, locale, count)}–${timeOf(until, locale, count)}` : locale.timeRange(start, until);
  const time = `**${range}${colon}**`;
  if (drawn === null) return `${time} ${t("bar_unknown")}.`;
  const about = isRunning ? "≈\u00a0" : "";
  const fed = facts.fed !== null && round(facts.fed, kwDecimals(facts.fed)) > 0 ? facts.fed : 0;
  const parts: string[] = [];
  if (!fed || round(drawn, 1) > 0) parts.push(t("bar_drawn", { kw: about + locale.kW(drawn) }));
  if (fed) parts.push(t("bar_fed", { kw: about + locale.kW(fed) }));
  const sums = parts.join(", ");
  let text = `${time} ${isRunning ? t("bar_heading", { kw: sums }) : sums}.`;
  if (reference !== null && drawn > reference) {
    const kwh = about + excessKwh((drawn - reference) / 4, locale);
    const cost = facts.cost === null ? "." : `${colon} ${about}${excessCost(facts.cost, locale)}`;
    text += ` ${t("bar_above", { kwh, R: locale.referenceKW(reference) })}${cost}`;
  }
  if (facts.origin) text += `${/[.]$/.test(text) ? "" : "."} ${t(facts.origin === "leneda" ? "portal" : "estimated")}`;
  return text;
}

/** Return the clock time. In the hour that occurs twice when clocks are put back, add A or B, as timetables do. */
export function timeOf(time: Date, locale: Locale, count: number): string {
  const shown = locale.time(time);
  if (count !== 100) return shown;
  const { hour } = localParts(time);
  const isHour = (hours: number) => localParts(time.getTime() + hours * HOUR_MS).hour === hour;
  return isHour(1) ? `${shown}\u00a0A` : isHour(-1) ? `${shown}\u00a0B` : shown;
}

/**
 * Return the surcharge in EUR of every excess in `above` (in kWh); null if the price is unknown. If `above` has all
 * excesses of the day, the surcharges add up to the day's surcharge.
 */
export function excessCosts(above: number[], day: Day | undefined, price: number | null): (number | null)[] {
  const sum = sumOf(above);
  if (day?.cost_above != null && day.above_wh > 0 && sum > 0) {
    if (above.length === day.quarter_hours_above) return roundParts(above.map((kwh) => (kwh / sum) * day.cost_above!), 2, day.cost_above);
    return above.map((kwh) => (kwh * 1000 * day.cost_above!) / day.above_wh);
  }
  return above.map((kwh) => (price === null ? null : kwh * price));
}

/** Return a text such as "Saturday 21 November". An old day has its year instead of its weekday: "21 November 2024". */
export function dayTitle(start: Date, day: string, today: string, locale: Locale): string {
  const isLongAgo = Date.parse(today) - Date.parse(day) > MIN_AGE_WITH_YEAR_DAYS * 24 * HOUR_MS;
  return capital(isLongAgo ? locale.date(start) : locale.weekday(start));
}

/** Return the day to show: the requested day if it can have data, else the nearest day that can. */
export function shownDay(asked: string | undefined, today: string, knownSince: string | undefined): string {
  if (!asked || asked > today) return today;
  const first = firstDay(today, knownSince);
  return asked < first ? first : asked;
}

export function firstDay(today: string, knownSince: string | undefined): string {
  const oldest = addDays(today, -MAX_DAYS_BACK);
  if (knownSince === undefined || knownSince >= today) return today;
  return knownSince < oldest ? oldest : knownSince;
}

/** Return the seven days that contain a chosen day: the last seven, or an earlier block of seven. */
export function weekOf(day: string, today: string): string[] {
  const back = Math.round((Date.parse(today) - Date.parse(day)) / (24 * HOUR_MS));
  const last = addDays(today, -WEEK * Math.floor(back / WEEK));
  return Array.from({ length: WEEK }, (_, index) => addDays(last, index - WEEK + 1));
}

export interface DayTableData {
  quarters: readonly Quarter[];
  start: number;
  begun: number;
  ended: number;
  reference: number | null;
  hasSun: boolean;
}

/**
 * Return a note about gaps, and a note about quarter-hours from the platform. A note is "" if the day has no gaps, or
 * no quarter-hours from the platform.
 */
export function dayNotes({ quarters, begun, ended }: DayTableData, locale: Locale): { gaps: string; portal: string } {
  const count = (key: string, is: (quarter: Quarter, index: number) => boolean) => {
    const number = quarters.filter(is).length;
    return number ? [locale.count(todayTexts, key, number)] : [];
  };
  const [gaps = ""] = count("gaps", ({ imported }, index) => imported === null && index < ended && index >= begun);
  const portal = [
    ...count("portal", ({ origin }) => origin !== undefined),
    ...count("estimated", ({ origin }) => origin === "leneda_estimated"),
  ];
  return { gaps, portal: portal.join(", ") };
}

/** Return since when the first day of a meter is measured; "" for other days. */
export const sinceNote = ({ quarters, start, begun, ended }: DayTableData, locale: Locale): string =>
  begun > 0 && begun < ended
    ? locale.text(todayTexts, "since", { time: timeOf(new Date(start + begun * QUARTER_HOUR_MS), locale, quarters.length) })
    : "";

export function dayTable({ quarters, start, ended, reference, hasSun }: DayTableData, locale: Locale) {
  const R = reference === null ? "" : locale.referenceKW(reference);
  const t = (key: TodayKey) => locale.text(todayTexts, key, { R });
  const hasR = reference !== null;
  const row = ({ imported, exported, origin }: Quarter, index: number): string[] => {
    const about = origin === "leneda_estimated" ? "≈\u00a0" : "";
    const kw = (wh: number | null) => (wh === null ? "–" : about + locale.number(kwOf(wh), 1));
    const above = kwOf(imported) - (reference ?? 0);
    const time = timeOf(new Date(start + index * QUARTER_HOUR_MS), locale, quarters.length);
    const excess = above > 0 ? about + locale.number(above / 4, 2) : "";
    return [time, kw(imported), ...(hasSun ? [kw(exported)] : []), ...(hasR ? [excess] : [])];
  };
  return {
    head: [t("time"), t("drawn_kw"), ...(hasSun ? [t("fed_kw")] : []), ...(hasR ? [t("above_kwh")] : [])],
    rows: quarters.slice(0, ended).map(row),
  };
}

/** Return the sentences about the base load and its yearly cost. Return "" if the base load is unknown. */
export function alwaysOnSentence(alwaysOn: Highlights["always_on"], locale: Locale): string {
  if (!alwaysOn) return "";
  const power = locale.unit(alwaysOn.w, "W");
  const cost = alwaysOn.cost_per_year;
  return cost ? locale.text(todayTexts, "always_on_cost", { power, cost: locale.euros(cost) }) : locale.text(todayTexts, "always_on", { power });
}
