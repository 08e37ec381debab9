/** What is going on, and what may be switched on: the sentence of the first card. */

import type { Locale } from "../locale.ts";
import { addDays, addMonths, dayStart, kwDecimals, localDay, QUARTER_HOUR_MS } from "../locale.ts";
import { round, roundDown, roundUp } from "../rounding.ts";
import type { Texts } from "../locale.ts";
import texts from "../texts/now.json" with { type: "json" };
import type { Live, Meter, RunningQuarterHour } from "../wire.ts";

export type NowKey = keyof (typeof texts)["en"];
export type NowTexts = Texts<NowKey>;
export const nowTexts: NowTexts = texts;

/** In the last seconds a small energy would be a huge power: the next quarter-hour is what counts. */
const LAST_SECONDS = 60;

export interface Situation {
  /** Drawn less fed in. */
  power: number;
  /** The reference power in kW. */
  reference: number | null;
  /** Energy of the running quarter-hour so far, in kWh. */
  energy: number;
  /** Until its end. */
  secondsLeft: number;
  end: Date;
  /** Whether all of it has been counted: of the rest, nothing can be said. */
  isWhole: boolean;
  /** What the connection allows, in kW. */
  connection: number | null;
  feedsIn: boolean;
  /** Whether something was fed in in this quarter-hour: a battery or the sun is there now. */
  hasFedIn: boolean;
  /** EUR a kWh that is fed in, and above the reference power. */
  feedInPrice: number | null;
  excessPrice: number | null;
  /** The highest quarter-hour of the month, in kW. */
  peak: number | null;
}

export const asNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

/** What the last message says, as far as there is a power. */
export function situationOf(live: Live, meter: Meter): Situation | undefined {
  const values = live.values ?? {};
  const power = asNumber(values.power_net);
  if (power === null) return undefined;
  const running = live.quarter_hour;
  const end = Date.parse(running?.end ?? "");
  const secondsLeft = (end - Date.parse(running?.time ?? "")) / 1000;
  const reference = running ? asNumber(running.reference_kw) : asNumber(meter.reference_kw);
  return {
    power,
    // No power is nothing that could be agreed.
    reference: reference !== null && reference > 0 ? reference : null,
    energy: (asNumber(running?.imported_wh) ?? 0) / 1000,
    secondsLeft: secondsLeft > 0 ? secondsLeft : 1,
    end: new Date(end || 0),
    isWhole: Boolean(running) && Date.parse(running!.measured_since) <= Date.parse(running!.start),
    connection: asNumber(meter.connection_kva),
    feedsIn: meter.feeds_in ?? false,
    hasFedIn: (asNumber(running?.exported_wh) ?? 0) > 0,
    feedInPrice: asNumber(values.price_export),
    excessPrice: asNumber(meter.excess_price),
    peak: asNumber(values.demand_peak),
  };
}

/** Whether nothing is drawn and nothing fed in, as far as the number shows it. */
export const direction = (power: number): "draws" | "feeds" | "balanced" => {
  const shown = round(power, 1);
  return shown > 0 ? "draws" : shown < 0 ? "feeds" : "balanced";
};

/** The energy of the quarter-hour at its end, in kWh, if the power stays. */
export const projectedEnergy = ({ energy, power, secondsLeft }: Situation): number =>
  energy + (Math.max(0, power) * secondsLeft) / 3600;

/** The mean at the end, as shown: what is above the reference power never looks as if it were not. */
export function shownMean(now: Situation): number {
  const mean = projectedEnergy(now) * 4;
  const decimals = kwDecimals(mean);
  const shown = round(mean, decimals);
  return now.reference !== null && mean > now.reference && shown <= now.reference ? roundUp(mean, decimals) : shown;
}

export function nowSentence(now: Situation, locale: Locale): string {
  const { power, reference, energy, secondsLeft } = now;
  const t = (key: NowKey, params: Record<string, string> = {}) => locale.text(nowTexts, key, params);
  const end = locale.time(now.end);
  const excess = excessSentence(now, locale);
  if (excess) return excess;
  const is = direction(power);
  if (is === "feeds") {
    const earned = now.feedInPrice === null ? 0 : round(-power * now.feedInPrice, 2);
    if (earned < 0) return t("feeding_costs", { cost: locale.cents(-earned) });
    return earned ? t("feeding", { earned: locale.cents(earned) }) : t("feeding_unpriced");
  }
  // In the night, what feeds in by day is no reason for drawing nothing.
  if (is === "balanced") return t(!now.feedsIn ? "nothing" : now.hasFedIn ? "own" : "feeding_unpriced");
  if (reference === null) return now.peak === null ? "" : t("highest", { peak: locale.kW(now.peak) });
  const R = locale.referenceKW(reference);
  const allowed = now.connection || Number.POSITIVE_INFINITY;
  const kW = (value: number) => locale.kW(roundDown(value, kwDecimals(value)));
  if (secondsLeft < LAST_SECONDS || !now.isWhole) {
    const next = Math.min(reference, allowed) - power;
    return next < 0 ? t("next_above", { R }) : t("next", { more: kW(next), R });
  }
  const more = Math.min(((reference / 4 - energy) * 3600) / secondsLeft, allowed) - power;
  return more < 0.1 ? t("no_more", { end, R }) : t("more", { more: kW(more), end, R });
}

/** About what is, or is going to be, above the reference power. */
function excessSentence(now: Situation, locale: Locale): string | undefined {
  const { reference, energy } = now;
  if (reference === null || !now.isWhole) return undefined;
  const limit = reference / 4;
  const projected = projectedEnergy(now) - limit;
  if (projected <= 0) return undefined;
  const params = { R: locale.referenceKW(reference), end: locale.time(now.end) };
  const kWh = (value: number) => atLeast(value, 1, (shown) => locale.kWh(shown), locale);
  const t = (key: "above" | "less", more: Record<string, string>) => {
    if (now.excessPrice === null) return locale.text(nowTexts, `${key}_unpriced`, { ...params, ...more });
    const cost = atLeast(projected * now.excessPrice, 2, (shown) => locale.cents(shown), locale);
    return locale.text(nowTexts, key, { ...params, ...more, cost });
  };
  if (energy > limit) {
    const text = t("above", { so_far: kWh(energy - limit), by_end: kWh(projected) });
    // "Under 0.1 kWh so far" begins a sentence.
    return text.replace(/\.\*\* \p{Ll}/u, (start) => start.toUpperCase());
  }
  // Nobody can do anything about it any more.
  if (now.secondsLeft < LAST_SECONDS) return undefined;
  const less = now.power - ((limit - energy) * 3600) / now.secondsLeft;
  return t("less", { less: locale.kW(roundUp(less, kwDecimals(less))), above: kWh(projected) });
}

/** Whether the sentence names what is above the reference power in euros. */
export const namesCost = (now: Situation, locale: Locale): boolean => now.excessPrice !== null && excessSentence(now, locale) !== undefined;

/** What is there is never shown as 0. */
function atLeast(value: number, decimals: number, show: (value: number) => string, locale: Locale): string {
  if (round(value, decimals) > 0) return show(value);
  return locale.text(nowTexts, "under", { value: show(10 ** -decimals) });
}

/** Until a quarter-hour has been counted as a whole: when the first one will be, and day and month. */
export function firstDaySentence(meter: Meter, running: RunningQuarterHour, locale: Locale): string | undefined {
  const since = new Date(running.measured_since);
  const start = Date.parse(running.start);
  if (running.last || !meter.known_since || Number.isNaN(since.getTime() + start)) return undefined;
  const today = localDay(since);
  if (localDay(new Date(meter.known_since)) !== today) return undefined;
  const end = new Date(Date.parse(running.end) + (since.getTime() > start ? QUARTER_HOUR_MS : 0));
  const isWholeDay = since.getTime() <= dayStart(today).getTime();
  const month = today.slice(0, 7);
  const isWholeMonth = isWholeDay && today.endsWith("-01");
  const lastDay = addDays(`${addMonths(month, isWholeMonth ? 1 : 2)}-01`, -1);
  return locale.text(nowTexts, "first_day", {
    end: locale.time(end),
    day: locale.day(dayStart(isWholeDay ? today : addDays(today, 1))),
    month: locale.day(dayStart(lastDay)),
  });
}
