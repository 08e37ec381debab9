import assert from "node:assert/strict";
import { test } from "node:test";
import { SmartyCard } from "../src/base-card.ts";
import type { Field } from "../src/card-host.ts";
import { type Column, type Frame, monthsChart, monthsDrawing } from "../src/charts/months-chart.ts";
import { billsOf, showMonth, shownOf, withoutBill } from "../src/parts/shared-bills.ts";
import type { TemplateResult } from "lit";
import { Locale } from "../src/locale.ts";
import { smallLine } from "../src/parts/markup.ts";
import { billTexts } from "../src/sentences/bill.ts";
import { allMonths, amountNotes, choiceOf, headOf, labelOf, lackOfAll, lackSentence, type Month, nameOf, statementTable, tableOf, yearOf } from "../src/sentences/months.ts";
import type { MeterFeed } from "../src/data/meter-feed.ts";
import type { Bill, Meter } from "../src/data/websocket-types.ts";
import { listenersOf, markupOf, press } from "./template-text.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" });

const column = (changes: Partial<Column> = {}): Column => ({
  parts: [60, 40, 0, -20],
  tick: 80,
  label: "80",
  estimate: null,
  isChosen: false,
  ...changes,
});
const year = (changes: Partial<Column>[] = []) => Array.from({ length: 13 }, (_, index) => column(changes[index]));

/** Draw in a font whose letters are 8 px wide. */
const drawn = (columns: Column[], width: number, changes: Partial<Frame> = {}) =>
  monthsDrawing(columns, { width, height: 196, isDivided: false, widthOf: (text) => 8 * text.length, write: String, ...changes });

/** Where the boxes of a path are, from top to bottom. */
const boxes = (path: string) =>
  [...path.matchAll(/M([\d.]+) ([\d.]+)h[\d.]+V([\d.]+)/g)].map(([, x, one, other]) => ({
    x: Number(x),
    top: Math.min(Number(one), Number(other)),
    bottom: Math.max(Number(one), Number(other)),
  }));

test("before the first euro, the scale has room above zero", () => {
  const lines = drawn([column({ parts: [0, 0, 0, 0], tick: 0 })], 400).lines.map(({ value }) => value);
  assert.deepEqual([lines.length > 1, lines[0]], [true, 0]);
});

test("parts stand on each other, and what is below 0 hangs from the axis", () => {
  const { paths, zero } = drawn(year(), 342);
  const [energy, network, surcharge, fedIn] = paths.map((path) => boxes(path)[0]);
  assert.equal(energy!.bottom, zero);
  assert.equal(network!.bottom, energy!.top);
  assert.equal(surcharge, undefined);
  assert.equal(fedIn!.top, zero);
  // To scale.
  assert.ok(Math.abs((energy!.bottom - energy!.top) / (fedIn!.bottom - fedIn!.top) - 3) < 0.02);
});

test("what is to come is hatched from the stack to the forecast, and not where that is lower", () => {
  const { hatched, paths } = drawn(year([{ estimate: 145 }, { estimate: 90 }]), 342);
  assert.equal(boxes(hatched).length, 1);
  assert.equal(boxes(hatched)[0]!.bottom, boxes(paths[1]!)[0]!.top);
});

test("a month of which nothing is known is a gap", () => {
  const { paths, labels, left, ticks } = drawn(year([{ parts: [], tick: null, label: "–" }]), 342);
  assert.equal(boxes(paths[0]!).length, 12);
  assert.ok(boxes(paths[0]!)[0]!.x > left[1]!);
  assert.equal(labels.length, 12);
  assert.equal(ticks.match(/M/g)!.length, 12);
});

test("without room for all labels, those of the running, the chosen, the dearest and the cheapest month are left", () => {
  const values = [5, 3, 9, 4, 6, 2, 8, 1, 5, 4, 6, 5, 7].map((value, index) => ({ tick: value, label: `12,00${value}`, isChosen: index === 4 }));
  const labels = (width: number) => drawn(year(values), width).labels.map(({ text }) => text);
  assert.equal(labels(900).length, 13);
  assert.deepEqual(labels(500), ["12,009", "12,006", "12,001", "12,007"]);
  // The dearest month is too near to the chosen one.
  assert.deepEqual(labels(296), ["12,006", "12,001", "12,007"]);
});

test("a label never covers another one", () => {
  const months = year(Array.from({ length: 13 }, (_, index) => (index < 12 ? {} : { tick: 100, estimate: 100, label: "≈ 100" })));
  for (let width = 150; width < 700; width += 7) {
    const { labels } = drawn(months, width, { isDivided: true });
    assert.equal(labels.at(-1)!.text, "≈ 100");
    for (const [index, { x, text }] of labels.slice(1).entries()) assert.ok(x - labels[index]!.x >= 4 * (text.length + labels[index]!.text.length) + 3.8, `${width}`);
  }
});

test("the running month stands apart, behind a line", () => {
  const { left, step, divider } = drawn(year(), 342, { isDivided: true });
  assert.ok(Math.abs(left[12]! - left[11]! - step - 12) < 0.01);
  assert.ok(divider! > left[11]! + step && divider! < left[12]!);
});

test("the scale has round values, 0 among them, and room for long ones", () => {
  const values = drawn(year(), 342).lines.map(({ value }) => value);
  assert.deepEqual(values, [-20, 0, 20, 40, 60, 80, 100]);
  assert.deepEqual(drawn([column({ parts: [40], tick: 40 })], 342).lines.map(({ value }) => value), [0, 10, 20, 30, 40]);
  // A part of less than 1 euro takes no room from what is below 0.
  assert.equal(drawn([column({ parts: [60, 0.5, 0, -20] })], 342).lines[0]!.value, -20);
  const large = drawn(year([{ parts: [54_321] }]), 342);
  assert.ok(large.axis > drawn(year(), 342).axis);
  // A narrow chart needs its width for the months.
  assert.deepEqual(drawn(year(), 260).lines.map(({ text }) => text).join(""), "");
});

test("nothing at all, one column and absurd values draw something or nothing", () => {
  for (const columns of [[], [column({ parts: [], tick: 0 })], year([{ parts: [1e12, -1e12], tick: 1e12 }])]) {
    const drawing = drawn(columns, 0);
    assert.ok(!/NaN|Infinity/.test(JSON.stringify(drawing)));
    assert.ok(drawing.lines.length < 20);
  }
});

test("a month is chosen by a key or a click, and only one that has a bill", () => {
  const bills = [7, 8, 9, 10, 11].map((month) => bill(`2026-${String(month).padStart(2, "0")}`, `2026-${String(month + 1).padStart(2, "0")}`));
  const year = yearOf(bills, "€");
  const chosen: string[] = [];
  const chart = (month: string) => monthsChart({ year, chosen: year.months.find((one) => one.month === month)!, hidden: [], locale: en, width: 320, widthOf: (text) => 8 * text.length, choose: (to) => chosen.push(to) });
  const at = (month: string, ...keys: string[]) => {
    chosen.length = 0;
    for (const key of keys) assert.equal(press(chart(month), key), key === "x");
    return chosen.map((to) => Number(to.slice(5)));
  };
  assert.deepEqual(at("2026-10", "ArrowLeft", "ArrowDown", "ArrowRight", "ArrowUp", "PageDown", "PageUp", "Home", "End", "Escape", "x"), [9, 9, 11, 11, 7, 11, 7, 11, 11]);
  assert.deepEqual([at("2026-07", "ArrowLeft"), at("2026-11", "PageDown")], [[7], [8]]);
  const markup = markupOf(chart("2026-10"));
  assert.match(markup, /aria-valuemax=13\s+aria-valuenow=12\s+aria-valuetext=October 2026: 60.€/);
  // In 320 px, the scale takes 24 px, and a month 22.
  const click = (clientX: number) => {
    chosen.length = 0;
    listenersOf(chart("2026-10"), "click")[0]!({ clientX, currentTarget: { getBoundingClientRect: () => ({ left: 0 }) } });
    return Number(chosen[0]!.slice(5));
  };
  assert.deepEqual([click(0), click(280), click(300)], [7, 10, 11]);
});

test("months have their letters, as many as there is room for, and the running one its amount so far", () => {
  const bills = [bill("2026-10", "2026-11"), bill("2026-11", "2026-12", { until: "2026-11-21T18:38:20+01:00", total: 60 })];
  const letters = (letter: number, of = bills) => {
    const year = yearOf(of, "€");
    const markup = markupOf(monthsChart({ year, chosen: year.months.at(-1)!, hidden: [], locale: en, width: 320, widthOf: (text) => letter * text.length, choose: () => undefined }));
    return [[...markup.matchAll(/text-anchor="middle">([A-Z]?)</g)].map(([, text]) => text || "-").join(""), />([^<]*so far[^<]*)</.exec(markup)?.[1]?.replaceAll("\u00a0", " ")];
  };
  assert.deepEqual(letters(8), ["NDJFMAMJJASON", "so far 60"]);
  assert.deepEqual(letters(24), ["N-J-M-M-J-S-N", "so far 60"]);
  const name = (unit: "€" | "kWh") => {
    const year = yearOf(bills, unit);
    return /<text y=\d+>([^<]*)</.exec(markupOf(monthsChart({ year, chosen: year.months.at(-1)!, hidden: [], locale: en, width: 320, widthOf: (text) => 8 * text.length, choose: () => undefined })))![1];
  };
  assert.deepEqual([name("€"), name("kWh")], ["To pay, €", "From the grid, kWh"]);
  assert.deepEqual(letters(8, bills.slice(1)), ["NDJFMAMJJASON", undefined]);
});

test("a little is not nothing", () => {
  const month = (value: number) => ({ month: "2026-11", start: new Date("2026-11-01T00:00:00+01:00"), value, isRunning: false, estimate: null }) as Month;
  const said = (value: number) => [choiceOf(month(value), "€", en), labelOf(month(value), en)].map((text) => text.replaceAll("\u00a0", " "));
  assert.deepEqual(said(0.06), ["November 2026: < 1 €", "< 1"]);
  assert.deepEqual(said(-0.06), ["November 2026: > −1 €", "> −1"]);
  assert.deepEqual(said(0), ["November 2026: 0 €", "0"]);
  assert.deepEqual(said(0.6), ["November 2026: 1 €", "1"]);
});

const bill = (month: string, next: string, changes: Partial<Bill> = {}): Bill =>
  ({
    month,
    start: `${month}-01T00:00:00+01:00`,
    end: `${next}-01T00:00:00+01:00`,
    until: `${next}-01T00:00:00+01:00`,
    measured_share: 1,
    lines: [],
    total: 60,
    imported_kwh: 350,
    exported_kwh: 0,
    reference_kw: 7,
    vat_rate: 0.08,
    parts: { energy: 40, network: 20 },
    ...changes,
  }) as Bill;

test("without a month in euros there is only energy, and what has to be entered is known", () => {
  const unpriced = (month: string, next: string, changes: Partial<Bill> = {}) => bill(month, next, { total: null, parts: {}, missing: ["energy"], ...changes });
  assert.equal(lackOfAll([unpriced("2026-11", "2026-12"), unpriced("2026-12", "2027-01")]), "prices");
  assert.equal(lackOfAll([unpriced("2026-11", "2026-12"), unpriced("2026-12", "2027-01", { reference_kw: null })]), "reference");
  assert.equal(lackOfAll([bill("2026-11", "2026-12"), unpriced("2026-12", "2027-01")]), undefined);
  const says = (changes: Partial<Bill>) => lackSentence(unpriced("2026-12", "2027-01", changes), en).replaceAll("\u00a0", " ");
  assert.equal(says({}), "To show costs, this card needs the prices from your bill.");
  assert.equal(says({ reference_kw: null }), "To show costs, this card needs your reference power. Your bill states this power.");
  assert.equal(says({ unpriced_kwh: 80, unpriced_market_kwh: 80 }), "The market price is not known for 80.00 kWh, so the bill is not complete.");
});

test("what has to be entered is a link for an administrator, and a hint for others", () => {
  const shown = (field: Field | undefined, isAdmin = true) => {
    const card = { isAdmin, locale: en, settings: (_: Meter, text: string, to: string) => `${text} (${to})` } as unknown as SmartyCard;
    return markupOf(SmartyCard.prototype.toEnter.call(card, {} as Meter, field)).replace(/<[^>]*>/g, "");
  };
  assert.equal(shown("reference_power"), "Enter the reference power (reference_power)");
  assert.equal(shown("energy_price"), "Enter the prices (energy_price)");
  assert.equal(shown("energy_price", false), "An administrator can enter the missing value. On the integration's page: gear icon of the meter › Contract › Energy price");
  assert.equal(shown(undefined), "");
});

test("a first month in which nothing was counted has no bill yet", () => {
  const error = (...months: Bill[]) => billsOf({ ask: () => ({ value: { months } }) } as unknown as MeterFeed).error;
  const empty = (changes: Partial<Bill>) => bill("2026-11", "2026-12", { imported_kwh: 0.04, exported_kwh: null, reference_kw: null, total: null, parts: {}, missing: ["energy", "network_fixed"], ...changes } as Partial<Bill>);
  assert.equal(error(empty({})), "nothing_counted");
  assert.equal(error(empty({ exported_kwh: 0.04 })), "nothing_counted");
  for (const some of [{ imported_kwh: 0.05 }, { exported_kwh: 0.05 }, { total: 2, missing: [], reference_kw: 7 }]) assert.equal(error(empty(some)), undefined, JSON.stringify(some));
  assert.equal(error(empty({}), bill("2026-12", "2027-01")), undefined);
  assert.deepEqual(billsOf({ ask: () => ({ error: "not_found" }) } as unknown as MeterFeed), { error: "not_found" });
  const shown = (reason: string | undefined) => markupOf(withoutBill("Bill", reason, en, smallLine("waits") as TemplateResult)).split(/<\/?p[^>]*>/)[1];
  assert.deepEqual(["nothing_counted", "not_found", "timeout", undefined].map(shown), ["waits", en.text(billTexts, "not_loaded"), "waits", "waits"]);
});

test("the running month is shown until another one is chosen, and as long as that has a bill", () => {
  const bills = [bill("2026-10", "2026-11"), bill("2026-11", "2026-12")];
  const feed = { shown: {}, show: (month: string | undefined) => Object.assign(feed.shown, { month }) } as unknown as MeterFeed;
  const choose = (month: string | undefined) => {
    showMonth(bills, feed, month);
    return [feed.shown.month, shownOf(bills, feed).month];
  };
  assert.deepEqual(["2026-10", "2026-09", "2026-11"].map(choose), [["2026-10", "2026-10"], ["2026-09", "2026-11"], [undefined, "2026-11"]]);
});

test("amounts say at which prices they are", () => {
  const OWN_PRICES = "December 2026: 1 month, at its own prices, with VAT.";
  const notes = (changes: Partial<Bill>, unit: "€" | "kWh" = "€") => amountNotes(yearOf([bill("2026-12", "2027-01"), bill("2027-01", "2027-02", changes)], unit), en);
  assert.deepEqual(notes({}), [OWN_PRICES]);
  assert.deepEqual(notes({ vat_rate: 0 }), ["December 2026: 1 month, at its own prices, without VAT."]);
  assert.deepEqual(notes({ prices_of: { grid: "2026-12-31" } }), [
    OWN_PRICES,
  ]);
  assert.deepEqual(notes({ shared_kwh: 100 }), [OWN_PRICES, "The bill of the energy community is not included."]);
  assert.deepEqual(notes({ prices_of: { grid: "2026-12-31" } }, "kWh"), []);
});

test("what the energy community is paid is energy, and the sum is both together", () => {
  const community = { name: "community", quantity: 100, unit: "kWh", price: 0.09, amount: 9 };
  const months = yearOf([bill("2026-11", "2026-12", { community, shared_kwh: 100, total_with_community: 69 })], "€");
  const { rows, total } = tableOf(months, months.months.at(-1)!, en);
  assert.deepEqual([...rows, total!].map(({ name, cells }) => [name, ...cells].join(" ").replaceAll("\u00a0", " ")), ["Energy 49 €", "Grid, meter, levies 20 €", "To pay 69 €"]);
});

test("the table of all months has a dash for what is not known", () => {
  const { head, rows } = allMonths(yearOf([bill("2026-10", "2026-11"), bill("2026-11", "2026-12", { total: null, parts: {}, missing: ["energy"] })], "€"), en);
  assert.deepEqual([head[0], head.at(-1)], ["Month", "To pay"]);
  assert.deepEqual(rows.slice(-2), [["October 2026", "40", "20", "0", "0", "60"], ["November 2026", "–", "–", "–", "–", "–"]]);
});

test("the table of a statement ends with its month, has units and sums the whole months", () => {
  const running = bill("2026-11", "2026-12", { until: "2026-11-29T23:00:00+00:00" });
  const bills = [bill("2026-09", "2026-10"), bill("2026-10", "2026-11"), running];
  const table = (last?: string) => {
    const { head, rows, sum } = statementTable(yearOf(bills, "€", last), en);
    return [head[0], ...rows.map((row) => row.join(" ")), sum?.join(" ")].map((text) => text?.replaceAll("\u00a0", " "));
  };
  const whole = ["September 2026 40 € 20 € 0 € 0 € 60 €", "October 2026 40 € 20 € 0 € 0 € 60 €"];
  assert.deepEqual(table(), ["with VAT", ...whole, "Until 29 November 40 € 20 € 0 € 0 € 60 €", "2 months 80 € 40 € 0 € 0 € 120 €"]);
  assert.deepEqual(table("2026-10"), ["with VAT", ...whole, "2 months 80 € 40 € 0 € 0 € 120 €"]);
  assert.deepEqual(table("2026-09"), ["with VAT", whole[0], undefined]);
});

test("in kWh, the first part is what is left below the reference power", () => {
  const lines = [{ name: "surcharge", quantity: 50, unit: "kWh", price: 0.07, amount: 3.5 }];
  const months = yearOf([bill("2026-11", "2026-12", { lines, exported_kwh: 120 }), bill("2026-12", "2027-01", { exported_kwh: null })], "kWh");
  assert.deepEqual(months.months.slice(-2).map(({ parts }) => parts), [[300, 50, -120], [350, 0, -0]]);
  const { head, rows } = allMonths(months, en);
  assert.deepEqual(rows.slice(-2), [["November 2026", "350", "50", "120"], ["December 2026", "350", "0", "0"]]);
  assert.equal(head.length, 4);
  assert.equal(choiceOf(months.months.at(-1)!, "kWh", en).replaceAll("\u00a0", " "), "December 2026: 350 kWh");
});

test("parts that do not add up to the amount are dashes", () => {
  const cells = (total: number) => allMonths(yearOf([bill("2026-11", "2026-12", { total })], "€"), en).rows.at(-1)!.slice(1);
  assert.deepEqual([cells(60.09), cells(59.89)], [["40", "20", "0", "0", "60"], ["–", "–", "–", "–", "60"]]);
});

test("levies and aids are one part with grid and meter", () => {
  const months = yearOf([bill("2026-11", "2026-12", { total: 45, parts: { energy: 40, network: 20, levies: -15 } })], "€");
  assert.deepEqual(months.months.at(-1)!.parts, [40, 5, 0, 0]);
});

test("a part too small for a month is there when the months together have it", () => {
  const names = (count: number, surcharge: number) => {
    const all = Array.from({ length: count }, (_, index) =>
      bill(`2026-0${index + 1}`, `2026-0${index + 2}`, { total: 60 + surcharge, parts: { energy: 40, network: 20, surcharge } }),
    );
    const of = yearOf(all, "€");
    const { rows, total } = tableOf(of, of.whole[0]!, en);
    return [...rows, total!].map(({ name, cells }) => [name, ...cells].join(" ").replaceAll("\u00a0", " "));
  };
  assert.deepEqual(names(5, 0.45), ["Energy 40 € 160 €", "Grid, meter, levies 20 € 80 €", "Surcharge above 7 kW 0 € 2 €", "To pay 60 € 242 €"]);
  const two = yearOf([bill("2026-09", "2026-10", { reference_kw: 3 }), bill("2026-10", "2026-11")], "€");
  assert.equal(nameOf("surcharge", two, en), "Surcharge above reference power");
  assert.deepEqual(names(5, 0.01), ["Energy 40 € 160 €", "Grid, meter, levies 20 € 80 €", "To pay 60 € 240 €"]);
});

test("a running month is so far, and only whole ones are to be paid", () => {
  const running = bill("2026-12", "2027-01", { until: "2026-12-21T12:00:00+01:00", parts: { energy: 60, network: 20, feed_in: -20 } });
  const head = (bills: Bill[]) => {
    const of = yearOf(bills, "€");
    const { head: [, ...heads], total } = tableOf(of, of.months.at(-1)!, en);
    return [...heads, total!.name];
  };
  assert.deepEqual(head([running]), ["December so far", "Total so far"]);
  assert.deepEqual(head([bill("2026-11", "2026-12"), running]), ["December so far", "1 month", "To pay after deducting feed-in"]);
  assert.deepEqual(head([running, bill("2027-01", "2027-02")]), ["January", "To pay after deducting feed-in"]);
});

test("the head says what a month costs on average, and which months were the extremes", () => {
  const running = (changes: Partial<Bill> = {}) => bill("2026-11", "2026-12", { until: "2026-11-21T18:38:20+01:00", total: 97.09, ...changes });
  const before = (month: string, total: number, measured_share = 1) => bill(`2026-${month}`, `2026-${String(Number(month) + 1).padStart(2, "0")}`, { total, measured_share });
  const said = (...bills: Bill[]) => {
    const { title, value, label, sentence } = headOf(yearOf(bills, "€"), en);
    return `${title}: ${value} ${label}. ${sentence}`.replaceAll("\u00a0", " ");
  };
  // June was the cheapest, but too little of it is known.
  const months = [before("06", 2, 0.85), before("07", 60), before("08", 20), before("10", 144)];
  assert.match(said(before("09", 2, 0.9), ...months.slice(-1), running()), /cheapest month was September/);
  assert.match(said(before("09", 2, 0.899), ...months.slice(-1), running()), /October is the only whole month/);
  assert.equal(said(...months, running()), "Months: 75 € a month on average. In these 3 months, the cheapest month was August, the most expensive October");
  // Amounts that look alike are no extremes; half a euro is one if it is rounded otherwise.
  assert.equal(said(before("09", 60.1), before("10", 60.4), running()), "Months: 60 € a month on average. ");
  assert.match(said(before("08", 60.4), before("09", 60.6), before("10", 60.1), running()), /cheapest month was October, the most expensive September$/);
  assert.match(said(before("09", -60), before("10", 58.9), running()), /^Months: 1 € credit a month on average\./);
  assert.match(said(before("09", -60), before("10", 59.1), running()), /^Months: < 1 € a month on average\./);
  assert.equal(said(before("10", 144.16), running()), "Months: 144 € a month on average. October is the only whole month so far.");
  assert.equal(said(running()), "Months: 97 € in November so far. The first whole month ends on 30 November.");
  const since = { since: "2026-11-09T00:00:00+01:00", measured_share: 0.6 };
  assert.equal(said(running(since)), "Months: 97 € in November so far. The first whole month ends on 31 December.");
});
