/** Texts of a month's bill: lines in the order of the paper bill, with numbers that a household can check. */

import { sumOf } from "../built-in-replacements.ts";
import { addDays, capital, type CommonKey, dayStart, localDay, type Locale, type Params, round, type Texts } from "../locale.ts";
import soFarTexts from "../texts/so-far.json" with { type: "json" };
import texts from "../texts/bill.json" with { type: "json" };
import type { Field } from "../card-host.ts";
import type { Bill, BillLine, BillPartName, OlderPrices } from "../data/websocket-types.ts";
import { olderPrices, withPrices } from "./older-prices.ts";
import { yesterdayTexts } from "./last-known-day.ts";

export type BillKey = keyof (typeof texts)["en"] | CommonKey;
export const billTexts: Texts<BillKey> = texts;

/** Lines of the supplier and of the grid, in the order of the paper bill. All other lines but feed-in are levies and aids. */
const GROUPS: string[][] = [
  ["energy", "energy_second", "energy_fee", "discount", "aid_per_month"],
  ["network_fixed", "network_variable", "meter", "surcharge"],
];
const PARTS = ["energy", "network", "levies", "surcharge"] as const;

/** Return the part of a bill line. If any line of a part has no price, the whole part is left out of the subtotal. */
function partOf(name: string): BillPartName {
  if (name === "surcharge" || name === "feed_in") return name;
  if (GROUPS[0]!.includes(name)) return "energy";
  return GROUPS[1]!.includes(name) ? "network" : "levies";
}
const MIN_MEASURED_SHARE = 0.99;
/** Maximum number of decimals of a price that a user enters. A price with more decimals is a mean of market prices. */
const MAX_ENTERED_DECIMALS = 5;
const MAX_DECIMALS = 6;

export interface Row {
  name: string;
  quantity?: string | undefined;
  amount: string;
  dot?: "excess" | "fed-in";
}

/** Values missing for a total: the prices, or the reference power. */
export type Lack = "prices" | "reference";

export interface ShownBill {
  title: string;
  /** Total without its unit; "–" if unknown. */
  total: string;
  /** Text beside the total, for example "€", "€ so far" or "€ credit". */
  label: string;
  until: string | undefined;
  measured: string;
  isWellMeasured: boolean;
  /** Sentence about older prices, which replace the month's unpublished prices; "" if no price is replaced. */
  notice: string;
  /** Sentence about the forecast or, if the bill has no total, about the values that the bill lacks. */
  sentence: string;
  /** Sentence about an unknown payment to the energy community; "" if it is known, or if the bill has no total. */
  community: string;
  lacks: Lack | undefined;
  groups: Row[][];
  /**
   * The sum of the bill. With energy sharing, two rows follow: the payment to the energy community, and the total of
   * the bill and this payment.
   */
  sums: Row[];
  notes: string[];
}

export const isRunning = (bill: Bill): boolean => Date.parse(bill.until) < Date.parse(bill.end);

/** Return the older prices of the bill, or of the forecast if the bill so far has none. */
export const pricesOf = ({ prices_of: older, estimate }: Bill): OlderPrices | undefined => older ?? estimate?.prices_of;
export const firstDay = ({ month }: Bill): string => `${month}-01`;

/** Return the last day of the bill's month. */
export const lastDay = (bill: Bill): Date => dayStart(addDays(localDay(bill.end), -1));

/** Return the cost of a month: the bill, plus the payment to the energy community if known. */
export const toPay = (bill: Bill): number | null => (bill.total === null ? null : (bill.total_with_community ?? bill.total));

/** Return the values that a bill without a total lacks: prices or reference power. Undefined if there is a total. */
export function lackOf(bill: Bill): Lack | undefined {
  if (bill.total !== null) return undefined;
  return bill.reference_kw === null ? "reference" : "prices";
}

/**
 * Return whether the card shows amounts of money. Without a reference power, the grid charges are unknown, but the costs
 * of the energy and the levies are known if the prices were entered.
 */
export const hasAmounts = (bill: Bill): boolean =>
  lackOf(bill) !== "reference" || (typeof bill.subtotal === "number" && !missingParts(bill).includes("energy"));

/** Return the field of the contract whose value the bill lacks; undefined if the bill lacks past market prices. */
export function missingField(bill: Bill): Field | undefined {
  const lack = lackOf(bill);
  if (!lack) return "energy_sharing";
  if (lacksMarketPrices(bill)) return undefined;
  if (lack === "reference") return "reference_power";
  const missing = bill.missing ?? [];
  return missing.length && missing.every((name) => partOf(name) === "network") ? "network_prices" : "energy_price";
}

export function shownBill(bill: Bill, locale: Locale): ShownBill {
  const t = locale.textOf<BillKey>(billTexts);
  const lacks = lackOf(bill);
  const total = toPay(bill);
  const isInEuros = hasAmounts(bill);
  return {
    title: capital(locale.monthYear(bill.start)),
    total: isInEuros ? (total === null ? "–" : locale.number(Math.abs(total), 2)) : locale.number(bill.imported_kwh, 2),
    label: isInEuros ? labelOf(bill, total, t) : "kWh",
    until: isRunning(bill) ? untilOf(new Date(bill.until), locale, t) : undefined,
    measured: measuredOf(bill, locale, t),
    isWellMeasured: bill.measured_share >= MIN_MEASURED_SHARE || Boolean(bill.since),
    notice: isInEuros ? olderPrices(pricesOf(bill), firstDay(bill), locale) : "",
    sentence: !lacks ? forecast(bill, locale) : isInEuros ? missingSentence(bill, locale, t) : t("no_reference"),
    community: lacksCommunity(bill) && !lacks ? t("community_missing") : "",
    lacks,
    groups: isInEuros ? groupsOf(bill, locale, t) : [energyOf(bill, locale, t)],
    sums: isInEuros ? sumsOf(bill, locale, t) : [],
    notes: notesOf(bill, locale, t),
  };
}

/** Return the sentence about energy that is not from this meter, or was not measured. "" if all energy is measured. */
function measuredOf(bill: Bill, locale: Locale, t: Say): string {
  if (isFromLeneda(bill)) return locale.text(yesterdayTexts, "from");
  if (!(bill.measured_share < 1)) return "";
  if (bill.since) return locale.text(soFarTexts, "counted_since", { day: locale.day(bill.since) });
  return t("measured", { share: locale.percent(bill.measured_share, 1) });
}

/**
 * Return the time until which the bill of the current month counts: "until 21 Nov, 18:15". At midnight, it is the
 * end of the day before.
 */
function untilOf(until: Date, locale: Locale, t: Say): string {
  const isMidnight = dayStart(localDay(until)).getTime() === until.getTime();
  if (!isMidnight) return t("until", { day: locale.shortDay(until), time: locale.time(until) });
  return locale.common("until_end_of", { day: locale.shortDate(until.getTime() - 1) });
}

/** Return whether all known quarter-hours come from Leneda, and none from the meter's telegrams. */
const isFromLeneda = ({ leneda_quarter_hours: count, quarter_hours: all }: Bill): boolean => Boolean(count) && count === all;

type Say = (key: BillKey, params?: Params) => string;

function labelOf(bill: Bill, total: number | null, t: Say): string {
  if (total === null) return "€";
  const isReceived = total < 0;
  const more = isRunning(bill) ? t(isReceived ? "receive_so_far" : "so_far") : isReceived ? t("receive") : "";
  return more ? `€ ${more}` : "€";
}

/** Return "Forecast until 30 November: 140 to 155 €", or the reason why the current month has no forecast. */
function forecast(bill: Bill, locale: Locale): string {
  const { estimate, estimate_lacks: lacks } = bill;
  if (!isRunning(bill)) return "";
  if (lacks === "last_year") return locale.text(billTexts, "forecast_needs_last_year", { day: locale.day(firstForecast(bill)) });
  if (lacks === "quarter_hours" && bill.since) return locale.text(soFarTexts, "from_day", { day: locale.day(firstForecast(bill)) });
  if (lacks === "quarter_hours") return locale.text(billTexts, "forecast_needs_quarter_hours");
  if (!estimate || !Number.isFinite(estimate.low) || !Number.isFinite(estimate.high)) return "";
  const [low, high] = wholeRange(estimate.low, estimate.high);
  const isReceived = high <= 0 && low < 0;
  const keys = bill.shared_kwh ? (["forecast_from_supplier", "forecast_supplier"] as const) : (["forecast_receive", "forecast"] as const);
  const [from, to] = isReceived ? [Math.abs(high), -low] : [low, high];
  const total = from === to ? locale.euros(to) : locale.text(billTexts, "range", { low: locale.number(from), high: locale.euros(to) });
  return locale.text(billTexts, keys[isReceived ? 0 : 1], { total, day: locale.day(lastDay(bill)) });
}

/**
 * Return the day from which on there is a forecast even without last year. It is in the next month if most of this month was not
 * measured.
 */
export const firstForecast = ({ start, end, estimate_lacks: lacks }: Bill): Date => dayStart(addDays(localDay(lacks === "quarter_hours" ? end : start), 3));

/** Round a range outwards, to fewer digits the wider it is: 71.30 to 88.10 becomes 70 to 90. */
function wholeRange(low: number, high: number): [number, number] {
  const width = high - low;
  const step = width < 10 ? 1 : width < 100 ? 5 : 10;
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** Return the sentence about the parts left out of the sum. */
function missingSentence(bill: Bill, locale: Locale, t: Say): string {
  const parts = missingParts(bill);
  if (typeof bill.subtotal !== "number" || !parts.length) return t("other_missing");
  const amount = locale.cents(bill.subtotal);
  const energy = t("energy_missing", { amount });
  if (lacksMarketPrices(bill)) return `${energy} ${unpricedNote(bill, locale)}`;
  if (isEnergyAlone(parts)) return `${energy} ${t("enter_energy")}`;
  return t(lackOf(bill) === "reference" ? "reference_missing" : "parts_missing", { amount, parts: parts.map((part) => t(`part_${part}`)).join(", ") });
}

/** Return the parts without a complete price, in the order of the paper bill. */
function missingParts({ missing = [] }: Bill): (typeof PARTS)[number][] {
  return PARTS.filter((part) => missing.some((name) => partOf(name) === part));
}

const isEnergyAlone = (parts: string[]): boolean => parts.length === 1 && parts[0] === "energy";

/** Return whether the bill lacks only past market prices, which the user cannot enter. */
const lacksMarketPrices = ({ missing, unpriced_kwh: all, unpriced_market_kwh: market }: Bill): boolean =>
  missing?.join() === "energy" && Boolean(market) && market === all;

/** Return the sentence about the energy whose market price is unknown. */
export const unpricedNote = (bill: Bill, locale: Locale): string =>
  locale.text(billTexts, "note_unpriced", { kwh: locale.kWh(bill.unpriced_market_kwh!, 2) });

/** Return whether energy was shared but the payment to the community is unknown. */
export const lacksCommunity = (bill: Bill): boolean => Boolean(bill.shared_kwh) && !bill.community;

/** Return the rows of energies and of the highest power, which are known even without a contract. */
function energyOf({ imported_kwh, exported_kwh, peak }: Bill, locale: Locale, t: Say): Row[] {
  const time = peak && new Date(peak.start);
  return [
    { name: t("drawn"), amount: locale.kWh(imported_kwh, 2) },
    ...(exported_kwh ? [{ name: t("feed_in"), amount: locale.kWh(exported_kwh, 2), dot: "fed-in" as const }] : []),
    ...(time ? [{ name: t("highest"), quantity: `${locale.shortDay(time)}, ${locale.time(time)}`, amount: locale.kW(peak.mean_kw) }] : []),
  ];
}

/** Return whether a line is unknown as long as the reference power is unknown. */
const needsReference = (name: string): boolean => name === "network_fixed" || name === "surcharge";

const sum = (lines: BillLine[]): number => sumOf(lines.map(({ amount }) => amount));
const hasVat = ({ name, has_vat }: BillLine): boolean => name !== "feed_in" && has_vat !== false;

function groupsOf(bill: Bill, locale: Locale, t: Say): Row[][] {
  const { lines, missing = [], vat_rate: rate } = bill;
  const fixed = lines.filter(({ name }) => name === "network_fixed").length;
  // If a month has two fixed prices, its reference power may have changed. So name no reference power.
  const R = bill.reference_kw === null || fixed > 1 ? undefined : locale.referenceKW(bill.reference_kw);
  const write = quantities(bill, locale, t);
  const parts = new Set<string>(missingParts(bill));
  const isLeftOut = (line: BillLine) => parts.has(partOf(line.name));
  const named = (name: string): string => {
    const isPlain = needsReference(name) && R === undefined;
    return t((isPlain ? `${name}_plain` : name) as BillKey, R === undefined ? {} : { R });
  };
  const amountOf = (line: BillLine) => {
    if (isLeftOut(line)) return t("not_in_sum");
    return Number.isFinite(line.amount) ? locale.number(line.amount, 2) : "–";
  };
  const row = (line: BillLine): Row => ({
    name: line.label ?? named(line.name),
    quantity: Number.isFinite(line.quantity) && Number.isFinite(line.price) ? write(line) : undefined,
    amount: amountOf(line),
    ...(line.name === "surcharge" ? { dot: "excess" as const } : line.name === "feed_in" ? { dot: "fed-in" as const } : {}),
  });
  const rowsOf = (name: string): Row[] => [
    ...lines.filter((line) => line.name === name && (name === "feed_in" || !rate || hasVat(line))).map(row),
    ...(missing.includes(name) ? [{ name: named(name), quantity: quantityMissing(name, bill, locale), amount: t(R === undefined && needsReference(name) ? "unknown" : "price_missing") }] : []),
  ];
  const isAid = (name: string) => Number(name === "aid_per_kwh");
  const levies = [...new Set([...lines.map(({ name }) => name), ...missing])].filter((name) => partOf(name) === "levies").sort((a, b) => isAid(a) - isAid(b));
  const groups = [...GROUPS, levies].map((names) => names.flatMap(rowsOf));
  const counted = lines.filter((line) => !isLeftOut(line));
  const aids = rate ? counted.filter((line) => line.name !== "feed_in" && !hasVat(line)) : [];
  groups.push([...netAndVat(bill, counted, locale, t), ...aids.map(row), ...rowsOf("feed_in"), ...soldWithoutPrice(bill, locale, t)]);
  return groups.filter((rows) => rows.length);
}

/**
 * Return the quantity of the line `name`, which has no price. Return undefined if the quantity is unknown. It is known
 * only for the line "energy": the supplied energy minus the quantity of the line "energy_second". If this second line
 * has no price either, both quantities are unknown.
 */
function quantityMissing(name: string, bill: Bill, locale: Locale): string | undefined {
  if (name !== "energy") return undefined;
  return bill.missing?.includes("energy_second") ? undefined : locale.kWh(suppliedKwh(bill) - quantityOf("energy_second", bill), 2);
}

/** Return the quantity of all lines with a name. */
export const quantityOf = (name: string, { lines }: Bill): number => sumOf(lines.filter((line) => line.name === name).map(({ quantity }) => quantity));

const suppliedKwh = ({ imported_kwh, shared_kwh }: Bill): number => imported_kwh - (shared_kwh ?? 0);
const hasFeedIn = ({ lines }: Bill): boolean => lines.some(({ name }) => name === "feed_in");

function soldWithoutPrice(bill: Bill, locale: Locale, t: Say): Row[] {
  const { unpriced_exported_kwh: kwh } = bill;
  if (!kwh) return [];
  const name = t(hasFeedIn(bill) ? "unpriced_fed_in" : "feed_in");
  return [{ name, quantity: locale.kWh(kwh, 2), amount: t("price_missing"), dot: "fed-in" }];
}

/**
 * Return the two rows for the net amount and the VAT. As on the paper bill, they come before the lines without VAT,
 * which are feed-in and some aids.
 */
function netAndVat({ total, subtotal, vat_rate: rate }: Bill, counted: BillLine[], locale: Locale, t: Say): Row[] {
  const all = total ?? subtotal;
  if (typeof all !== "number" || !rate) return [];
  return [
    { name: t("net"), amount: locale.number(sum(counted.filter(hasVat)), 2) },
    { name: t("vat"), quantity: locale.percent(rate, decimalsOf(rate * 100, 0, 1)), amount: locale.number(all - sum(counted), 2) },
  ];
}

/** Return up to three rows: the sum of the bill, the payment to the energy community, and their total. */
function sumsOf(bill: Bill, locale: Locale, t: Say): Row[] {
  const { total, subtotal, community, shared_kwh, total_with_community: both } = bill;
  const isReceived = (total ?? 0) < 0;
  const key: BillKey = lackOf(bill)
    ? isEnergyAlone(missingParts(bill))
      ? "grid_alone"
      : "known_parts"
    : isRunning(bill)
      ? isReceived
        ? "received_so_far"
        : "so_far_pay"
      : isReceived
        ? "to_receive"
        : "pay";
  const shown = total === null ? (subtotal ?? null) : Math.abs(total);
  const rows: Row[] = [{ name: withPrices(t(key), bill.prices_of, locale), amount: shown === null ? "–" : locale.cents(shown) }];
  if (!shared_kwh) return rows;
  const quantity = locale.kWh(community?.quantity ?? shared_kwh, 2);
  if (!community) return [...rows, { name: t("community"), quantity, amount: t("price_missing") }];
  const price = locale.unit(community.price, "€", priceDecimals(community));
  rows.push({ name: t("community"), quantity: t("community_times", { quantity, price }), amount: locale.number(community.amount, 2) });
  if (typeof both === "number") rows.push({ name: t(both < 0 ? "both_receive" : "both"), amount: locale.cents(Math.abs(both)) });
  return rows;
}

/**
 * Return a function that writes the quantity of a line.
 *
 * A quantity in kWh has two decimals. A number of days has one decimal while the month is running. After the month, it
 * has as many decimals as a user needs to calculate the amount of the line from it.
 */
function quantities(bill: Bill, locale: Locale, t: Say): (line: BillLine) => string {
  const days = Math.round((Date.parse(bill.end) - Date.parse(bill.start)) / 86_400_000);
  const isMonth = ({ unit }: BillLine) => unit === "month";
  const isWhole = ({ quantity }: BillLine) => Math.abs(quantity - 1) < 1e-6;
  const inDays = bill.lines.filter((line) => isMonth(line) && !isWhole(line));
  const priceOf = (line: BillLine) => round(line.price, priceDecimals(line));
  const running = isRunning(bill);
  // In the first hour, one decimal would leave no days.
  const isFirstHour = inDays.some(({ quantity }) => !round(quantity * days, 1));
  const dayDecimals = running && !isFirstHour ? 1 : enough(0, 4, inDays, (line, decimals) => (round(line.quantity * days, decimals) / days) * priceOf(line));
  return (line) => {
    const decimals = priceDecimals(line);
    const price = locale.unit(line.price, "€", decimals);
    if (!isMonth(line)) {
      // A price with many decimals is a mean price, unless the line has a label. Lines with a label are state aids: if
      // an aid was entered with VAT, its net price may have many decimals, too.
      const key = decimals > MAX_ENTERED_DECIMALS && !line.label ? "times_mean" : "times";
      return t(key, { quantity: locale.unit(line.quantity, line.unit, 2), price });
    }
    if (isWhole(line)) return t("one_month", { price });
    return t("so_many_days", { days: locale.number(line.quantity * days, round(line.quantity * days, dayDecimals) % 1 ? dayDecimals : 0), all: days, price });
  };
}

function enough(min: number, max: number, lines: BillLine[], cost: (line: BillLine, decimals: number) => number): number {
  for (let decimals = min; decimals < max; decimals += 1) {
    const isRight = (line: BillLine) => Math.abs(Math.abs(round(cost(line, decimals), 2)) - Math.abs(line.amount)) < 0.005;
    if (lines.every(isRight)) return decimals;
  }
  return max;
}

const priceDecimals = ({ unit, price }: BillLine): number => decimalsOf(price, unit === "month" ? 2 : 4, MAX_DECIMALS);

function decimalsOf(value: number, min: number, max: number): number {
  let decimals = min;
  while (decimals < max && Math.abs(round(value, decimals) - value) > 1e-9) decimals += 1;
  return decimals;
}

function notesOf(bill: Bill, locale: Locale, t: Say): string[] {
  const kwh = (value: number) => locale.kWh(value, 2);
  const { shared_kwh, sharing_known_kwh } = bill;
  const all = bill.quarter_hours ?? 0;
  const reading = readingOf(bill);
  const R = bill.reference_kw === null ? "" : locale.referenceKW(bill.reference_kw);
  return [
    bill.since ? t("since", { day: locale.day(bill.since) }) : "",
    ...(hasAmounts(bill) ? notesOfPrices(bill, locale, t) : []),
    shared_kwh ? t("note_shared", { kwh: kwh(shared_kwh) }) : "",
    sharing_known_kwh !== undefined && sharing_known_kwh < bill.imported_kwh - 0.05
      ? t("note_shared_part", { known: kwh(sharing_known_kwh), all: kwh(bill.imported_kwh) })
      : "",
    bill.may_owe_less_network && hasAmounts(bill) ? t("note_less_network", { amount: locale.cents(bill.may_owe_less_network) }) : "",
    bill.leneda_quarter_hours ? t("note_leneda", { count: locale.number(bill.leneda_quarter_hours), all: locale.number(all) }) : "",
    bill.estimated_quarter_hours ? t("note_estimated", { count: locale.number(bill.estimated_quarter_hours), all: locale.number(all) }) : "",
    bill.vat_rate === 0 ? t("without_vat") : "",
    reading && R ? t(reading, { R }) : "",
  ].filter((note) => note);
}

/** Return the notes about energy whose price or time of use is unknown. They say how the bill counts this energy. */
function notesOfPrices(bill: Bill, locale: Locale, t: Say): string[] {
  const { unpriced_kwh, unpriced_market_kwh, unpriced_exported_kwh, missing = [] } = bill;
  const kwh = (value: number) => locale.kWh(value, 2);
  const notes: string[] = [];
  if (unpriced_kwh && !missing.includes("energy")) notes.push(t("note_mean_price", { kwh: kwh(unpriced_kwh) }));
  else if (unpriced_market_kwh && !lacksMarketPrices(bill)) notes.push(unpricedNote(bill, locale));
  if (unpriced_exported_kwh) notes.push(t("note_unpriced_fed_in", { kwh: kwh(unpriced_exported_kwh) }));
  return notes;
}

/**
 * Return whether the surcharge is added to the network price or replaces this price; undefined if the lines do not show
 * it.
 */
function readingOf(bill: Bill): "on_top" | "instead" | undefined {
  const { imported_kwh } = bill;
  const above = quantityOf("surcharge", bill);
  const variable = quantityOf("network_variable", bill);
  const isAbout = (a: number, b: number) => Math.abs(a - b) < 0.02;
  if (above < 0.05 || !variable) return undefined;
  return isAbout(variable, imported_kwh) ? "on_top" : isAbout(variable + above, imported_kwh) ? "instead" : undefined;
}
