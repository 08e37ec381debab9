/** Texts and table of the battery estimate. */

import { addMonths, type Locale, roundParts, type Texts } from "../locale.ts";
import texts from "../texts/battery.json" with { type: "json" };
import type { HouseSource, WhatIf } from "../data/websocket-types.ts";
import { olderPrices } from "./older-prices.ts";
import { summedMonths } from "./summed-months.ts";
import { ABOUT_THE_SAME } from "./year.ts";

export type BatteryKey = keyof (typeof texts)["en"];
export const batteryTexts: Texts<BatteryKey> = texts;

/** Longest payback time shown. Few batteries last longer, and energy prices after that time are unknown. */
const MAX_PAYBACK_YEARS = 25;
/** If at least this share of the quarter-hours has a known hourly price, no note mentions the other quarter-hours. */
const MIN_HOURLY_SHARE = 0.99;
const PARTS = ["energy", "surcharge", "feed_in", "fixed", "total"] as const;

export interface BatteryAnswer {
  sentence: string;
  head: string[];
  /** Rows of the table; the last row is the sum. */
  rows: string[][];
  notes: string[];
}

export interface BatterySize {
  kwh: number;
  kw: number;
  /** Own consumption of the battery, in W. */
  standby: number;
}

/** Keys of texts that have a second version for a house with a battery: its measured values include that battery. */
type OfHouse = "title" | "saves" | "saves_nothing" | "costs_more" | "already" | "without" | "with_battery" | "caption";

/** Return the key of a text: about another battery if the house has a battery. */
export const ofHouse = (key: OfHouse, hasBattery: boolean): BatteryKey => (hasBattery ? `${key}_another` : key);

/** Smallest saving in EUR that is not called "next to nothing". */
const MIN_SAVING = 10;

/** Round an estimated amount to 10 EUR, from 1,000 EUR on to 50: weather and habits will change by more. */
const estimated = (amount: number): number => {
  const step = Math.abs(amount) < 1000 ? 10 : 50;
  return Math.round(amount / step) * step;
};

export interface BatteryOptions {
  /** Price of the battery in EUR; 0 if not entered. */
  price?: number;
  /** Whether the house has a battery already. */
  hasBattery?: boolean;
  /** Today as 2026-11-21; without it, the day after the estimated months. */
  today?: string;
}

/** Return which batteries the house has already, such as "In addition to yours: 10 kWh in the Energy dashboard."; "" without. */
export function besides(batteries: readonly HouseSource[], locale: Locale): string {
  const kwh = batteries.reduce((all, { capacity_kwh }) => all + (capacity_kwh || Number.NaN), 0);
  if (!batteries.length) return "";
  return locale.text(batteryTexts, kwh ? "besides_kwh" : "besides", { kwh: locale.kWh(kwh, Number.isInteger(kwh) ? 0 : 1) });
}

/** Return the texts of an estimate for a battery. */
export function batteryAnswer(estimate: WhatIf, { kwh, kw }: BatterySize, locale: Locale, options: BatteryOptions = {}): BatteryAnswer {
  const { price = 0, hasBattery = false, today = estimate.end } = options;
  const t = (key: BatteryKey, params: Record<string, string> = {}) => locale.text(batteryTexts, key, params);
  const { now: from, then: to } = estimate.cheapest;
  const [before, after] = [estimate.classes[String(from)]!, estimate.classes[String(to)]!];
  const [fromKw, toKw] = [locale.referenceKW(from), locale.referenceKW(to)];
  const { low } = estimate.saving;
  const saving = (low + estimate.saving.high) / 2;
  const amount = locale.euros(estimated(Math.abs(saving)));
  const size = { kwh: locale.unit(kwh, "kWh"), kw: locale.referenceKW(kw) };
  const verdict = saving >= MIN_SAVING ? "saves" : saving > -MIN_SAVING ? "saves_nothing" : "costs_more";
  const sentences = [t(ofHouse(verdict, hasBattery), { ...size, amount })];
  if (from !== to) {
    const spared = before.then.total - after.then.total;
    sentences.push(t(spared < ABOUT_THE_SAME ? "same" : "becomes", { from: fromKw, to: toKw }));
  }
  if (price > 0) sentences.push(earnedBack(price, low, locale));
  const { cycles, stored_share: share } = after.battery!;
  const columns = [before.now, after.then].map((costs) => {
    const parts = roundParts(PARTS.slice(0, -1).map((part) => costs[part]), -1);
    return [...parts, parts.reduce((sum, part) => sum + part, 0)];
  });
  const { now: hourly } = estimate.hourly_share;
  return {
    sentence: sentences.join(" "),
    head: [t(ofHouse("without", hasBattery), { kw: fromKw }), t(ofHouse("with_battery", hasBattery), { kw: toKw })],
    rows: PARTS.map((part, index) => [t(part), ...columns.map((column) => locale.euros(column[index]!))]),
    notes: [
      from === estimate.reference_kw ? "" : t(ofHouse("already", hasBattery), { kw: fromKw }),
      t("cycles", { count: locale.number(cycles) }),
      share === null ? "" : t("stored", { share: locale.percent(share) }),
      hourly === null || hourly >= MIN_HOURLY_SHARE ? "" : t("hourly", { share: locale.percent(hourly) }),
      summedMonths(monthsBetween(estimate.start, estimate.end), "todays", estimate.has_vat, locale),
      t("basis", { count: locale.number(estimate.measured_days) }),
      olderPrices(estimate.prices_of, today, locale),
      price > 0 ? t("not_counted") : "",
    ].filter(Boolean),
  };
}

/** Return the months from the day `start` to the day before `end`, as 2026-11. */
function monthsBetween(start: string, end: string): string[] {
  const months = [];
  for (let month = start.slice(0, 7); month < end.slice(0, 7); month = addMonths(month, 1)) months.push(month);
  return months;
}

/** Return the sentence about the years until the savings have paid the price. */
function earnedBack(price: number, saving: number, locale: Locale): string {
  const years = Math.max(1, Math.round(price / saving));
  if (saving <= 0) return locale.text(batteryTexts, "never_earned_back");
  if (years > MAX_PAYBACK_YEARS) return locale.text(batteryTexts, "not_earned_back", { count: locale.number(MAX_PAYBACK_YEARS) });
  return locale.count(batteryTexts, "earned_back", years);
}
