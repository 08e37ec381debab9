/** Texts and numbers of today and of this month so far. */

import { lastOf, sumOf } from "../built-in-replacements.ts";
import { firstWholeDay } from "../data/first-whole-day.ts";
import { type BarPart, splitAtLimit } from "../charts/shapes.ts";
import { capital, type CommonKey, dayStart, localDay, type Locale, localParts, plain, round, type Texts } from "../locale.ts";
import { firstDay, firstForecast, hasAmounts, isRunning, type Lack, lackOf, lastDay, pricesOf, toPay } from "./bill.ts";
import { type HouseRow, houseRows, unknownNote } from "./house.ts";
import { olderPrices } from "./older-prices.ts";
import type { Bill, Day, Goal, House, Usual, UsualReason } from "../data/websocket-types.ts";
import texts from "../texts/so-far.json" with { type: "json" };

/** Largest relative difference that is called "as usual", or "about as much as last year". */
const SAME_SHARE = 0.1;
/** Difference in Wh that is no difference on the card. */
const SAME_WH = 100;
/** Smallest forecast above the goal that counts as above it: in EUR, and relative. */
const MIN_ABOVE_EUR = 2;
const MIN_ABOVE_SHARE = 0.02;

/**
 * Texts about the usual values. A usual value is a mean over the days with today's weekday in the last four weeks, each
 * from midnight to the present time of day.
 */
export interface UsualTexts {
  /** Texts below today's values, by row. */
  below: Partial<Record<Row["key"], string>>;
  sentence: string;
  note: string;
}

/** Return the texts that compare today with a usual day up to the same time: the reason comes before the number. */
export function usualTexts(today: Day, usual: Usual, reason: UsualReason | null, until: Date, locale: Locale): UsualTexts {
  const t = locale.textOf<SoFarKey>(soFarTexts);
  const kWh = (wh: number) => locale.kWh(wh / 1000);
  const below = (wh: number | null | undefined) => (typeof wh === "number" ? { usual: wh } : undefined);
  const sentence = (value: number, mean: number, show: (value: number) => string) => {
    // Less energy in both directions can cost as much as usual: such a day is not as usual.
    const isSame = isNear(value, mean) && (energy === null || isNear(energy, usual.imported_wh, SAME_WH)) && (sold === null || isNear(sold, usual.exported_wh, SAME_WH));
    if (isSame) return t("today_same", { value: show(value) });
    const both = { value: show(value), usual: show(mean) };
    if (!reason) return t("today_cost", both);
    const R = today.reference_kw ? locale.referenceKW(today.reference_kw) : "";
    return t("today_because", { ...both, reason: t(reason, { R }) });
  };
  const { cost, imported_wh: energy, exported_wh: sold } = today;
  const hasCost = typeof cost === "number" && usual.cost !== null;
  const rows = [["house", below(usual.house_wh)], ["own", below(usual.own_wh)], ["grid", below(usual.imported_wh)], ["fed_in", below(usual.exported_wh)]] as const;
  const days = t("weekdays").split(" ")[localParts(until).dayOfWeek]!;
  return {
    below: Object.fromEntries(rows.flatMap(([key, value]) => (value ? [[key, t("usually", { value: locale.number(value.usual / 1000, 1) })]] : []))),
    sentence: hasCost
      ? sentence(cost, usual.cost!, (value) => locale.cents(value))
      : energy === null
        ? ""
        : sentence(energy, usual.imported_wh, kWh),
    note: t("usual_is", { count: usual.days, days, time: locale.time(until) }),
  };
}

/** Return whether a value is within SAME_SHARE of a usual one, or at most `slack` beside it. */
const isNear = (value: number, usual: number, slack = 0): boolean => Math.abs(value - usual) <= Math.max(slack, SAME_SHARE * Math.abs(usual));

export type SoFarKey = keyof (typeof texts)["en"] | CommonKey;
export const soFarTexts: Texts<SoFarKey> = texts;

const UNKNOWN = "–";
/** If less than this share of the quarter-hours was measured, a note states the measured share. */
const MIN_MEASURED_SHARE = 0.99;
/** From this energy of a month on, its energies are shown in whole kWh. */
const MIN_WHOLE_WH = 10_000;

export interface Row {
  key: "grid" | "fed_in" | HouseRow["key"];
  name: string;
  today: string;
  month: string;
}

export interface GoalBar {
  parts: BarPart[];
  /** Position of the goal. */
  line: number;
  soFar: string;
  goal: string;
  /** Text such as "≈ 102"; "" without a forecast. */
  forecast: string;
  isAbove: boolean;
  /** The bar in words, for screen readers. */
  words: string;
}

export interface SoFar {
  /** Text such as "until 18:15": the end of the period that the numbers cover; undefined without a bill. */
  until: string | undefined;
  today: string;
  month: string;
  rows: Row[];
  /** Cost of today, without a comparison; "" if it is unknown. */
  cost: string;
  /** Forecast of the month, and whether it is above the goal. */
  forecast: string;
  isAbove: boolean;
  bar: GoalBar | undefined;
  /** Permitted cost of a day's energy within the goal; the day when the goal was passed; or that it cannot be met. */
  underBar: string;
  /** Parts of today's cost, for the table behind the card. */
  parts: [name: string, amount: string][];
  notes: string[];
  lacks: Lack | undefined;
}

const sum = (values: (number | null)[]): number | null => {
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.length ? sumOf(numbers) : null;
};

/** Largest energy in Wh that is shown as 0. */
const MAX_ZERO_WH = 50;

/** Return whether a day has no whole quarter-hour yet, and would only show 0 kWh. */
export const isNothing = ({ quarter_hours, imported_wh, exported_wh }: Pick<Day, "quarter_hours" | "imported_wh" | "exported_wh">): boolean =>
  !quarter_hours && Math.max(imported_wh ?? 0, exported_wh ?? 0) < MAX_ZERO_WH;

/** Return the content of the card. `days` are the days of the current month. */
export function soFar(days: Day[], bill: Bill | undefined, now: Date, locale: Locale, house?: House): SoFar {
  const t = locale.textOf<SoFarKey>(soFarTexts);
  const last = lastOf(days);
  const isToday = !last || last.day === localDay(now);
  const kWh = (wh: number | null | undefined, decimals: number) =>
    typeof wh === "number" ? locale.kWh(wh / 1000, decimals) : UNKNOWN;
  const lacks = bill && lackOf(bill);
  const [drawn, sold] = [sum(days.map(({ imported_wh }) => imported_wh)), sum(days.map(({ exported_wh }) => exported_wh))];
  // In the first days of a meter, a month in whole kWh could look lower than today.
  const monthDecimals = (drawn ?? 0) < MIN_WHOLE_WH ? 1 : 0;
  const isZero = days.length > 0 && days.every(isNothing);
  const ofHouse = house && last ? houseRows(house, last.day, [last.imported_wh, drawn], locale, monthDecimals) : [];
  const monthBegins = new Date(bill?.start ?? days[0]?.start ?? now);
  const today = isToday ? t("today") : locale.shortDay(dayStart(last.day));
  const month = locale.month(monthBegins);
  return {
    until: bill ? t("until", { time: locale.dayAndTime(bill.until, now) }) : undefined,
    today,
    month,
    rows: isZero
      ? []
      : [
          ...ofHouse,
          { key: "grid", name: t("drawn"), today: kWh(last?.imported_wh, 1), month: kWh(drawn, monthDecimals) },
          ...(sold ? [{ key: "fed_in", name: t("feed_in"), today: kWh(last?.exported_wh, 1), month: kWh(sold, monthDecimals) } as const] : []),
        ],
    cost: last && bill ? costOf(last, bill, isToday && locale.language === "en" ? today.toLowerCase() : today, locale) : "",
    ...(bill ? ofMonth(bill, month, locale) : { forecast: "", isAbove: false, bar: undefined, underBar: "" }),
    parts: last && bill ? partsOf(last, locale) : [],
    notes: [
      house ? unknownNote(house, ofHouse, last?.day ?? "", locale) : "",
      bill ? olderPrices(pricesOf(bill), firstDay(bill), locale) : "",
      bill?.since ? t("counted_since", { day: locale.day(bill.since) }) : "",
      // On a day that has begun before the readings, the note before says enough.
      last && isToday && !isZero && (firstWholeDay(bill?.since) ?? "") <= last.day && last.of_quarter_hours > 0 && last.quarter_hours / last.of_quarter_hours < MIN_MEASURED_SHARE
        ? t("measured", { share: locale.percent(last.quarter_hours / last.of_quarter_hours) })
        : "",
    ].filter(Boolean),
    lacks,
  };
}

/** Return what the last day has cost, or why this is unknown. */
function costOf(last: Day, bill: Bill, day: string, locale: Locale): string {
  const t = locale.textOf<SoFarKey>(soFarTexts);
  // Without a reference power, only the costs without the grid charges are known.
  const isPart = lackOf(bill) === "reference" && hasAmounts(bill);
  const cost = isPart ? last.subtotal : last.cost;
  if (lackOf(bill) === "prices") return capital(t("price_missing"));
  if (typeof cost !== "number") return "";
  const sentence = t("today_only", { value: locale.cents(cost), day });
  return isPart ? `${sentence} ${t("without_grid")}` : sentence;
}

/** Return the forecast of the running month, and its place beside the goal. */
function ofMonth(bill: Bill, month: string, locale: Locale): Pick<SoFar, "forecast" | "isAbove" | "bar" | "underBar"> {
  const t = locale.textOf<SoFarKey>(soFarTexts);
  const { estimate, goal } = bill;
  // Nobody knows what the energy of the community will cost. So forecast and goal are about the supplier's bill.
  const soFar = goal || estimate ? bill.total : toPay(bill);
  if (!isRunning(bill) || soFar === null) return { forecast: "", isAbove: false, bar: undefined, underBar: "" };
  const total = estimate && Number.isFinite(estimate.total) ? estimate.total : undefined;
  const limit = goal?.total ?? undefined;
  const above = limit === undefined ? 0 : (total ?? soFar) - limit;
  const isAbove = limit !== undefined && above >= Math.max(MIN_ABOVE_EUR, MIN_ABOVE_SHARE * Math.abs(limit));
  const of = goal?.is_last_year ? "last_year" : "goal";
  const verdict =
    limit === undefined || total === undefined
      ? "."
      : isAbove
        ? t(`above_${of}`, { amount: locale.euros(round(total) - round(limit)) })
        : of === "last_year" && !isNear(total, limit) && total < limit
          ? t("within_last_year", { amount: locale.euros(round(limit) - round(total)) })
          : t(of === "last_year" ? "same_last_year" : "within_goal");
  const heading = (euros: number) => {
    const isReceived = euros < 0 && round(euros) !== 0;
    const forecast = capital(t(isReceived ? "heading_credit" : "heading", { month, total: locale.euros(isReceived ? -euros : euros) }));
    return bill.shared_kwh ? t(isReceived ? "from_supplier" : "to_supplier", { forecast }) : forecast;
  };
  const isForecastLater = bill.estimate_lacks === "last_year" || (bill.estimate_lacks === "quarter_hours" && bill.since);
  const forecast =
    total === undefined
      ? [capital(t("month_so_far", { month, total: euros(soFar, locale) })), isForecastLater ? t("from_day", { day: locale.day(firstForecast(bill)) }) : ""]
          .filter(Boolean)
          .join(" ")
      : heading(total) + verdict;
  return {
    forecast,
    isAbove,
    bar: goal && limit !== undefined ? goalBar(soFar, total, limit, of, isAbove, locale) : undefined,
    underBar: goal ? underBar(goal, isAbove, bill, locale) : "",
  };
}

/** Return an amount in whole euros, below 10 € with cents: early in a month, whole euros could look lower than today's cost. */
const euros = (value: number, locale: Locale): string => (Math.abs(value) < 10 ? locale.cents(value) : locale.euros(value));

/** Return the bar with the cost so far, the forecast `total` and the goal `limit`, all in EUR. */
export function goalBar(
  soFar: number,
  total: number | undefined,
  limit: number,
  of: "goal" | "last_year",
  isAbove: boolean,
  locale: Locale,
): GoalBar {
  const t = locale.textOf<SoFarKey>(soFarTexts);
  // A month that is paid for its solar power begins below 0.
  const begin = Math.min(0, soFar, limit, total ?? 0);
  const end = Math.max(soFar, limit, total ?? soFar, begin + 1);
  const scale = (end - begin) * 1.08;
  const share = (value: number) => (value - begin) / scale;
  // In a sunny month, the cost may still fall: the hatched part is then what the forecast takes away.
  const [solid, hatched] = [Math.min(soFar, total ?? soFar), Math.max(soFar, total ?? soFar)];
  const goal = t(of, { value: locale.euros(limit) });
  const value = euros(soFar, locale);
  return {
    parts: splitAtLimit(0, share(solid), share(hatched), share(limit), "quiet", "warning"),
    line: share(limit),
    soFar: t("so_far", { value }),
    goal,
    forecast: total === undefined ? "" : t("about", { value: locale.number(total) }),
    isAbove,
    words: capital(
      total === undefined
        ? t("bar_so_far", { goal: plain(goal), value })
        : t("bar", { goal: plain(goal), value, total: locale.euros(total) }),
    ),
  };
}

function underBar({ total, day_budget: budget, can_be_met: canBeMet, recent_day: recent, passed_on: passed, is_last_year: isLastYear }: Goal, isAbove: boolean, bill: Bill, locale: Locale): string {
  const t = locale.textOf<SoFarKey>(soFarTexts);
  if (total === null) return t("goal_unknown");
  const of = isLastYear ? "_last_year" : "";
  if (passed) return t(`passed${of}`, { day: locale.day(dayStart(passed)) });
  if (canBeMet === false) return t(`out_of_reach${of}`);
  if (!isAbove || typeof budget !== "number") return "";
  const lately = typeof recent === "number" ? { recent: locale.cents(recent) } : undefined;
  return t(lately ? "budget_lately" : "budget", { goal: locale.euros(total), budget: locale.cents(budget), day: locale.day(lastDay(bill)), ...lately });
}

/** Return the parts of a day's cost: consumption, energy to the grid, fixed costs, and their sum. */
function partsOf({ cost, cost_used: used, cost_fixed: fixed, feed_in: sold }: Day, locale: Locale): [string, string][] {
  if (typeof cost !== "number" || typeof used !== "number" || typeof fixed !== "number") return [];
  const row = (key: SoFarKey, amount: number): [string, string] => [locale.text(soFarTexts, key), locale.cents(amount)];
  return [row("used", used), ...(sold ? [row("feed_in", sold)] : []), row("fixed", fixed), row("total", cost)];
}

