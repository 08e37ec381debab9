/** Texts and numbers of today and of this month so far. */

import { lastOf } from "../built-ins.ts";
import { dayStart, localDay, type Locale, localParts, type Texts } from "../locale.ts";
import { firstDay, forecast, hasAmounts, type Lack, lackOf, pricesOf, toPay } from "./bill.ts";
import { type HouseRow, houseRows, unknownNote } from "./house.ts";
import { olderPrices } from "./older-prices.ts";
import type { Bill, Day, House, Usual } from "../websocket-types.ts";
import texts from "../texts/so-far.json" with { type: "json" };

/** Largest relative difference that is called "as usual". */
const SAME_SHARE = 0.1;

/**
 * Texts about the usual values. A usual value is a mean over the days with today's weekday in the last four weeks, each
 * from midnight to the present time of day.
 */
export interface UsualTexts {
  /** Cells of the column with the usual values, by row. */
  cells: Partial<Record<Row["key"], string>>;
  sentence: string;
  note: string;
}

/**
 * Return the texts that compare today with a usual day up to the same time. The cost comes first, because a day with
 * less energy may still cost more.
 */
export function usualTexts(today: Day, usual: Usual, until: Date, locale: Locale): UsualTexts {
  const t = (key: SoFarKey, params: Record<string, string | number> = {}) => locale.text(soFarTexts, key, params);
  const kWh = (wh: number) => locale.kWh(wh / 1000);
  const isSame = (value: number, mean: number) => Math.abs(value - mean) <= SAME_SHARE * Math.abs(mean);
  const both = (value: number, mean: number, show: (value: number) => string) => ({ value: show(value), usual: show(mean) });
  const [cost, energy] = [today.cost, today.imported_wh];
  const sentences: string[] = [];
  if (typeof cost === "number" && usual.cost !== null) {
    sentences.push(t(isSame(cost, usual.cost) ? "same_first" : "usual_first", both(cost, usual.cost, (value) => locale.cents(value))));
  }
  if (energy !== null) {
    const name = isSame(energy, usual.imported_wh) ? "same" : "usual";
    sentences.push(t(sentences.length ? `${name}_energy` : `${name}_first`, both(energy, usual.imported_wh, kWh)));
  }
  const days = t("weekdays").split(" ")[localParts(until).dayOfWeek]!;
  return {
    cells: {
      grid: kWh(usual.imported_wh),
      fed_in: kWh(usual.exported_wh),
      highest: locale.kW(usual.peak_kw),
      ...(usual.cost === null ? {} : { cost: locale.cents(usual.cost) }),
    },
    sentence: sentences.join(" "),
    note: t("usual_is", { count: usual.days, days, time: locale.time(until) }),
  };
}

export type SoFarKey = keyof (typeof texts)["en"];
export const soFarTexts: Texts<SoFarKey> = texts;

const UNKNOWN = "–";
/** If less than this share of the quarter-hours was measured, a note states the measured share. */
const MIN_MEASURED_SHARE = 0.99;
/** From this energy of a month on, its energies are shown in whole kWh. */
const MIN_WHOLE_WH = 10_000;

export interface Row {
  key: "grid" | "fed_in" | "highest" | "cost" | HouseRow["key"];
  name: string;
  today: string;
  month: string;
}

export interface SoFar {
  /** Text such as "until 18:15": the end of the period that the numbers cover; undefined without a bill. */
  until: string | undefined;
  today: string;
  month: string;
  rows: Row[];
  forecast: string | undefined;
  notes: string[];
  lacks: Lack | undefined;
}

const sum = (values: (number | null)[]): number | null => {
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length ? numbers.reduce((total, value) => total + value, 0) : null;
};

/** Return the content of the card. `days` are the days of the current month. */
export function soFar(days: Day[], bill: Bill | undefined, feedsIn: boolean, now: Date, locale: Locale, house?: House): SoFar {
  const t = (key: SoFarKey, params: Record<string, string> = {}) => locale.text(soFarTexts, key, params);
  const last = lastOf(days);
  const first = days[0];
  const isToday = !last || last.day === localDay(now);
  const kWh = (wh: number | null | undefined, decimals: number) =>
    typeof wh === "number" ? locale.kWh(wh / 1000, decimals) : UNKNOWN;
  const kW = (mean: number | null | undefined) => (typeof mean === "number" ? locale.kW(mean) : UNKNOWN);
  const peaks = [...days.map(({ peak }) => peak?.mean_kw), bill?.peak?.mean_kw].filter((mean) => typeof mean === "number");
  const lacks = bill && lackOf(bill);
  // Without a reference power, only the costs without the grid charges are known.
  const isPart = lacks === "reference" && hasAmounts(bill!);
  const costs = (cost: number | null | undefined, show: (value: number) => string) =>
    lacks === "prices" ? t("price_missing") : typeof cost === "number" ? show(cost) : UNKNOWN;
  const drawn = sum(days.map(({ imported_wh }) => imported_wh));
  const fed = sum(days.map(({ exported_wh }) => exported_wh));
  // In the first days of a meter, a month in whole kWh could look lower than today.
  const monthDecimals = Math.max(drawn ?? 0, fed ?? 0) < MIN_WHOLE_WH ? 1 : 0;
  const ofHouse = house && last ? houseRows(house, last.day, [last.imported_wh, drawn], locale, monthDecimals) : [];
  const rows: Row[] = [
    ...ofHouse,
    { key: "grid", name: t("grid"), today: kWh(last?.imported_wh, 1), month: kWh(drawn, monthDecimals) },
    {
      key: "fed_in",
      name: t("fed_in"),
      today: kWh(last?.exported_wh, 1),
      month: kWh(fed, monthDecimals),
    },
    { key: "highest", name: t("highest"), today: kW(last?.peak?.mean_kw), month: kW(peaks.length ? Math.max(...peaks) : null) },
    {
      key: "cost",
      name: t(isPart ? "cost_without_grid" : "cost", { vat: locale.common(bill?.vat_rate === 0 ? "without_vat" : "with_vat") }),
      today: costs(isPart ? last?.subtotal : bill && last?.cost, (value) => locale.cents(value)),
      // Today's cost is shown with cents. Early in a month, the month's cost in whole euros could look lower than
      // today's cost. So show cents, too, below 10 €.
      month: costs(isPart ? bill!.subtotal : bill && toPay(bill), (value) => (Math.abs(value) < 10 ? locale.cents(value) : locale.euros(value))),
    },
  ];
  const monthBegins = new Date(bill?.start ?? first?.start ?? now);
  const today = isToday ? t("today") : locale.shortDay(dayStart(last.day));
  return {
    until: bill ? t("until", { time: untilOf(bill, now, locale) }) : undefined,
    today,
    month: locale.month(monthBegins),
    rows: rows.filter(({ key }) => key !== "fed_in" || feedsIn),
    forecast: (bill && forecast(bill, locale)) || undefined,
    notes: [
      last && bill ? partsOf(last, today, locale) : "",
      house ? unknownNote(house, ofHouse, last?.day ?? "", locale) : "",
      bill ? olderPrices(pricesOf(bill), firstDay(bill), locale) : "",
      bill?.since ? t("counted_since", { day: locale.day(new Date(bill.since)) }) : "",
      last && isToday && last.of_quarter_hours > 0 && last.quarter_hours / last.of_quarter_hours < MIN_MEASURED_SHARE
        ? t("measured", { share: locale.percent(last.quarter_hours / last.of_quarter_hours) })
        : "",
    ].filter(Boolean),
    lacks,
  };
}

/** Return a sentence such as "Today: 0.92 € (consumption 0.51, fixed costs 0.41)." */
function partsOf({ cost, cost_used: used, cost_fixed: fixed, feed_in: sold }: Day, day: string, locale: Locale): string {
  if (typeof cost !== "number" || typeof used !== "number" || typeof fixed !== "number") return "";
  const params = { day, cost: locale.cents(cost), used: locale.number(used, 2), fixed: locale.number(fixed, 2) };
  if (!sold) return locale.text(soFarTexts, "parts", params);
  return locale.text(soFarTexts, "parts_sold", { ...params, sold: locale.number(sold, 2) });
}

function untilOf(bill: Bill, now: Date, locale: Locale): string {
  const until = new Date(bill.until);
  return localDay(until) === localDay(now) ? locale.time(until) : `${locale.shortDay(until)}, ${locale.time(until)}`;
}
