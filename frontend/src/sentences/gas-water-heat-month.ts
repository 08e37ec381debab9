/** Texts about a gas, water or heat meter: its name, its amounts in common units, and its month. */

import { addDays, capital, type CommonKey, dayStart, type Locale, round, type Texts, timeOfDay } from "../locale.ts";
import { amountIn, type Night, type Standing } from "../data/gas-water-heat-amounts.ts";
import texts from "../texts/medium.json" with { type: "json" };

export type MediumKey = keyof (typeof texts)["en"] | CommonKey;
export const mediumTexts: Texts<MediumKey> = texts;

/** Smallest difference in percent that the sentence names. A smaller difference counts as equal. */
const MIN_DIFFERENCE_PERCENT = 3;
/** Ratio from which the sentence says "times" instead of a percentage. */
const MIN_TIMES = 2.5;
const KWH: Record<string, number> = { Wh: 0.001, kWh: 1, MWh: 1000, MJ: 1 / 3.6, GJ: 1000 / 3.6 };

/** Unit in which amounts are displayed. Multiply an amount in the meter's own unit by `factor`. */
export interface Unit {
  unit: string;
  factor: number;
  decimals: number;
}

export interface Units {
  day: Unit;
  month: Unit;
  own: Unit;
}


type Kind = "gas" | "water" | "heat" | "cooling" | "other";

const KINDS: Record<string, Kind> = {
  gas: "gas",
  water: "water",
  cold_water: "water",
  hot_water: "water",
  very_hot_water: "water",
  heat: "heat",
  heat_inlet: "heat",
  heat_cooling: "heat",
  cooling: "cooling",
  cooling_inlet: "cooling",
};

/** Return whether an object itself has a key. The oldest supported browsers lack `Object.hasOwn`. */
const hasOwn = (object: object, key: string): boolean => Object.prototype.hasOwnProperty.call(object, key);

export const kindOf = (type: string): Kind => (hasOwn(KINDS, type) ? KINDS[type]! : "other");

/**
 * Return whether the consumption of this type of meter depends on the season. If it does, a month is compared with the
 * same month a year ago.
 */
export const isSeasonal = (type: string): boolean => ["gas", "heat", "cooling"].includes(kindOf(type));

export const nameOf = (type: string, locale: Locale): string =>
  locale.text(mediumTexts, hasOwn(KINDS, type) || hasOwn(mediumTexts[locale.language] ?? {}, type) ? (type as MediumKey) : "unknown");

/** Return the display units of a meter; `biggest` is its largest daily amount in its own unit. */
export function unitsOf(type: string, unit: string | null, kwhPerM3: number | null | undefined, biggest: number): Units {
  const own = { unit: (unit ?? "").slice(0, 12).replace(/^m3$/, "m³"), factor: 1, decimals: 3 };
  const energy = unit === "m3" && type === "gas" ? kwhPerM3 : KWH[unit ?? ""];
  if (energy && Number.isFinite(energy) && energy > 0) {
    // Small daily amounts, such as those of a boiler in summer, need a decimal. But a meter in GJ counts in steps
    // of about 0.3 kWh, so its amounts have no decimal.
    const decimals = biggest * energy < 10 && unit !== "GJ" ? 1 : 0;
    const kwh = { unit: "kWh", factor: energy, decimals };
    return { day: kwh, month: kwh, own: { ...own, decimals: unit === "m3" ? 2 : 3 } };
  }
  if (unit === "m3" && (kindOf(type) === "water" || type === "waste_water")) {
    const litres = { unit: "L", factor: 1000, decimals: 0 };
    return { day: litres, month: { ...own, decimals: 1 }, own };
  }
  return { day: { ...own, decimals: 2 }, month: { ...own, decimals: 1 }, own };
}

export const write = (amount: number, { unit, factor, decimals }: Unit, locale: Locale): string =>
  unit ? locale.unit(amount * factor, unit, decimals) : locale.number(amount * factor, decimals);

/**
 * Return the sum of several days in the unit for months, such as m³. If the sum is below 1 in this unit, use the unit
 * for days, such as litres.
 */
export function writeSum(amount: number, { day, month }: Units, locale: Locale): string {
  return write(amount, amount * month.factor < 1 ? day : month, locale);
}

/** Return "20th" in English, "20." in German; the plain number in a language without ordinals for dates. */
export function ordinal(day: number, { language }: Locale): string {
  if (language === "fr" && day === 1) return "1er";
  if (language === "de" || language === "lb") return `${day}.`;
  if (language !== "en") return String(day);
  const isTeen = day > 10 && day < 14;
  return `${day}${(!isTeen && ["th", "st", "nd", "rd"][day % 10]) || "th"}`;
}

export const startOf = (month: string, day = 1): Date => dayStart(`${month}-${String(day).padStart(2, "0")}`);

/** Return "November", or "November 2024" for a month that is more than 200 days before or after the present month. */
export function monthName(month: string, today: string, locale: Locale): string {
  const isNear = Math.abs(Date.parse(`${month}-01`) - Date.parse(`${today.slice(0, 7)}-01`)) < 200 * 86_400_000;
  return isNear ? locale.month(startOf(month)) : locale.monthYear(startOf(month));
}

/** Return the sentence about the month's use; `since` is the first day with data. */
export function monthSentence(standing: Standing, units: Units, since: string, today: string, locale: Locale): string {
  const { month, first, last, missing, sum, reference, referenceSum } = standing;
  const t = locale.textOf<MediumKey>(mediumTexts);
  const amount = (value: number) => writeSum(value, units, locale);
  const params = { month: capital(locale.month(startOf(month.month))), day: ordinal(last, locale), sum: amount(sum) };
  if (today.endsWith("-01") && reference?.isWhole.every(Boolean)) {
    const before = amountIn(reference, 1, reference.length);
    return t("before", { ...params, reference: capital(monthName(reference.month, today, locale)), sum: amount(before) });
  }
  if (missing > 0 && last) return t("partly", params);
  if (!last) {
    if (since < addDays(today, -1) && !since.startsWith(month.month)) return "";
    // A day that has begun before the readings is not whole. The sum never has today.
    const sumFrom = addDays(today, since === today ? 2 : 1);
    return t("first_days", { since: locale.day(dayStart(since)), day: locale.day(dayStart(sumFrom)) });
  }
  if (first > 1) return t("since", { ...params, since: locale.day(startOf(month.month, first)) });
  if (!reference) {
    const before = new Date(startOf(month.month).getTime() - 86_400_000);
    return t("not_compared", { ...params, reference: locale.month(before) });
  }
  const name = monthName(reference.month, today, locale);
  const words = { ...params, reference: name, before: amount(referenceSum) };
  const isNothing = (value: number) => round(value * units.day.factor, units.day.decimals) === 0;
  if (isNothing(sum) || isNothing(referenceSum)) return t("both", words);
  const ratio = sum / referenceSum;
  if (ratio >= MIN_TIMES) return t("times", { ...words, times: locale.number(ratio, ratio < 10 ? 1 : 0) });
  const percent = round((ratio - 1) * 100);
  if (Math.abs(percent) < MIN_DIFFERENCE_PERCENT) return t("same", words);
  return t(percent > 0 ? "more" : "less", { ...words, share: locale.percent(Math.abs(ratio - 1)) });
}

/** Return the sentence about the water use at night. Water that runs all night can mean a leak. */
export function nightSentence(night: Night, locale: Locale): string {
  const { litres, steadyNights } = night;
  const params = { range: locale.timeRange(timeOfDay(2), timeOfDay(5)), litres: locale.unit(litres, "L"), count: locale.number(steadyNights) };
  return locale.text(mediumTexts, nightKey(night), params);
}

function nightKey({ litres, isSteady, steadyNights }: Night): MediumKey {
  if (!litres) return "night_none";
  if (!isSteady) return "night_pauses";
  return steadyNights > 2 ? "nights_steady" : "night_steady";
}
