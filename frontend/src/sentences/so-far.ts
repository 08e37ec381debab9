/** What today and this month have used and cost, as words and numbers. */

import { dayStart, localDay, type Locale, type Texts } from "../locale.ts";
import { round } from "../rounding.ts";
import texts from "../texts/so-far.json" with { type: "json" };
import type { Bill, Day } from "../wire.ts";

export type SoFarKey = keyof (typeof texts)["en"];
export const soFarTexts: Texts<SoFarKey> = texts;

const UNKNOWN = "–";
/** Below it, what is not known of a day is said. */
const NEARLY_ALL = 0.99;

export interface Row {
  key: "grid" | "fed_in" | "highest" | "cost";
  name: string;
  today: string;
  month: string;
}

export interface SoFar {
  /** Until when this is. */
  until: string | undefined;
  today: string;
  month: string;
  rows: Row[];
  forecast: string | undefined;
  notes: string[];
  lacks: "prices" | "reference" | undefined;
}

const sum = (values: (number | null)[]): number | null => {
  const known = values.filter((value) => typeof value === "number");
  return known.length ? known.reduce((one, other) => one + other, 0) : null;
};

/** `days` are those of the running month; `billError` says why there is no bill. */
export function soFar(
  days: Day[],
  bill: Bill | undefined,
  billError: string | undefined,
  feedsIn: boolean,
  now: Date,
  locale: Locale,
): SoFar {
  const t = (key: SoFarKey, params: Record<string, string> = {}) => locale.text(soFarTexts, key, params);
  const last = days.at(-1);
  const first = days[0];
  const isToday = !last || last.day === localDay(now);
  const kWh = (wh: number | null | undefined, decimals: number) =>
    typeof wh === "number" ? locale.kWh(wh / 1000, decimals) : UNKNOWN;
  const kW = (mean: number | null | undefined) => (typeof mean === "number" ? locale.kW(mean) : UNKNOWN);
  const peaks = [...days.map(({ peak }) => peak?.mean_kw), bill?.peak?.mean_kw].filter((mean) => typeof mean === "number");
  const missing = Boolean(bill?.missing?.length);
  const lacksEnergy = Boolean(bill) && !missing && !bill!.lines.some(({ name }) => name === "energy");
  const costs = (cost: number | null | undefined, show: (value: number) => string) =>
    missing ? t("price_missing") : typeof cost === "number" ? show(cost) : UNKNOWN;
  const rows: Row[] = [
    {
      key: "grid",
      name: t("grid"),
      today: kWh(last?.imported_wh, 1),
      month: kWh(sum(days.map(({ imported_wh }) => imported_wh)), 0),
    },
    {
      key: "fed_in",
      name: t("fed_in"),
      today: kWh(last?.exported_wh, 1),
      month: kWh(sum(days.map(({ exported_wh }) => exported_wh)), 0),
    },
    { key: "highest", name: t("highest"), today: kW(last?.peak?.mean_kw), month: kW(peaks.length ? Math.max(...peaks) : null) },
    {
      key: "cost",
      name: t(lacksEnergy ? "cost_grid" : "cost"),
      today: costs(bill && last?.cost, (value) => locale.cents(value)),
      // Of a month that has just begun, whole euros would be less than what today costs.
      month: costs(bill?.total, (value) => (Math.abs(value) < 10 ? locale.cents(value) : locale.euros(value))),
    },
  ];
  const monthBegins = new Date(bill?.start ?? first?.start ?? now);
  return {
    until: bill ? t("until", { time: untilOf(bill, now, locale) }) : undefined,
    today: isToday ? t("today") : locale.shortDay(dayStart(last.day)),
    month: locale.month(monthBegins),
    rows: rows.filter(({ key }) => key !== "fed_in" || feedsIn),
    forecast: bill && forecastOf(bill, locale),
    notes: [
      bill?.since ? t("counted_since", { day: locale.day(new Date(bill.since)) }) : "",
      last && isToday && last.of_quarter_hours > 0 && last.quarter_hours / last.of_quarter_hours < NEARLY_ALL
        ? t("measured", { share: locale.percent(last.quarter_hours / last.of_quarter_hours) })
        : "",
      bill?.unpriced_kwh ? t("unpriced", { energy: locale.kWh(bill.unpriced_kwh) }) : "",
    ].filter(Boolean),
    lacks:
      billError === "no_reference_power" ? "reference" : missing || (lacksEnergy && !bill?.unpriced_kwh) ? "prices" : undefined,
  };
}

function untilOf(bill: Bill, now: Date, locale: Locale): string {
  const until = new Date(bill.until);
  return localDay(until) === localDay(now) ? locale.time(until) : `${locale.shortDay(until)}, ${locale.time(until)}`;
}

function forecastOf(bill: Bill, locale: Locale): string | undefined {
  const total = bill.estimate?.total;
  if (typeof total !== "number" || !Number.isFinite(total)) return undefined;
  const isPaidOut = round(total) < 0;
  return locale.text(soFarTexts, isPaidOut ? "forecast_receive" : "forecast", {
    amount: locale.euros(isPaidOut ? -total : total),
    // The end is midnight after the last day.
    day: locale.day(new Date(Date.parse(bill.end) - 1)),
  });
}

