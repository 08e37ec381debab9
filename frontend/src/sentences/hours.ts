/** Texts and numbers of the best hours of a load. */

import { addDays, localDay, type Locale, localParts, QUARTER_HOUR_MS, type Texts } from "../locale.ts";
import type { StartCosts } from "../data/websocket-types.ts";
import texts from "../texts/hours.json" with { type: "json" };

export type HoursKey = keyof (typeof texts)["en"];
export const hoursTexts: Texts<HoursKey> = texts;

export interface Load {
  name: string;
  kwh: number;
  hours: number;
}

export const MAX_LOADS = 4;
const MAX_KW = 50;
const MIN_KW = 0.05;
const MAX_HOURS = 24;
const MIN_HOURS = 0.25;
/** Hours between two labels of the axis. */
const LABEL_HOURS = 6;

/** Return the loads of a card's configuration; undefined if there are none. Throws an error for a wrong load. */
export function readLoads(value: unknown): Load[] | undefined {
  if (value === undefined || value === null || (Array.isArray(value) && !value.length)) return undefined;
  const loads = (Array.isArray(value) ? value.slice(0, MAX_LOADS) : [value]).map((load) => load as Partial<Load>);
  return loads.map((load) => {
    const [kwh, hours] = [Number(load?.kwh), Number(load?.hours)];
    const kw = kwh / hours;
    if (!(hours >= MIN_HOURS && hours <= MAX_HOURS && kw >= MIN_KW && kw <= MAX_KW)) {
      throw new Error(`loads: name, kwh and hours (${MIN_HOURS} to ${MAX_HOURS}), with ${MIN_KW} to ${MAX_KW} kW`);
    }
    return { name: String(load.name ?? ""), kwh, hours };
  });
}

export function usualLoads(locale: Locale): Load[] {
  const load = (key: HoursKey, kwh: number, hours: number): Load => ({ name: locale.text(hoursTexts, key), kwh, hours });
  return [load("washing", 2, 2), load("dishwasher", 1, 2), load("car", 16, 3)];
}

/** Return the number of decimals with which a value such as 0.25 is shown whole, at most two. */
const decimals = (value: number): number => (Number.isInteger(value) ? 0 : Number.isInteger(value * 10) ? 1 : 2);

export const sizeOf = ({ kwh, hours }: Load, locale: Locale): string =>
  locale.text(hoursTexts, "load", { kwh: locale.kWh(kwh, decimals(kwh)), hours: locale.unit(hours, "h", decimals(hours)) });

export const timeOf = ({ start }: StartCosts, index: number): Date => new Date(Date.parse(start) + index * QUARTER_HOUR_MS);

/** Return a text such as "Tomorrow 10:30". */
function dayTime(time: Date, now: Date, locale: Locale): string {
  const isToday = localDay(time) === localDay(now);
  return `${locale.text(hoursTexts, isToday ? "today" : "tomorrow")} ${locale.time(time)}`;
}

/** Return when the last start ends, such as "tomorrow 24:00". */
function endOf({ start, costs }: StartCosts, load: Load, now: Date, locale: Locale): string {
  const end = new Date(Date.parse(start) + (costs.length - 1 + Math.ceil(load.hours * 4)) * QUARTER_HOUR_MS);
  const isMidnight = localParts(end).hour === 0 && localParts(end).minute === 0;
  const day = isMidnight ? addDays(localDay(end), -1) : localDay(end);
  const name = locale.text(hoursTexts, day === localDay(now) ? "today" : "tomorrow");
  const time = isMidnight ? "24:00" : locale.time(end);
  return `${name.toLowerCase()} ${time}`;
}

export interface BestHours {
  until: string;
  sentence: string;
  reason: string;
  /** Whether a chart shows the costs: it does not if all hours are about the same. */
  hasChart: boolean;
  /** Index of the best start. */
  best: number;
}

/** Return the sentences about the best start of a load. `reference` is the reference power in kW. */
export function bestHours(costs: StartCosts, load: Load, reference: number | null, now: Date, locale: Locale): BestHours {
  const t = (key: HoursKey, params: Record<string, string> = {}) => locale.text(hoursTexts, key, params);
  const { best } = costs;
  const until = endOf(costs, load, now, locale);
  const [start, end] = [new Date(best.start), new Date(best.end)];
  const index = Math.round((start.getTime() - Date.parse(costs.start)) / QUARTER_HOUR_MS);
  const spread = Math.max(...costs.costs) - Math.min(...costs.costs);
  const hasChart = spread >= 0.05;
  const cost = locale.cents(best.cost);
  if (!best.is_worth_waiting) {
    const sentence = hasChart ? t("now_good", { cost: locale.cents(costs.costs[0]!) }) : t("same", { until });
    return { until: t("until", { time: until }), sentence, reason: "", hasChart, best: hasChart ? 0 : index };
  }
  const range = `${dayTime(start, now, locale)} – ${locale.time(end)}`;
  const kwh = locale.kWh(load.kwh, decimals(load.kwh));
  const reasons = {
    sun: t("sun", { own: locale.number(best.own_kwh, 1), kwh }),
    price: t("price"),
    reference_power: reference === null ? "" : t("reference_power", { R: locale.referenceKW(reference) }),
  };
  return {
    until: t("until", { time: until }),
    sentence: t("best", { range, cost, saving: locale.cents(best.saving) }),
    reason: reasons[best.reason],
    hasChart,
    best: index,
  };
}

/** Return the labels of the axis: each sixth hour, and the weekday at midnight. */
export function hourLabels(costs: StartCosts, locale: Locale): { index: number; text: string }[] {
  return costs.costs.flatMap((_, index) => {
    const time = timeOf(costs, index);
    const { hour, minute } = localParts(time);
    if (minute || hour % LABEL_HOURS) return [];
    return [{ index, text: hour ? String(hour) : `${locale.shortWeekday(time).replace(/[\s\d]+\.?$/, "")} 0` }];
  });
}
