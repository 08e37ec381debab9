/** A month's bill in the words and the order of the paper, with figures that a household can check. */

import { addDays, dayStart, localDay, type Locale, type Params, type Texts } from "../locale.ts";
import { round } from "../rounding.ts";
import texts from "../texts/bill.json" with { type: "json" };
import type { Bill, BillLine } from "../wire.ts";

export type BillKey = keyof (typeof texts)["en"];
export const billTexts: Texts<BillKey> = texts;

/** Of each group, the lines in the order of the paper; hairlines part the groups. */
const GROUPS: BillKey[][] = [
  ["energy", "energy_second", "energy_fee", "discount"],
  ["network_fixed", "network_variable", "meter", "surcharge"],
  ["electricity_tax", "compensation"],
];
const KNOWN = new Set<string>([...GROUPS.flat(), "feed_in"]);
const WELL_MEASURED = 0.99;
/** A price with more decimals was not entered by anybody: it is a mean of the market's. */
const ENTERED_DECIMALS = 5;
const MOST_DECIMALS = 6;

export interface Row {
  name: string;
  quantity?: string | undefined;
  amount: string;
  dot?: "excess" | "fed-in";
}

export interface ShownBill {
  title: string;
  /** "–" while it is not known. */
  total: string;
  /** What stands beside the total: € and, where it needs saying, that it is received, or so far. */
  label: string;
  until: string | undefined;
  measured: string;
  isWellMeasured: boolean;
  /** The forecast, or what is missing. */
  sentence: string;
  lacksPrice: boolean;
  groups: Row[][];
  toPay: Row;
  notes: string[];
}

/** Whether nobody has said what the energy costs: the total is that of the grid alone. */
export function isGridAlone(bill: Bill): boolean {
  const named = [...bill.lines.map(({ name }) => name), ...(bill.missing ?? [])];
  return !bill.unpriced_kwh && !named.some((name) => name === "energy" || name === "energy_second");
}

export const isRunning = (bill: Bill): boolean => Date.parse(bill.until) < Date.parse(bill.end);

/** The last day of a month. */
export const lastDay = (bill: Bill): Date => dayStart(addDays(localDay(new Date(bill.end)), -1));

export function shownBill(bill: Bill, locale: Locale): ShownBill {
  const t = (key: BillKey, params: Params = {}) => locale.text(billTexts, key, params);
  const lacksEnergy = isGridAlone(bill);
  const lacksPrice = lacksEnergy || Boolean(bill.missing?.length);
  const total = lacksPrice ? null : bill.total;
  const until = new Date(bill.until);
  return {
    title: upper(locale.monthYear(new Date(bill.start))),
    total: total === null ? "–" : locale.number(Math.abs(total), 2),
    label: labelOf(bill, total, t),
    until: isRunning(bill) ? t("until", { day: locale.shortDay(until), time: locale.time(until) }) : undefined,
    measured: t("measured", { share: locale.percent(bill.measured_share, bill.measured_share < 1 ? 1 : 0) }),
    isWellMeasured: bill.measured_share >= WELL_MEASURED,
    sentence: lacksPrice ? t(lacksEnergy ? "energy_missing" : "other_missing") : forecast(bill, locale, t),
    lacksPrice,
    groups: groupsOf(bill, locale, t),
    toPay: {
      name: t(lacksEnergy && bill.total !== null ? "grid_alone" : (bill.total ?? 0) < 0 ? "to_receive" : "pay"),
      amount: bill.total === null ? "–" : locale.cents(Math.abs(bill.total)),
    },
    notes: notesOf(bill, locale, t),
  };
}

type Say = (key: BillKey, params?: Params) => string;

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function labelOf(bill: Bill, total: number | null, t: Say): string {
  const isReceived = total !== null && total < 0;
  // What it is now and what it will be must not contradict each other.
  const turns = total !== null && bill.estimate !== undefined && bill.estimate.total < 0 !== isReceived;
  const more = isReceived ? t(turns ? "receive_so_far" : "receive") : turns ? t("so_far") : "";
  return more ? `€ ${more}` : "€";
}

/** "About 145 € by 30 November": without the range, one end of which that number is. */
function forecast(bill: Bill, locale: Locale, t: Say): string {
  const { estimate } = bill;
  if (!Number.isFinite(estimate?.total) || !estimate || !isRunning(bill)) return "";
  const day = locale.day(lastDay(bill));
  const total = round(estimate.total);
  return t(total < 0 ? "forecast_receive" : "forecast", { total: locale.euros(Math.abs(total)), day });
}

function groupsOf(bill: Bill, locale: Locale, t: Say): Row[][] {
  const fixed = bill.lines.filter(({ name }) => name === "network_fixed").length;
  // With two fixed prices in a month it may be another reference power for each.
  const R = bill.reference_kw === null || fixed > 1 ? undefined : locale.referenceKW(bill.reference_kw);
  const write = quantities(bill, locale, t);
  const named = (name: string): string => {
    if (!KNOWN.has(name)) return name;
    const plain = (name === "network_fixed" || name === "surcharge") && R === undefined;
    return t((plain ? `${name}_plain` : name) as BillKey, R === undefined ? {} : { R });
  };
  const row = (line: BillLine): Row => ({
    name: named(line.name),
    quantity: Number.isFinite(line.quantity) && Number.isFinite(line.price) ? write(line) : undefined,
    amount: Number.isFinite(line.amount) ? locale.number(line.amount, 2) : "–",
    ...(line.name === "surcharge" ? { dot: "excess" as const } : line.name === "feed_in" ? { dot: "fed-in" as const } : {}),
  });
  const missing = [...(isGridAlone(bill) ? ["energy"] : []), ...(bill.missing ?? [])];
  const rowsOf = (name: string): Row[] => [
    ...bill.lines.filter((line) => line.name === name).map(row),
    ...(missing.includes(name) ? [{ name: named(name), amount: t("price_missing") }] : []),
  ];
  const unknown = [...new Set([...bill.lines.map(({ name }) => name), ...missing])].filter((name) => !KNOWN.has(name));
  const groups = [...GROUPS, unknown].map((names) => names.flatMap(rowsOf));
  const unpriced = (kwh: number | undefined, key: BillKey): Row[] =>
    kwh ? [{ name: t(key), quantity: locale.kWh(kwh), amount: "–" }] : [];
  groups[0]!.push(...unpriced(bill.unpriced_kwh, "unpriced"));
  groups.push([...sums(bill, locale, t), ...rowsOf("feed_in"), ...unpriced(bill.unpriced_exported_kwh, "unpriced_fed_in")]);
  return groups.filter((rows) => rows.length);
}

/** Net and VAT, as on paper before what is fed in, on which there is none. */
function sums({ net, vat, vat_rate, lines }: Bill, locale: Locale, t: Say): Row[] {
  if (net === null || vat === null || !vat_rate) return [];
  const fedIn = lines.filter(({ name }) => name === "feed_in").reduce((sum, { amount }) => sum + amount, 0);
  return [
    { name: t("net"), amount: locale.number(net - fedIn, 2) },
    { name: t("vat"), quantity: locale.percent(vat_rate, decimalsOf(vat_rate * 100, 0, 1)), amount: locale.number(vat, 2) },
  ];
}

/**
 * How quantities are written: with so many decimals that a calculator gets each amount from what is
 * shown, and as many in all lines, so that equal ones look equal.
 */
function quantities(bill: Bill, locale: Locale, t: Say): (line: BillLine) => string {
  const days = Math.round((Date.parse(bill.end) - Date.parse(bill.start)) / 86_400_000);
  const isMonth = ({ unit }: BillLine) => unit === "month";
  const isWhole = ({ quantity }: BillLine) => Math.abs(quantity - 1) < 1e-6;
  const inDays = bill.lines.filter((line) => isMonth(line) && !isWhole(line));
  const inKwh = bill.lines.filter((line) => !isMonth(line));
  const priceOf = (line: BillLine) => round(line.price, priceDecimals(line));
  const areFullDays = inDays.every(({ quantity }) => Math.abs(quantity * days - Math.round(quantity * days)) < 1e-3);
  const dayDecimals = enough(areFullDays ? 0 : 1, 4, inDays, (line, decimals) => (round(line.quantity * days, decimals) / days) * priceOf(line));
  const kwhDecimals = enough(1, 3, inKwh, (line, decimals) => round(line.quantity, decimals) * priceOf(line));
  return (line) => {
    const decimals = priceDecimals(line);
    const price = locale.unit(line.price, "€", decimals);
    if (!isMonth(line)) {
      const key = decimals > ENTERED_DECIMALS ? "times_mean" : "times";
      return t(key, { quantity: locale.unit(line.quantity, line.unit, kwhDecimals), price });
    }
    if (isWhole(line)) return t("one_month", { price });
    return t("so_many_days", { days: locale.number(line.quantity * days, dayDecimals), all: days, price });
  };
}

function enough(least: number, most: number, lines: BillLine[], cost: (line: BillLine, decimals: number) => number): number {
  for (let decimals = least; decimals < most; decimals += 1) {
    const isRight = (line: BillLine) => Math.abs(Math.abs(round(cost(line, decimals), 2)) - Math.abs(line.amount)) < 0.005;
    if (lines.every(isRight)) return decimals;
  }
  return most;
}

const priceDecimals = ({ unit, price }: BillLine): number => decimalsOf(price, unit === "month" ? 2 : 4, MOST_DECIMALS);

function decimalsOf(value: number, least: number, most: number): number {
  let decimals = least;
  while (decimals < most && Math.abs(round(value, decimals) - value) > 1e-9) decimals += 1;
  return decimals;
}

function notesOf(bill: Bill, locale: Locale, t: Say): string[] {
  const kwh = (value: number) => locale.kWh(value);
  const { unpriced_kwh, unpriced_exported_kwh, unsplit_kwh, shared_kwh, sharing_known_kwh } = bill;
  const all = bill.quarter_hours ?? 0;
  const reading = readingOf(bill);
  const R = bill.reference_kw === null ? "" : locale.referenceKW(bill.reference_kw);
  return [
    bill.since ? t("since", { day: locale.day(new Date(bill.since)) }) : "",
    unpriced_kwh || unpriced_exported_kwh ? t("note_unpriced", { kwh: kwh((unpriced_kwh ?? 0) + (unpriced_exported_kwh ?? 0)) }) : "",
    unsplit_kwh ? t("note_unsplit", { kwh: kwh(unsplit_kwh) }) : "",
    shared_kwh ? t("note_shared", { kwh: kwh(shared_kwh) }) : "",
    sharing_known_kwh !== undefined && sharing_known_kwh < bill.imported_kwh - 0.05
      ? t("note_shared_part", { known: kwh(sharing_known_kwh), all: kwh(bill.imported_kwh) })
      : "",
    bill.may_owe_less_network ? t("note_less_network") : "",
    bill.platform_quarter_hours ? t("note_platform", { count: locale.number(bill.platform_quarter_hours), all: locale.number(all) }) : "",
    bill.estimated_quarter_hours ? t("note_estimated", { count: locale.number(bill.estimated_quarter_hours), all: locale.number(all) }) : "",
    bill.vat_rate === 0 ? t("without_vat") : "",
    reading && R ? t(reading, { R }) : "",
  ].filter((note) => note);
}

/** Whether what is above the reference power bears the surcharge beside the network's price; the lines tell. */
function readingOf({ lines, imported_kwh }: Bill): "on_top" | "instead" | undefined {
  const kwh = (name: string) => lines.filter((line) => line.name === name).reduce((sum, line) => sum + line.quantity, 0);
  const above = kwh("surcharge");
  const variable = kwh("network_variable");
  const isAbout = (one: number, other: number) => Math.abs(one - other) < 0.02;
  if (above < 0.05 || !variable) return undefined;
  return isAbout(variable, imported_kwh) ? "on_top" : isAbout(variable + above, imported_kwh) ? "instead" : undefined;
}
