/** Texts about a house with solar panels: its consumption, and the part from the panels. */

import { sumOf } from "../built-in-replacements.ts";
import { type Locale, QUARTER_HOUR_MS, round, type Texts } from "../locale.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import texts from "../texts/house.json" with { type: "json" };
import type { House, HousePowers, SourcePower } from "../data/websocket-types.ts";

export const houseTexts: Texts<keyof (typeof texts)["en"]> = texts;

/**
 * Time in ms after the end of a quarter-hour. After this time, the recorder has written the inverter's statistics of
 * this quarter-hour.
 */
const STATISTICS_DELAY_MS = 60_000;
/** Maximum time in ms between the meter's reading and the report of a power that is added to it. */
const MAX_APART_MS = 90_000;
/** Power in kW below which panels or batteries count as idle. An idle inverter may report nothing. */
const IDLE_KW = 0.05;
const UNKNOWN = "–";

/** Return the house behind a meter; undefined without solar panels. */
export function houseOf(feed: MeterFeed): House | undefined {
  const period = String(Math.floor((feed.now - STATISTICS_DELAY_MS) / QUARTER_HOUR_MS));
  return feed.ask("smarty_p1/house", {}, period).value?.house ?? undefined;
}

/** Return the key of a text for a house with or without a battery. */
export const withBattery = <Key extends string>(house: { battery: readonly unknown[] }, key: Key) => (house.battery.length ? (`${key}_battery` as const) : key);

/**
 * Return the sum of the powers in kW; NaN if one of them is unknown, or was reported too long before or after `at`, the
 * time of the meter's reading. An idle source may report nothing.
 */
function powerOf(powers: readonly SourcePower[], at: number): number {
  const isUsable = ({ kw, reported_at }: SourcePower) =>
    kw !== null && (Math.abs(at - Date.parse(reported_at ?? "")) <= MAX_APART_MS || Math.abs(kw) < IDLE_KW);
  return sumOf(powers.map((power) => (isUsable(power) ? power.kw! : NaN)));
}

/**
 * Return whether the power of the house can come from the sun now. Only then may a sentence say "as long as the sun
 * shines like this".
 *
 * At night, a battery can supply the house or feed in. Without an entity of the sun, only an inverter without a battery
 * shows that the sun shines. `sun` is the state of the entity of the sun. `at` is the time of the meter's reading in ms.
 */
export function canBeSunny({ solar, battery }: HousePowers, sun: string | undefined, at: number): boolean {
  if (sun === "below_horizon") return false;
  const kw = powerOf(solar, at);
  if (solar.length && kw < IDLE_KW) return false;
  return sun === "above_horizon" || (solar.length > 0 && !battery.length && kw >= IDLE_KW);
}

/**
 * Return the power that the house uses, in kW; undefined if it is unknown, or if panels and batteries deliver nothing.
 * `net` is the power from the grid in kW, measured at `at`, in ms.
 */
export function usedPower({ solar, battery }: HousePowers, net: number, at: number): number | undefined {
  const own = powerOf([...solar, ...battery], at);
  const drawn = Math.max(0, round(net, 1));
  const used = round(net + own, 1);
  return !(own >= IDLE_KW) || used <= 0 || used < drawn + 0.05 ? undefined : used;
}

/** Return "The house uses 2.1 kW, 1.4 of it from your roof."; "" if the used power is unknown. */
export function usesSentence(house: HousePowers, net: number, at: number, locale: Locale): string {
  const used = usedPower(house, net, at);
  const isIdle = Math.abs(powerOf([...house.solar, ...house.battery], at)) < IDLE_KW && round(net, 1) > 0;
  if (used === undefined) return isIdle && house.solar.length ? locale.text(houseTexts, "none", { house: locale.kW(net) }) : "";
  const drawn = Math.max(0, round(net, 1));
  const params = { house: locale.kW(used), own: locale.number(used - drawn, 1) };
  return locale.text(houseTexts, withBattery(house, drawn ? "uses" : "all"), params);
}

export interface HouseRow {
  key: "house" | "own";
  name: string;
  today: string;
  month: string;
}

type HouseMonth = House["months"][number];

const hasAllDays = ({ since, unknown_days }: HouseMonth): boolean => !since && !unknown_days;

export const monthOf = (house: House, month: string): HouseMonth | undefined => house.months.find((known) => known.month === month);

/** Return from which day on a month is counted, and that days are missing; "" if all days are counted. */
export function countedDays(month: HouseMonth | undefined, locale: Locale): string {
  if (!month || month.own_kwh === null) return "";
  return [
    month.since ? locale.text(houseTexts, "since", { day: locale.day(month.since) }) : "",
    month.unknown_days ? locale.text(houseTexts, "left_out") : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/**
 * Return the rows of today and this month. `day` is today as 2026-11-21. `drawnWh` has the energies from the grid.
 * `monthDecimals` is the number of decimals of the month's energies in kWh.
 */
export function houseRows(house: House, day: string, drawnWh: (number | null)[], locale: Locale, monthDecimals = 0): HouseRow[] {
  const today = house.days.find((known) => known.day === day)?.own_kwh;
  const month = monthOf(house, day.slice(0, 7));
  const cells = [today, month?.own_kwh].map((own, index) => {
    // If days of the month are unknown, the house's consumption is known only for the other days.
    const isPart = index > 0 && month && !hasAllDays(month) && month.house_kwh !== null && month.own_kwh !== null;
    const drawn = isPart ? (month.house_kwh! - month.own_kwh!) * 1000 : drawnWh[index];
    if (typeof own !== "number" || typeof drawn !== "number") return [UNKNOWN, UNKNOWN];
    const decimals = index ? monthDecimals : 1;
    // Add rounded energies, so that the displayed rows add up.
    const part = round(own, decimals);
    const all = round(drawn / 1000, decimals) + part;
    return [all < 0 ? UNKNOWN : locale.kWh(all, decimals), own < 0 ? UNKNOWN : locale.kWh(own, decimals)];
  });
  const row = (key: HouseRow["key"], name: string, index: number) => ({ key, name, today: cells[0]![index]!, month: cells[1]![index]! });
  return [
    row("house", locale.common("house"), 0),
    row("own", locale.text(houseTexts, withBattery(house, "own")), 1),
  ];
}

/** Return which days the rows count, and the reason for unknown energies; "" if all are known. `day` is today as 2026-11-21. */
export const unknownNote = (house: House, rows: HouseRow[], day: string, locale: Locale): string =>
  [
    countedDays(monthOf(house, day.slice(0, 7)), locale),
    rows.some(({ today, month }) => [today, month].includes(UNKNOWN)) ? locale.text(houseTexts, withBattery(house, "unknown")) : "",
  ]
    .filter(Boolean)
    .join(" ");
