import assert from "node:assert/strict";
import { test } from "node:test";
import { drawMedium, mediumChart } from "../src/charts/gas-water-heat-chart.ts";
import { LANGUAGES, Locale } from "../src/locale.ts";
import { amountToday, monthOf, nightTo, standingOn } from "../src/data/gas-water-heat-amounts.ts";
import { costFoot, costSentence, costStanding, costTotal, costUnits, costUntil, hasMonth, type KnownCosts } from "../src/sentences/gas-costs.ts";
import {
  mediumTexts,
  monthSentence,
  nameOf,
  nightSentence,
  unitsOf,
  write,
  writeSum,
} from "../src/sentences/gas-water-heat-month.ts";
import { chosenSentence, daysTable, footnote } from "../src/sentences/gas-water-heat-days.ts";
import type { ChosenBar } from "../src/charts/chosen-bar.ts";
import { markupOf } from "./template-text.ts";
import type { GasCosts, GasMonth, MediumHistory } from "../src/data/websocket-types.ts";

const localeOf = (language: string) => new Locale({ language, number_format: "language", time_format: "24" });
const en = localeOf("en");
const shown = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");

const lengthOf = (month: string) => new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
/** Months with the same amount on each day, up to a day; some days are known in part. */
function history(months: Record<string, number>, today: string, changes: Partial<MediumHistory> = {}, known: Record<string, number> = {}): MediumHistory {
  const amounts: (number | null)[] = [];
  const shares: number[] = [];
  for (const [month, amount] of Object.entries(months)) {
    for (let day = 1; day <= lengthOf(month); day += 1) {
      const name = `${month}-${String(day).padStart(2, "0")}`;
      if (name > today) break;
      const share = known[name] ?? (name === today ? 0.5 : 1);
      amounts.push(share ? amount * share : null);
      shares.push(share);
    }
  }
  const start = `${Object.keys(months)[0]}-01`;
  return { meter: "1", type: "gas", unit: "m3", index: 100, time: null, days: { start, amounts, known: shares }, hours: null, ...changes };
}

const sentence = (found: MediumHistory, today: string, locale = en, isSeasonal = false) => {
  const units = unitsOf(found.type, found.unit, found.kwh_per_m3, 5);
  return shown(monthSentence(standingOn(found, today, isSeasonal), units, found.days!.start, today, locale));
};
const water = { type: "water" };

test("whole days are compared, up to the same day", () => {
  const found = history({ "2026-10": 1, "2026-11": 1.39 }, "2026-11-21");
  assert.equal(sentence(found, "2026-11-21"), "November up to the 20th: **39% more** than on the same days of October");
  const standing = standingOn(found, "2026-11-21", false);
  assert.equal(standing.last, 20);
  // The dot ends on the day that the sentence names, and today is not in it.
  assert.equal(drawMedium(standing).dot!.x.toFixed(4), ((20 / 31) * 100).toFixed(4));
  assert.equal(standing.sum.toFixed(6), (20 * 1.39).toFixed(6));
  // Late in the evening, most of it is known, and still it is not over.
  assert.equal(standingOn(history({ "2026-10": 1, "2026-11": 1 }, "2026-11-21", {}, { "2026-11-21": 0.98 }), "2026-11-21", false).last, 20);
});

test("in five languages", () => {
  const found = history({ "2026-10": 1, "2026-11": 0.8 }, "2026-11-02");
  const said = (language: string) => sentence(found, "2026-11-02", localeOf(language));
  assert.equal(said("en"), "November up to the 1st: **20% less** than on the same days of October");
  assert.equal(said("de"), "November: **20 % weniger** als im Oktober bis zum 1.");
  assert.equal(said("fr"), "Novembre : **20 % de moins** qu'en octobre jusqu'au 1er");
  assert.equal(said("lb"), "November: **20 % manner** wéi am Oktober bis den 1.");
  assert.equal(said("pt"), "Novembro: **20 % menos** do que em outubro até dia 1");
});

test("days have the ending that English gives them", () => {
  const by = (day: number) => {
    const today = `2026-10-${day + 1}`;
    return sentence(history({ "2026-09": 1, "2026-10": 1 }, today), today).split(/ up to the |:/)[1];
  };
  assert.deepEqual([11, 12, 13, 21, 22, 23, 30].map(by), ["11th", "12th", "13th", "21st", "22nd", "23rd", "30th"]);
});

test("under three percent is as much", () => {
  const said = (amount: number) => sentence(history({ "2026-10": 1, "2026-11": amount }, "2026-11-21"), "2026-11-21");
  assert.equal(said(1.024), "November up to the 20th: **as much as** on the same days of October");
  assert.equal(said(0.976), "November up to the 20th: **as much as** on the same days of October");
  assert.equal(said(1.03), "November up to the 20th: **3% more** than on the same days of October");
  // What is not nothing is not 100% less.
  assert.equal(said(0.004), "November up to the 20th: **99% less** than on the same days of October");
});

test("what is many times as much is not told in percent", () => {
  const said = (before: number, now: number) => sentence(history({ "2026-10": before, "2026-11": now }, "2026-11-21"), "2026-11-21");
  assert.equal(said(1, 3.2), "November up to the 20th: **3.2 times as much as** on the same days of October");
  assert.equal(said(0, 2), "November up to the 20th: **40.0 m³**; same days of October: 0.00 m³");
  assert.equal(said(2, 0), "November up to the 20th: **0.00 m³**; same days of October: 40.0 m³");
  assert.equal(said(0, 0), "November up to the 20th: **0.00 m³**; same days of October: 0.00 m³");
});

test("gas and heat are compared with a year ago as soon as that is known", () => {
  const months = { "2025-11": 2, "2025-12": 9, "2026-01": 9, "2026-02": 9, "2026-03": 9, "2026-04": 9, "2026-05": 9, "2026-06": 9, "2026-07": 9, "2026-08": 9, "2026-09": 9, "2026-10": 1, "2026-11": 2.2 };
  const found = history(months, "2026-11-21");
  assert.equal(sentence(found, "2026-11-21", en, true), "November up to the 20th: **10% more** than on the same days of November 2025");
  // Of which the 3rd is not known.
  const gap = history(months, "2026-11-21", {}, { "2025-11-03": 0.5 });
  assert.equal(sentence(gap, "2026-11-21", en, true), "November up to the 20th: **120% more** than on the same days of October");
  // What has ended since the day that is compared may have gaps: the line ends there.
  const late = history(months, "2026-11-21", {}, { "2025-11-25": 0 });
  const { end } = drawMedium(standingOn(late, "2026-11-21", true));
  assert.deepEqual([end?.x, end?.total], [(24 / 30) * 100, undefined]);
});

test("nothing is compared where a day is not whole", () => {
  const said = (known: Record<string, number>) => sentence(history({ "2026-10": 1, "2026-11": 2 }, "2026-11-21", {}, known), "2026-11-21");
  assert.equal(said({ "2026-11-05": 0.5 }), "November up to the 20th: **at least 39.0 m³**. Some days are incomplete, so there is no comparison with an earlier month.");
  assert.match(said({ "2026-11-05": 0, "2026-11-06": 0.89 }), /at least 37.8 m³/);
  assert.equal(said({ "2026-10-05": 0.5 }), "November up to the 20th: **40.0 m³**. There is too little data from October for a comparison.");
  // Nine tenths of a day are enough, and what comes later in October does not matter.
  assert.equal(said({ "2026-11-05": 0.9, "2026-10-25": 0 }), "November up to the 20th: **99% more** than on the same days of October");
});

test("the last days may be late", () => {
  const said = (known: Record<string, number>) => sentence(history({ "2026-10": 1, "2026-11": 2 }, "2026-11-21", {}, known), "2026-11-21");
  assert.equal(said({ "2026-11-20": 0, "2026-11-19": 0 }), "November up to the 18th: **100% more** than on the same days of October");
  assert.match(said({ "2026-11-20": 0, "2026-11-19": 0, "2026-11-18": 0 }), /up to the 17th: \*\*at least 34\.0 m³/);
});

test("a meter that is new is summed up from its first whole day on", () => {
  const days = { start: "2026-11-04", amounts: [0.5, 2, 2, 1], known: [0.4, 1, 1, 0.5] };
  const found = { ...history({ "2026-11": 1 }, "2026-11-07"), days };
  assert.equal(sentence(found, "2026-11-07"), "From 5 November to the 6th: **4.0 m³**");
  const drawn = drawMedium(standingOn(found, "2026-11-07", false));
  assert.match(drawn.own, /^M13.33 100L/);
  assert.equal(drawn.reference, "");
  const first = { ...found, days: { start: "2026-11-20", amounts: [0.5, 0.2], known: [0.4, 0.5] } };
  assert.equal(sentence(first, "2026-11-21"), "Counted since 20 November. The month's sum appears on 22 November, after the first whole day.");
  const begun = (start: string) => sentence({ ...first, days: { start, amounts: [0.5], known: [0.4] } }, start);
  assert.equal(begun("2026-11-21"), "Counted since 21 November. The month's sum appears on 23 November, after the first whole day.");
  assert.match(begun("2026-12-01"), /since 1 December.* on 3 December/);
  const yesterday = { ...found, days: { start: "2026-11-30", amounts: [0.5, 0.2], known: [0.4, 0.5] } };
  assert.match(sentence(yesterday, "2026-12-01"), /since 30 November.* on 2 December/);
  assert.equal(drawMedium(standingOn(first, "2026-11-21", false)).own, "");
});

test("on the 1st, the month before is told", () => {
  const found = history({ "2026-10": 1, "2026-11": 1 }, "2026-11-01");
  assert.equal(sentence(found, "2026-11-01"), "October: **31.0 m³**");
  assert.equal(sentence(history({ "2026-10": 1, "2026-11": 1 }, "2026-11-01", {}, { "2026-10-09": 0 }), "2026-11-01"), "");
});

test("the end of March is compared with all of February", () => {
  const standing = standingOn(history({ "2026-02": 1, "2026-03": 2 }, "2026-03-31", water), "2026-03-31", false);
  assert.deepEqual([standing.last, standing.sum, standing.referenceSum], [28, 56, 28]);
  assert.equal(standingOn(history({ "2026-10": 1, "2026-11": 2 }, "2026-11-30"), "2026-11-30", false).last, 29);
});

test("what is odd is unknown, and draws no numbers that are none", () => {
  const amounts = [Number.NaN, -3, null, 1e300, Number.POSITIVE_INFINITY, 2];
  const found = { ...history({ "2026-11": 1 }, "2026-11-21"), days: { start: "2026-11-01", amounts, known: [1, 1, 1, 1, 1, 1] } };
  assert.deepEqual(monthOf(found, "2026-11").amounts.slice(0, 7), [null, null, null, null, null, 2, null]);
  for (const today of ["2026-11-21", "2026-11-07", "2026-12-01", "2020-01-01"]) {
    assert.doesNotMatch(JSON.stringify(drawMedium(standingOn(found, today, true))), /NaN|Infinity|null/);
    assert.doesNotMatch(sentence(found, today), /NaN|undefined|Infinity/);
  }
  // A month in which nothing was used lies on the ground.
  const nothing = drawMedium(standingOn(history({ "2026-10": 0, "2026-11": 0 }, "2026-11-04"), "2026-11-04", false));
  assert.equal(nothing.own, "M0 100L3.23 100L6.45 100L9.68 100");
  const empty = { ...found, days: { start: "2026-11-01", amounts: [], known: [] } };
  assert.equal(drawMedium(standingOn(empty, "2026-11-21", true)).own, "");
});

test("a day that is not whole is a gap in the curve", () => {
  const { own, area } = drawMedium(standingOn(history({ "2026-11": 1 }, "2026-11-07", {}, { "2026-11-03": 0.5 }), "2026-11-07", false));
  assert.equal(own.match(/M/g)?.length, 2);
  assert.equal(area.match(/Z/g)?.length, 2);
});

test("today goes on with an index that is newer, but not with any", () => {
  const found = history({ "2026-11": 2 }, "2026-11-21", { time: "2026-11-21T10:00:00+00:00" });
  const today = (index: number | null, time: string | null, unit = "m3") => amountToday(found, "2026-11-21", { index, time, unit });
  assert.equal(amountToday(found, "2026-11-21", undefined), 1);
  assert.equal(amountToday({ ...found, days: null } as unknown as MediumHistory, "2026-11-21", undefined), null);
  assert.equal(today(100.25, "2026-11-21T11:00:00+00:00"), 1.25);
  // It was replaced; it is the same one again; hours or days have passed; it is in another unit.
  assert.equal(today(3, "2026-11-21T11:00:00+00:00"), 1);
  assert.equal(today(100, "2026-11-21T10:00:00+00:00"), 1);
  assert.equal(today(101, "2026-11-21T14:00:00+00:00"), 1);
  assert.equal(today(101, "2026-11-21T11:00:00+00:00", "GJ"), 1);
  assert.equal(today(null, null), 1);
  // From 23:30 to 00:30 in Luxembourg.
  const late = { ...found, time: "2026-11-21T22:30:00+00:00" };
  assert.equal(amountToday(late, "2026-11-22", { index: 101, time: "2026-11-21T23:30:00+00:00", unit: "m3" }), null);
});

test("units are those of people", () => {
  const said = (type: string, unit: string | null, energy: number | null, amount: number) => {
    const units = unitsOf(type, unit, energy, amount);
    return [shown(write(amount, units.day, en)), shown(writeSum(amount, units, en)), shown(write(amount, units.own, en))];
  };
  assert.deepEqual(said("gas", "m3", 11.2, 1.95), ["22 kWh", "22 kWh", "1.95 m³"]);
  assert.deepEqual(said("gas", "m3", 11.2, 0.1), ["1.1 kWh", "1.1 kWh", "0.10 m³"]);
  assert.deepEqual(said("gas", "m3", null, 1.95), ["1.95 m³", "2.0 m³", "1.950 m³"]);
  assert.deepEqual(said("water", "m3", null, 7.412), ["7,412 L", "7.4 m³", "7.412 m³"]);
  assert.deepEqual(said("hot_water", "m3", 11.2, 0.04), ["40 L", "40 L", "0.040 m³"]);
  assert.deepEqual(said("heat", "GJ", null, 0.076), ["21 kWh", "21 kWh", "0.076 GJ"]);
  assert.deepEqual(said("heat", "MWh", null, 0.021), ["21 kWh", "21 kWh", "0.021 MWh"]);
  assert.deepEqual(said("cooling", "kWh", null, 21), ["21 kWh", "21 kWh", "21.000 kWh"]);
  assert.deepEqual(said("heat_cost_allocator", null, null, 3), ["3.00", "3.0", "3.000"]);
  assert.equal(nameOf("constructor", en), "M-Bus meter");
  // A page loads the texts of one language.
  const { en: english } = mediumTexts;
  Object.assign(mediumTexts, { en: undefined });
  assert.equal(nameOf("gas", localeOf("de")), "Gas");
  Object.assign(mediumTexts, { en: english });
});

const NIGHTS = { start: "2026-11-18T23:00:00+00:00", step: 3600, unit: "L" } as const;
/** Litres in the hours of three nights, and 20 L in all others. */
const hours = (...nights: (number | null)[][]) =>
  nights.flatMap((night) => [...Array(24).keys()].map((hour) => (hour >= 2 && hour < 5 ? night[hour - 2]! : 20)));
const nightOf = (...nights: (number | null)[][]) => nightTo(history({ "2026-11": 1 }, "2026-11-21", { hours: { ...NIGHTS, values: hours(...nights) } }), "2026-11-21");
const nightSaid = (...nights: (number | null)[][]) => shown(nightSentence(nightOf(...nights)!, en));

test("a night without water is no sign of a leak", () => {
  assert.equal(nightSaid([1, 1, 1], [1, 1, 1], [0, 0, 0]), "Last night 02:00–05:00: 0 L, no sign of a leak");
  assert.equal(nightSaid([1, 1, 1], [1, 1, 1], [9, 0, 5]), "Last night 02:00–05:00: 14 L, with pauses: no sign of a leak");
  assert.equal(nightSaid([1, 1, 1], [0, 1, 1], [4, 4, 6]), "Last night 02:00–05:00: 14 L; water ran in each hour");
  assert.equal(nightSaid([1, 1, 1], [2, 1, 1], [4, 4, 6]), "**On the last 3 nights, water ran in each hour: possible leak.** Last night 02:00–05:00: 14 L");
  assert.equal(nightSaid([1, null, 1], [2, 1, 1], [4, 4, 6]), "Last night 02:00–05:00: 14 L; water ran in each hour");
  assert.equal(nightOf([0, 0, 0], [0, 0, 0], [0, null, 0]), undefined);
  assert.equal(nightTo(history({ "2026-11": 1 }, "2026-11-21"), "2026-11-21"), undefined);
});

test("three nights without a pause are a warning, two are not", () => {
  const warns = (...nights: number[][]) => footnote({ ...days(history({ "2026-11": 1 }, "2026-11-21"), "2026-11-21"), night: nightOf(...nights)! }, null, en).isWarning;
  assert.deepEqual([warns([1, 1, 1], [2, 1, 1], [4, 4, 6]), warns([1, 0, 1], [2, 1, 1], [4, 4, 6])], [true, false]);
});

test("nights on which clocks change have an hour more or less", () => {
  const at = (start: string, day: string, values: number[]) =>
    nightTo(history({ "2026-11": 1 }, "2026-11-21", { hours: { start, step: 3600, unit: "L", values } }), day)?.litres;
  // From 00:00: in spring 00, 01, 03, 04, 05; in autumn 00, 01, 02, 02, 03, 04, 05.
  assert.equal(at("2026-03-28T23:00:00+00:00", "2026-03-29", [1, 10, 100, 1000, 10000]), 1100);
  assert.equal(at("2026-10-24T22:00:00+00:00", "2026-10-25", [1, 10, 100, 1000, 10000, 100000, 1000000]), 111100);
});

const days = (found: MediumHistory, today: string) => ({
  history: found, today, standing: standingOn(found, today, false), units: unitsOf(found.type, found.unit, found.kwh_per_m3, 5), amount: 0.75, night: undefined,
  time: new Date(`${today}T11:00:00Z`),
});

test("a chosen day is told with that of the other month", () => {
  const known = days(history({ "2026-10": 1, "2026-11": 2 }, "2026-11-21", { kwh_per_m3: 10 }, { "2026-10-30": 0.5 }), "2026-11-21");
  const said = (day: number) => shown(chosenSentence(known, day, en));
  assert.equal(said(12), "**12 November** 20 kWh · 12 October 10 kWh");
  assert.equal(said(21), "**21 November (so far)** 8 kWh · 21 October 10 kWh");
  assert.equal(said(30), "**30 October** at least 5 kWh");
});

test("the days of the table add up to the sum beside the curve", () => {
  const found = history({ "2026-10": 1.04, "2026-11": 1.14 }, "2026-11-21", { kwh_per_m3: 10 });
  const { head, rows } = daysTable(days(found, "2026-11-21"), en);
  assert.deepEqual(head, ["Day", "November", "October"]);
  const cells = rows.map((row) => shown(row[1]!));
  // 20 × 11.4 = 228, where each alone would be 11.
  assert.equal(cells.slice(0, 20).reduce((sum, cell) => sum + Number.parseInt(cell, 10), 0), 228);
  assert.deepEqual(cells.slice(20), ["8 kWh (so far)", ...Array(10).fill("")]);
  assert.equal(rows.length, 31);
});

test("the foot says it in the meter's own unit", () => {
  const said = (found: MediumHistory) => shown(footnote(days(found, "2026-11-21"), 1234.5, en).text);
  assert.equal(said(history({ "2026-11": 2 }, "2026-11-21", { kwh_per_m3: 11.2 })), "Today 0.75 m³, converted to kWh at 11.20 kWh/m³");
  assert.equal(said(history({ "2026-11": 2 }, "2026-11-21", { type: "heat", unit: "GJ" })), "Your meter counts in GJ: today 0.750 GJ × 277.8 = 208 kWh");
  assert.equal(said(history({ "2026-11": 2 }, "2026-11-21", { type: "heat", unit: "MWh" })), "Your meter counts in MWh: today 0.750 MWh × 1,000 = 750 kWh");
  assert.equal(said(history({ "2026-11": 2 }, "2026-11-21")), "Meter reading 1,234.500 m³");
  // Six of twelve hours: 12:00 in Luxembourg, a quarter of the day is known.
  const gap = history({ "2026-11": 2 }, "2026-11-21", {}, { "2026-11-21": 0.25 });
  assert.equal(said(gap), "Meter reading 1,234.500 m³ · No data for 6 h of today");
});

test("each kind of meter has a name in each language", () => {
  const kinds = ["gas", "water", "cold_water", "hot_water", "very_hot_water", "waste_water", "heat", "heat_inlet", "heat_cooling", "cooling", "cooling_inlet", "compressed_air", "electricity", "heat_cost_allocator", "garbage", "unknown"];
  for (const language of LANGUAGES) assert.equal(new Set(kinds.map((kind) => nameOf(kind, localeOf(language)))).size, kinds.length, language);
});

/** Costs of November 2026 at 0.90 € and 15 € a month: 4 m³ a day until the 21st, and 5 m³ a day a year ago. */
const november = { month: "2026-11", first: 1, last: 21, missing_days: 0, m3: 84, used: 75.6, fixed: 10.5, total: 86.1 };
const costDays = (start: string, amounts: number[], known = amounts.map(() => 1)) => ({ start, amounts, known });
const ofDays = (count: number, amount: number) => Array<number>(count).fill(amount);
const gasCosts = (changes: Partial<GasMonth> = {}, more: Partial<GasCosts> = {}): KnownCosts => ({
  per_m3: 0.9,
  per_month: 15,
  month: { ...november, days: costDays("2026-11-01", [...ofDays(21, 4.1), ...ofDays(9, 0.5)], [...ofDays(21, 1), ...ofDays(9, 0)]), ...changes },
  year_ago: { ...november, month: "2025-11", m3: 105, used: 94.5, total: 105, days: costDays("2025-11-01", ofDays(30, 5)) },
  ...more,
});

test("gas in euros: the month, its fixed part, and the same days a year ago", () => {
  const said = (language: string) => {
    const locale = localeOf(language);
    const { number, unit } = costTotal(gasCosts(), "2026-11-22", locale);
    return [`${number} ${unit}`, costSentence(gasCosts(), "2026-11-22", locale), costFoot(gasCosts(), locale), costUntil(gasCosts(), locale)].map(shown);
  };
  assert.deepEqual(said("en"), [
    "86 € this month",
    "This amount includes a fixed price of 11 €. For comparison, November 2025 up to the 21st: **105 €** at today's price.",
    "84.00 m³ × 0.90 €, plus the fixed price of 15.00 € a month for 21 of 30 days. With VAT.",
    "until the end of 21 Nov",
  ]);
  assert.deepEqual(said("fr"), [
    "86 € ce mois-ci",
    "Ce montant comprend 11 € de prix fixe. Novembre 2025 au 21, pour comparer : **105 €** au prix d'aujourd'hui.",
    "84,00 m³ × 0,90 €, plus le prix fixe de 15,00 € par mois pour 21 jours sur 30. TVA comprise.",
    "jusqu'au 21 nov. inclus",
  ]);
  assert.equal(said("de")[1], "In diesem Betrag sind 11 € Festpreis enthalten. November 2025 bis zum 21., zum Vergleich: **105 €** zum heutigen Preis.");
  assert.equal(said("lb")[1], "An dësem Betrag sinn 11 € feste Präis. November 2025 bis den 21., zum Verglach: **105 €** zum Präis vun haut.");
  assert.equal(said("pt")[1], "Este valor inclui 11 € de preço fixo. Novembro de 2025 até dia 21, para comparar: **105 €** ao preço de hoje.");
});

test("gas in euros without a year ago, a fixed price, whole days or the start of the month", () => {
  const said = (costs: KnownCosts, today = "2026-11-22") => shown(costSentence(costs, today, en));
  const alone = { year_ago: null };
  assert.equal(said(gasCosts({}, alone)), "This amount includes a fixed price of 11 €.");
  assert.equal(said(gasCosts({ fixed: 0, total: 75.6 }, { ...alone, per_month: 0 })), "");
  assert.equal(said(gasCosts({ first: 5 }, alone)), "This amount includes a fixed price of 11 €. Counted since 5 November.");
  assert.equal(said(gasCosts({ missing_days: 2 }, alone)), "This amount includes a fixed price of 11 €. This is the minimum amount, because some days are incomplete.");
  assert.equal(shown(costFoot(gasCosts({}, { per_m3: 0.9123, per_month: 0 }), en)), "84.00 m³ × 0.9123 €, with VAT.");
  // On the 1st, October is told as a whole.
  const october = gasCosts({ month: "2026-10" });
  assert.deepEqual(costTotal(october, "2026-11-01", en), { number: "86", unit: "€ in October" });
  const whole = { ...gasCosts().year_ago!, last: 30 };
  assert.equal(said(gasCosts({}, { year_ago: whole })), "This amount includes a fixed price of 11 €. For comparison, November 2025: **105 €** at today's price.");
  // A month in summer is told in cents.
  const summer = gasCosts({ total: 9.99, fixed: 5.5 }, alone);
  assert.deepEqual([costTotal(summer, "2026-11-22", en).number, said(summer)], ["9.99", "This amount includes a fixed price of 5.50 €."]);
  assert.deepEqual([hasMonth(null), hasMonth(undefined), hasMonth({ ...gasCosts(), month: null }), hasMonth(summer)], [false, false, false, true]);
});

test("gas in euros is drawn by days, up to the last whole one", () => {
  const drawing = drawMedium(costStanding(gasCosts()));
  // 86.1 of 150 € that the 30 days a year ago have cost.
  assert.deepEqual([drawing.dot!.x.toFixed(3), drawing.dot!.y.toFixed(3)], ["70.000", (100 - (86.1 / 150) * 100).toFixed(3)]);
  assert.equal(drawing.end!.total, 150);
  const standing = costStanding(gasCosts());
  const found = { ...days(history({ "2026-11": 4 }, "2026-11-22"), "2026-11-22"), standing, units: costUnits(gasCosts()), amount: null };
  assert.equal(shown(chosenSentence(found, 12, en)), "**12 November** 4.10 € · 12 November 2025 5.00 €");
  assert.equal(shown(chosenSentence(found, 22, en)), "**22 November (so far)** – · 22 November 2025 5.00 €");
  // The last day of a month that has ended is a day like the others.
  assert.equal(shown(chosenSentence({ ...found, today: "2026-12-01" }, 30, en)), "**30 November** at least 0.50 € · 30 November 2025 5.00 €");
});

test("the curve of a month has its sum beside its end, on the side that has room", () => {
  const chart = (found: MediumHistory, today: string, index?: number) => {
    const known = days(found, today);
    return shown(markupOf(mediumChart({ name: "Gas", days: known, drawing: drawMedium(known.standing), reading: "" }, { index } as ChosenBar, en))).replace(/\s+/g, " ");
  };
  const end = (today: string) => /class="at value (\w*)" style="left:([\d.]+)%.*max-width:([\d.]+)%".*?<\/span> ([^<]*)<\/b/.exec(chart(history({ "2026-10": 1, "2026-11": 1 }, today), today))!.slice(1).map((text) => (Number(text) ? String(Math.round(Number(text))) : text.trim()));
  assert.deepEqual([end("2026-11-08"), end("2026-11-21")], [["right", "23", "77", "7.0 m³"], ["", "65", "65", "20.0 m³"]]);
  const month = history({ "2026-10": 1, "2026-11": 2 }, "2026-11-21");
  assert.match(chart(month, "2026-11-21"), /aria-valuemax=31 aria-valuenow=20 aria-valuetext=nothing chosen/);
  assert.match(chart(month, "2026-11-21", 4), /aria-valuenow=5 .*class="at chosen" style="left:14\.5/);
  assert.match(chart(history({ "2026-10": 1, "2026-11": 2 }, "2026-11-21", {}, { "2026-11-05": 0.5 }), "2026-11-21"), /at least 39.0 m³/);
});

test("an amount without a unit is a number", () => {
  assert.equal(write(2, { unit: "", factor: 10, decimals: 1 }, en), "20.0");
});
