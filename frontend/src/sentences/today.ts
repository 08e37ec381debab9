/** When was what used, and what was too much? A day in a sentence, and one of its quarter-hours. */

import { addDays, kwDecimals, type Locale, localParts, type Params, type Texts } from "../locale.ts";
import { round, roundParts } from "../rounding.ts";
import texts from "../texts/today.json" with { type: "json" };
import type { Day } from "../wire.ts";

export type TodayKey = keyof (typeof texts)["en"];
export const todayTexts: Texts<TodayKey> = texts;

/** How many days back there are quarter-hours. */
const DAYS_BACK = 400;
const WEEK = 7;
/** From here on, a day and a month could be those of this year. */
const SAME_YEAR_DAYS = 300;
const HOUR_MS = 3_600_000;

export interface DayTold {
  day: Day | undefined;
  isToday: boolean;
  /** Whether anything can be fed in. */
  hasSun: boolean;
  /** How many whole quarter-hours are known. */
  known: number;
  /** When the first whole one of today ends, as long as none has. */
  firstEnds: Date | undefined;
  /** What the running quarter-hour is heading for, in kW, if that is above its reference power. */
  heading: number | null;
}

export function daySentence({ day, isToday, hasSun, known, firstEnds, heading }: DayTold, locale: Locale): string {
  const t = (key: TodayKey, params: Params = {}) => locale.text(todayTexts, key, params);
  const coming = heading === null ? "" : t("heading", { kw: locale.kW(heading) });
  if (isToday && !known && firstEnds) {
    return `${t("first", { time: locale.time(firstEnds) })}${coming && ` ${sentenceOf(coming)}`}`;
  }
  if (!day || day.imported_wh === null) return t("unknown_day");
  const drawn = locale.kWh(day.imported_wh / 1000);
  const fed = hasSun && day.exported_wh !== null ? locale.kWh(day.exported_wh / 1000) : undefined;
  const sums = fed === undefined ? t("drawn", { drawn }) : t("drawn_fed", { drawn, fed });
  if (day.reference_kw === null) {
    const peak = day.peak ? ` ${t("peak", { kw: locale.kW(day.peak.mean_kw) })}` : "";
    return `${sums}${peak}`;
  }
  const R = locale.referenceKW(day.reference_kw);
  if (!day.quarter_hours_above) {
    return `${sums} ${coming ? `${t("none_whole", { R })}${bold(coming)}.` : t("none", { R })}`;
  }
  const above = locale.count(todayTexts, "above", day.quarter_hours_above, { R, kwh: excessKwh(day.above_wh / 1000, locale) });
  const cost = day.cost_above === null ? "" : `, ${excessCost(day.cost_above, locale)}`;
  return `${sums} ${above}${cost}${coming}`;
}

/** "; now …" after a sentence that has ended. */
const sentenceOf = (coming: string): string => {
  const text = coming.replace(/^\s*;\s*/, "");
  return `**${capital(text)}.**`;
};

const bold = (coming: string): string => coming.replace(/^(\s*;\s*)(.*)$/, "$1**$2**");

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** With the decimals that a small excess needs: what is above is never said to be 0.0 kWh. */
export const excessKwh = (kwh: number, locale: Locale): string => locale.kWh(kwh, kwh > 0 && kwh < 0.05 ? 2 : 1);

const excessCost = (cost: number, locale: Locale): string =>
  cost > 0 && cost < 0.005 ? `<\u00a0${locale.cents(0.01)}` : locale.cents(cost);

export interface QuarterTold {
  start: Date;
  /** In kW; null where it is not known. */
  drawn: number | null;
  fed: number | null;
  reference: number | null;
  /** The price of what is above, in EUR, if it is known. */
  cost: number | null;
  origin: "platform" | "platform_estimated" | undefined;
  /** Whether it is running: then all of it is what it is heading for. */
  isRunning: boolean;
}

export function quarterSentence(told: QuarterTold, locale: Locale, count: number): string {
  const { start, drawn, reference, isRunning } = told;
  const t = (key: TodayKey, params: Params = {}) => locale.text(todayTexts, key, params);
  const until = new Date(start.getTime() + 900_000);
  const colon = locale.language === "fr" ? "\u00a0:" : ":";
  const range = count === 100 ? `${timeOf(start, locale, count)}–${timeOf(until, locale, count)}` : locale.timeRange(start, until);
  const time = `**${range}${colon}**`;
  if (drawn === null) return `${time} ${t("bar_unknown")}.`;
  const about = isRunning ? "≈\u00a0" : "";
  const fed = told.fed !== null && round(told.fed, kwDecimals(told.fed)) > 0 ? told.fed : 0;
  const parts: string[] = [];
  if (!fed || round(drawn, 1) > 0) parts.push(t("bar_drawn", { kw: about + locale.kW(drawn) }));
  if (fed) parts.push(t("bar_fed", { kw: about + locale.kW(fed) }));
  const sums = parts.join(", ");
  let text = `${time} ${isRunning ? t("bar_heading", { kw: sums }) : sums}.`;
  if (reference !== null && drawn > reference) {
    const kwh = about + excessKwh((drawn - reference) / 4, locale);
    const cost = told.cost === null ? "." : `${colon} ${about}${excessCost(told.cost, locale)}`;
    text += ` ${t("bar_above", { kwh, R: locale.referenceKW(reference) })}${cost}`;
  }
  if (told.origin) text += `${/[.]$/.test(text) ? "" : "."} ${t(told.origin === "platform" ? "portal" : "estimated")}`;
  return text;
}

/** The time by the clock; of the hour that comes twice, with A and B, as on a timetable of that night. */
export function timeOf(time: Date, locale: Locale, count: number): string {
  const shown = locale.time(time);
  if (count !== 100) return shown;
  const { hour } = localParts(time);
  const isHour = (hours: number) => localParts(new Date(time.getTime() + hours * HOUR_MS)).hour === hour;
  return isHour(1) ? `${shown}\u00a0A` : isHour(-1) ? `${shown}\u00a0B` : shown;
}

/** The price of each excess, so that they add up to that of the day where all are known. */
export function excessCosts(above: number[], day: Day | undefined, price: number | null): (number | null)[] {
  const sum = above.reduce((one, other) => one + other, 0);
  if (day?.cost_above != null && day.above_wh > 0 && sum > 0) {
    if (above.length === day.quarter_hours_above) return roundParts(above.map((kwh) => (kwh / sum) * day.cost_above!), 2, day.cost_above);
    return above.map((kwh) => (kwh * 1000 * day.cost_above!) / day.above_wh);
  }
  return above.map((kwh) => (price === null ? null : kwh * price));
}

/** "Saturday 21 November", with the year where it could be another. */
export function dayTitle(start: Date, day: string, today: string, locale: Locale): string {
  const isLongAgo = Date.parse(today) - Date.parse(day) > SAME_YEAR_DAYS * 24 * HOUR_MS;
  return capital(isLongAgo ? locale.date(start) : locale.weekday(start));
}

/** What is shown: today, or a day that was asked for and of which there can be anything. */
export function shownDay(asked: string | undefined, today: string, knownSince: string | undefined): string {
  if (!asked || asked > today) return today;
  const first = firstDay(today, knownSince);
  return asked < first ? first : asked;
}

export function firstDay(today: string, knownSince: string | undefined): string {
  const oldest = addDays(today, -DAYS_BACK);
  return knownSince === undefined ? today : knownSince < oldest ? oldest : knownSince < today ? knownSince : today;
}

/** The seven days among which one is chosen: the last ones, or the seven before them, and so on. */
export function weekOf(day: string, today: string): string[] {
  const back = Math.round((Date.parse(today) - Date.parse(day)) / (24 * HOUR_MS));
  const last = addDays(today, -WEEK * Math.floor(back / WEEK));
  return Array.from({ length: WEEK }, (_, index) => addDays(last, index - WEEK + 1));
}
