/** Texts and table of a year with changes, such as a battery or a car. */

import { sumOf } from "../built-in-replacements.ts";
import { addMonths, type CommonKey, type Locale, type Texts } from "../locale.ts";
import texts from "../texts/what-if.json" with { type: "json" };
import type { Assumption, Change, HouseSource, Market, WhatIf } from "../data/websocket-types.ts";
import { olderPrices } from "./older-prices.ts";
import { summedMonths } from "./summed-months.ts";
import { ABOUT_THE_SAME } from "./year.ts";

export type WhatIfKey = keyof (typeof texts)["en"] | CommonKey;
export const whatIfTexts: Texts<WhatIfKey> = texts;
export type Kind = Change["kind"];
export type ChangeOf<K extends Kind> = Extract<Change, { kind: K }>;

/** Smallest difference of two years in EUR that is not called "about the same". */
const MIN_DIFFERENCE = 10;

/** Longest payback time shown. Few batteries last longer, and energy prices after that time are unknown. */
const MAX_PAYBACK_YEARS = 25;
/** If at least this share of the quarter-hours has a known hourly price, no note mentions the other quarter-hours. */
const MIN_HOURLY_SHARE = 0.99;
const PARTS = ["energy", "surcharge", "feed_in", "fixed", "total"] as const;
/** Changes that are bought to save money. Only their price can be earned back. */
const INVESTMENTS: readonly Kind[] = ["panels", "battery"];

export interface WhatIfAnswer {
  sentence: string;
  /** Heads of the table: the own reference power, then the years. */
  head: string[];
  /** Rows of the table; the last row is the sum. Without rows, the sentence is the whole answer. */
  rows: string[][];
  notes: string[];
}

export interface WhatIfOptions {
  /** Price of panels and battery in EUR; 0 if not entered. */
  price?: number;
  /** Whether the house has a battery already. */
  hasBattery?: boolean;
  /** Today as 2026-11-21; without it, the day after the estimated months. */
  today?: string;
  markets?: readonly Market[];
  /** Name of a price entity. */
  nameOf?: (entityId: string) => string;
}

/** Return whether the price of the changes can be earned back. */
export const canPayBack = (kinds: readonly Kind[]): boolean => kinds.length > 0 && kinds.every((kind) => INVESTMENTS.includes(kind));

/** Return which batteries the house has already, such as "In addition to yours: 10 kWh in the Energy dashboard."; "" without. */
export function besides(batteries: readonly HouseSource[], locale: Locale): string {
  const kwh = sumOf(batteries.map(({ capacity_kwh }) => capacity_kwh || NaN));
  if (!batteries.length) return "";
  return locale.text(whatIfTexts, kwh ? "besides_kwh" : "besides", { kwh: locale.kWh(kwh, Number.isInteger(kwh) ? 0 : 1) });
}

/** Return whether the changes have a plan for the car that is entered with them. */
const plansNewCar = (changes: readonly Change[]): boolean => changes.some((change) => change.kind === "plan" && change.device === undefined);

/** Return the changes as parts of the sentence, such as "a battery of 10 kWh and 5 kW". */
function phrases(changes: readonly Change[], { assumed: assumptions }: WhatIf, hasBattery: boolean, locale: Locale): string[] {
  const car = assumptions.some(({ key }) => key === "second_car") ? "with_second_car" : "with_car";
  const carPhrase = (kwh: number) => locale.text(whatIfTexts, car, { kwh: locale.kWh(kwh, 0) });
  return changes.flatMap((change) => {
    if (change.kind === "car") return [carPhrase(change.kwh)];
    if (change.kind !== "plan") return [phrase(change, hasBattery, locale)];
    if (change.device !== undefined) return [locale.text(whatIfTexts, "with_own_plan")];
    // Beside a car, the plan is for this car.
    const own = changes.some(({ kind }) => kind === "car") ? [] : [carPhrase(change.kwh!)];
    return [...own, locale.text(whatIfTexts, "with_its_plan")];
  });
}

function phrase(change: Exclude<Change, { kind: "car" | "plan" }>, hasBattery: boolean, locale: Locale): string {
  const t = locale.textOf<WhatIfKey>(whatIfTexts);
  switch (change.kind) {
    case "contract":
      return t("with_contract");
    case "heat_pump":
      return t("with_heat_pump", { kwh: locale.kWh(change.kwh, 0) });
    case "panels":
      return t("with_panels", { kwp: locale.unit(change.kwp, "kWp", Number.isInteger(change.kwp) ? 0 : 1) });
    case "battery":
      return t(hasBattery ? "with_another_battery" : "with_battery", { kwh: locale.kWh(change.kwh, 0), kw: locale.referenceKW(change.kw) });
    case "sharing_key":
      return t("with_sharing_key", { key: locale.percent(change.key / 100) });
  }
}

/** Return the texts of a year with changes. */
export function whatIfAnswer(found: WhatIf, changes: readonly Change[], locale: Locale, options: WhatIfOptions = {}): WhatIfAnswer {
  const { price = 0, hasBattery = false, today = found.end } = options;
  const t = locale.textOf<WhatIfKey>(whatIfTexts);
  const { reference_kw: from, cheapest: { then: to } } = found;
  // An answer without any choice has one line only, as on the card of the plan.
  if (isIndifferent(found, changes)) return { sentence: t("indifferent"), head: [], rows: [], notes: [] };
  const own = found.classes[String(from)]!;
  const [fromKw, toKw] = [locale.referenceKW(from), locale.referenceKW(to)];
  const sentences = [verdict(found, changes, hasBattery, locale)];
  if (own.at_once) sentences.push(againstAtOnce(own.at_once.total - own.then.total, locale));
  if (from !== to) {
    const spared = own.then.total - found.classes[String(to)]!.then.total;
    sentences.push(t(spared < ABOUT_THE_SAME ? "same" : "becomes", { from: fromKw, to: toKw, less: locale.euros(spared) }));
  }
  if (price > 0 && canPayBack(changes.map(({ kind }) => kind))) sentences.push(earnedBack(price, found.saving.low, locale));
  const years = [own.now, ...(own.at_once ? [own.at_once] : []), own.then];
  const columns = years.map((costs) => PARTS.map((part) => costs[part]));
  const kinds = changes.map(({ kind }) => kind);
  return {
    sentence: sentences.join(" "),
    head: [fromKw, t("now"), ...(own.at_once ? [t("at_once"), t("by_plan")] : [t("then")])],
    // A part that all years lack is nothing to say: a house without panels has nothing to the grid.
    rows: PARTS.flatMap((part, index) => (columns.some((column) => column[index]) ? [[t(part), ...columns.map((column) => locale.euros(column[index]!))]] : [])),
    notes: [
      energies(found, locale),
      ...batteryNotes(own.battery, locale),
      ...found.assumed.map((assumption) => assumed(assumption, locale)),
      ...(["car", "heat_pump"] as const).filter((kind) => kinds.includes(kind)).map((kind) => t(`${kind}_not_counted`)),
      ...marketNotes(found, options, locale),
      summedMonths(monthsBetween(found.start, found.end), "todays", found.has_vat, locale),
      t("basis", { count: locale.number(found.measured_days) }),
      found.prices_of?.ended ? olderPrices({ ended: found.prices_of.ended }, today, locale) : "",
      price > 0 && canPayBack(kinds) ? t("price_not_counted") : "",
    ].filter(Boolean),
  };
}

/** Return whether a plan for a device alone changes no amount, at the household's own reference power and at the cheapest one. */
function isIndifferent({ classes, cheapest, reference_kw }: WhatIf, changes: readonly Change[]): boolean {
  const powers = [reference_kw, cheapest.now, cheapest.then].map((kw) => classes[String(kw)]!);
  const isPlan = changes.length > 0 && changes.every(({ kind }) => kind === "plan") && !plansNewCar(changes);
  return isPlan && powers.every(({ now, at_once, then }) => now.total === then.total && at_once?.total === then.total);
}

/** Return the sentence about the year with the car charged at once, which costs so many EUR more than by the plan. */
function againstAtOnce(more: number, locale: Locale): string {
  const key = more > 0 ? "at_once_more" : more < 0 ? "at_once_less" : "indifferent";
  return locale.text(whatIfTexts, key, { amount: locale.euros(Math.abs(more)) });
}

/**
 * Return the saving in EUR as the sentence has it, and whether this is the mean of a range. A range is only worth its
 * words if its ends agree about "less" or "more". Otherwise the saving is the difference of the shown totals.
 */
function toldSaving({ saving: { low, high }, classes, reference_kw }: WhatIf): { saving: number; isRange: boolean } {
  const isRange = low !== high && low > 0 === high > 0;
  const { now, then } = classes[String(reference_kw)]!;
  return { saving: isRange ? (low + high) / 2 : now.total - then.total, isRange };
}

/** Return the told saving in EUR by a plan for a device of the Energy dashboard; undefined if this is not the only change. */
export function savingOfCar(found: WhatIf, changes: readonly Change[]): number | undefined {
  if (changes.length > 1 || !("device" in changes[0]!)) return undefined;
  const { saving } = toldSaving(found);
  return saving < MIN_DIFFERENCE ? 0 : Math.round(saving);
}

/** Return the sentence about the difference, such as "With a car of 8 kWh a night, a year would cost about 620 € more." */
function verdict(found: WhatIf, changes: readonly Change[], hasBattery: boolean, locale: Locale): string {
  const { low, high } = found.saving;
  const parts = phrases(changes, found, hasBattery, locale);
  const { saving, isRange } = toldSaving(found);
  const [least, most] = [low, high].map(Math.abs).sort((a, b) => a - b) as [number, number];
  const amount = isRange ? `${locale.number(least)}–\u2060${locale.euros(most)}` : locale.euros(Math.abs(saving));
  const key = saving >= MIN_DIFFERENCE ? "less" : saving > -MIN_DIFFERENCE ? "about_the_same" : "more";
  return locale.text(whatIfTexts, key, { changes: locale.list(parts), amount });
}

function energies({ energies: { now, then } }: WhatIf, locale: Locale): string {
  const both = (key: "imported" | "exported" | "shared") => ({ now: locale.number(now[key]), then: locale.kWh(then[key], 0) });
  return (["imported", "exported", "shared"] as const)
    .filter((key) => now[key] !== then[key])
    .map((key) => locale.text(whatIfTexts, `${key}_kwh`, both(key)))
    .join(" ");
}

function batteryNotes(battery: { cycles: number; stored_share: number | null } | null, locale: Locale): string[] {
  if (!battery) return [];
  const share = battery.stored_share;
  return [locale.text(whatIfTexts, "cycles", { count: locale.number(battery.cycles) }), share === null ? "" : locale.text(whatIfTexts, "stored", { share: locale.percent(share) })];
}

/** Return the notes about market prices: their source, and how many are known. */
function marketNotes({ markets_used: used, hourly_share: share }: WhatIf, { markets = [], nameOf = (id) => id }: WhatIfOptions, locale: Locale): string[] {
  const t = locale.textOf<WhatIfKey>(whatIfTexts);
  const sources = [...new Set([...used.now, ...used.then])].map((id) => {
    const credit = markets.find((market) => market.id === id)?.credit;
    return credit ? `${id} (${credit})` : nameOf(id);
  });
  const shares = [share.now, share.then].filter((each): each is number => each !== null);
  const least = Math.min(1, ...shares);
  return [sources.length ? t("market_of", { names: sources.join(", ") }) : "", least < MIN_HOURLY_SHARE ? t("hourly", { share: locale.percent(least) }) : ""];
}

type Shown = (value: number, locale: Locale) => string;
const asPercent: Shown = (value, locale) => locale.percent(value / 100);
/** Formats of the assumptions that are numbers. All others are texts, or have no value. */
const NUMBERS: Partial<Record<Assumption["key"], Shown>> = {
  efficiency: asPercent,
  reserve: asPercent,
  standby: (value, locale) => locale.unit(value, "W"),
  begin_hour: (value, locale) => locale.clock(value),
  end_hour: (value, locale) => locale.clock(value),
  direction: (value, locale) => locale.number(value),
  tilt: (value, locale) => locale.number(value),
  solar_kwh: (value, locale) => locale.kWh(value, 0),
  energy_fee: (value, locale) => locale.cents(value),
  sharing_price: (value, locale) => locale.unit(value, "€", 3),
};

/** Return an assumption as a sentence. */
function assumed({ key, value }: Assumption, locale: Locale): string {
  // A fee of 0 and a reserve of 0 are nothing to say.
  if ((key === "reserve" || key === "energy_fee") && !value) return "";
  const shown = NUMBERS[key]?.(Number(value), locale) ?? String(value);
  return locale.text(whatIfTexts, key === "energy_fee" ? "fee" : key, { value: shown });
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
  if (saving <= 0) return locale.text(whatIfTexts, "never_earned_back");
  if (years > MAX_PAYBACK_YEARS) return locale.text(whatIfTexts, "not_earned_back", { count: locale.number(MAX_PAYBACK_YEARS) });
  return locale.count(whatIfTexts, "earned_back", years);
}
