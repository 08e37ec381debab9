/** Texts of the card of the present power: the sentence about power that may still be switched on. */

import type { Locale } from "../locale.ts";
import { addDays, addMonths, dayStart, kwDecimals, localDay, QUARTER_HOUR_MS } from "../locale.ts";
import { round, roundDown, roundUp } from "../rounding.ts";
import type { Texts } from "../locale.ts";
import texts from "../texts/now.json" with { type: "json" };
import type { Live, Meter, RunningQuarterHour } from "../websocket-types.ts";

export type NowKey = keyof (typeof texts)["en"];
export type NowTexts = Texts<NowKey>;
export const nowTexts: NowTexts = texts;

/** In the last seconds, a little energy allows a huge power, so the advice is for the next quarter-hour. */
const LAST_SECONDS = 60;

export interface Situation {
  /** Power from the grid in kW; negative while the household feeds in. */
  power: number;
  /** Reference power in kW. */
  reference: number | null;
  /** Imported energy of the running quarter-hour so far, in kWh. */
  energy: number;
  /** Seconds until the quarter-hour ends. */
  secondsLeft: number;
  end: Date;
  /** Whether the quarter-hour was measured from its start; otherwise its total is unknown. */
  isWhole: boolean;
  /** Largest power of the connection, in kVA (used as kW). */
  connection: number | null;
  feedsIn: boolean;
  /** Whether energy was fed in during this quarter-hour, which means that a battery or the sun delivers now. */
  hasFedIn: boolean;
  /** Prices in EUR a kWh: for energy fed in, and for the excess over the reference power. */
  feedInPrice: number | null;
  excessPrice: number | null;
  /** Highest mean of a quarter-hour in this month, in kW. */
  peak: number | null;
}

export const asNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

/** Return the situation of the last message; undefined without a power value. */
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
    // There is no reference power of 0 kW. So 0 means that none was entered.
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

/** Return the direction of the power. "balanced" means that the displayed value is 0. */
export const direction = (power: number): "draws" | "feeds" | "balanced" => {
  const shown = round(power, 1);
  return shown > 0 ? "draws" : shown < 0 ? "feeds" : "balanced";
};

/** Return the energy of the quarter-hour at its end in kWh, if the power stays constant. */
export const projectedEnergy = ({ energy, power, secondsLeft }: Situation): number =>
  energy + (Math.max(0, power) * secondsLeft) / 3600;

/** Return the projected mean in kW as displayed. Round up if rounding would hide an excess. */
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
  // If neither import nor export flows, the household may use its own solar energy. Say so only if it has fed in during
  // this quarter-hour, because at night solar panels cannot be the reason.
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

/** Return the sentence about a present or coming excess over the reference power; undefined without any. */
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
    // The text "under 0.1 kWh" may come at the start of a sentence. It then needs a capital letter.
    return text.replace(/\.\*\* \p{Ll}/u, (start) => start.toUpperCase());
  }
  // In the last seconds of a quarter-hour, it is too late to lower its energy. So give no advice.
  if (now.secondsLeft < LAST_SECONDS) return undefined;
  const less = now.power - ((limit - energy) * 3600) / now.secondsLeft;
  return t("less", { less: locale.kW(roundUp(less, kwDecimals(less))), above: kWh(projected) });
}

/** Return whether the sentence names the cost of the excess in euros. */
export const namesCost = (now: Situation, locale: Locale): boolean => now.excessPrice !== null && excessSentence(now, locale) !== undefined;

/** Return a positive value as text: "under 0.1" instead of 0.0. */
function atLeast(value: number, decimals: number, show: (value: number) => string, locale: Locale): string {
  if (round(value, decimals) > 0) return show(value);
  return locale.text(nowTexts, "under", { value: show(10 ** -decimals) });
}

/**
 * Return the sentence of the first day: when the first full quarter-hour, day and month will be complete. Undefined
 * afterwards.
 */
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
