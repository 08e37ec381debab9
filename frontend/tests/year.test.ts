import assert from "node:assert/strict";
import { test } from "node:test";
import { reading, yearMap } from "../src/charts/heat-map-axes-legend.ts";
import { classChooser } from "../src/parts/class-chooser.ts";
import { yearHighs } from "../src/charts/year-highs.ts";
import { Cells, type Color, dayTicks, imageOf, palette, shades } from "../src/charts/heat-map-picture.ts";
import { Locale } from "../src/locale.ts";
import { aboveIn, aboveSentence, classRows, classSentence, energySentence, limitName, noComparison, withoutParts } from "../src/sentences/year.ts";
import { periodOf } from "../src/sentences/summed-months.ts";
import type { ChosenBar } from "../src/charts/chosen-bar.ts";
import type { Bill, Classes, MonthAbove, QuarterHours } from "../src/data/websocket-types.ts";
import { EXCESS, gridOf, highestOf, localOf, markedCells } from "../src/data/heat-map-grid.ts";
import { listenersOf, markupOf, press } from "./template-text.ts";
import { ESTIMATED, mergeSeries, type Series, UNKNOWN } from "../src/data/year-quarter-hours.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" });
const of = (language: string) => new Locale({ language, number_format: "language", time_format: "24" });
const plain = (text: string) => text.replaceAll("**", "").replaceAll("\u00a0", " ");

/** The classes of one month, [kW, fixed, surcharge, kWh above] each. */
function classes(own: number | null, all: [string, number | null, number | null, number][]): Classes {
  const entry = (fixed: number | null, surcharge: number | null, excess_kwh: number) =>
    ({ fixed, surcharge, excess_kwh, total: fixed === null || surcharge === null ? null : fixed + surcharge }) as Classes["months"][0]["classes"][string];
  const month = { month: "2026-10", measured_share: 1, classes: Object.fromEntries(all.map(([kw, ...rest]) => [kw, entry(...rest)])) };
  return {
    months: [month],
    prices: "current",
    cheapest: null,
    saving_per_year: null,
    about_the_same: false,
    reference_kw: own,
    vat_rate: 0.08,
    decisive: ["2026-10"],
    totals: Object.fromEntries(Object.entries(month.classes).map(([kw, { total }]) => [kw, total])),
    above: [],
  };
}

const answer = (start: string, values: QuarterHours["values"]): QuarterHours => ({
  start,
  end: "",
  step: 900,
  quantity: "larger",
  unit: "Wh",
  values,
  origins: [],
  past: "today",
});
const series = (start: string, values: (number | null)[]): Series => mergeSeries(answer(start, values));
const says = (rows: ReturnType<typeof classRows>, chosen: number | undefined, months = 12, locale = en) =>
  plain(classSentence(rows, chosen, months, locale));

test("classes are in the order of their numbers, up to the first that nothing exceeds", () => {
  const rows = classRows(classes(7, [["12", 20, 0, 0], ["100", 90, 0, 0], ["3", 7, 9, 120], ["7", 13, 1, 10]]));
  assert.deepEqual(rows.map(({ kw }) => kw), [3, 7, 12]);
  assert.deepEqual(rows.map(({ total }) => total), [16, 14, 20]);
  assert.deepEqual(rows.map(({ difference }) => difference), [2, null, 6]);
});

test("the last step of the legend ends at the limit", () => {
  const grid = gridOf(series("2026-03-28T23:00:00Z", [100, -100]));
  const size = { isTurned: false, width: 300, height: 200, axis: 40, dayRoom: 40 };
  const legend = (kw: number | undefined) => {
    const map = yearMap(grid, size, kw === undefined ? undefined : { kw, name: `${kw} kW` }, { index: undefined } as ChosenBar, () => undefined, en);
    return [...plain(markupOf(map).replace(/<path[^>]*>/g, "")).matchAll(/>((?:> )?\d[^<>]*)<\/span>/g)].map(([, text]) => text);
  };
  const fedIn = ["0–0.5", "0.5–1.5", "1.5–4", "> 4 kW"];
  assert.deepEqual(legend(3), ["0–0.5", "0.5–1.5", "1.5–3", ...fedIn]);
  assert.deepEqual(legend(7), ["0–0.5", "0.5–1.5", "1.5–4", "4–7", ...fedIn]);
  assert.deepEqual(legend(undefined), [...fedIn, ...fedIn]);
});

test("a hidden part is in no bar, no total and no difference", () => {
  const rows = classRows(classes(7, [["3", 7, 9, 120], ["7", 13, 1, 10], ["12", 20, 0, 0]]));
  const of = (...hidden: ("fixed" | "surcharge")[]) => withoutParts(rows, hidden).map(({ fixed, surcharge, total, difference }) => [fixed, surcharge, total, difference]);
  assert.deepEqual(of(), [[7, 9, 16, 2], [13, 1, 14, null], [20, 0, 20, 6]]);
  assert.deepEqual(of("surcharge"), [[7, 0, 7, -6], [13, 0, 13, null], [20, 0, 20, 7]]);
  assert.deepEqual(of("fixed"), [[0, 9, 9, 8], [0, 1, 1, null], [0, 0, 0, -1]]);
  assert.deepEqual(of("fixed", "surcharge"), [[0, 0, 0, 0], [0, 0, 0, null], [0, 0, 0, 0]]);
  const unknown = classRows(classes(7, [["3", null, 1, 9], ["7", null, 0, 0]]));
  assert.deepEqual(withoutParts(unknown, ["fixed"]).map(({ total, difference }) => [total, difference]), [[null, null], [null, null]]);
});

test("one's own class is there, however large, and one class is never alone", () => {
  const small: [string, number, number, number][] = [["3", 7, 0, 0], ["7", 13, 0, 0], ["12", 20, 0, 0], ["43", 60, 0, 0]];
  assert.deepEqual(classRows(classes(43, small)).map(({ kw }) => kw), [3, 7, 43]);
  assert.deepEqual(classRows(classes(3, small)).map(({ kw }) => kw), [3, 7]);
  const rows = classRows(classes(5, small));
  assert.deepEqual(rows.map(({ kw }) => kw), [3, 5, 7]);
  assert.deepEqual(rows[1], { kw: 5, fixed: null, surcharge: null, total: null, aboveKWh: null, isOwn: true, difference: null });
});

test("of many classes the dearest are left out, never one's own or the cheapest", () => {
  const many: [string, number, number, number][] = [3, 7, 12, 17, 27, 43, 70, 100].map((kw) => [String(kw), kw, 200 / kw, 200 - kw]);
  assert.deepEqual(classRows(classes(100, many)).map(({ kw }) => kw), [7, 12, 17, 27, 43, 100]);
});

test("the class that costs least is right, its neighbours are compared", () => {
  const rows = (three: number, twelve: number) => classRows(classes(7, [["3", three, 0, 9], ["7", 200, 0, 2], ["12", twelve, 0, 0]]));
  assert.equal(says(rows(203, 220), 7), "7 kW is the right reference power. In 12 months, you would have paid 20 € more with 12 kW, and about the same with 3 kW.");
  assert.equal(says(rows(220, 203), 7), "7 kW is the right reference power. In 12 months, you would have paid 20 € more with 3 kW, and about the same with 12 kW.");
  assert.equal(says(rows(208, 220), 7), "7 kW is the right reference power. In 12 months, you would have paid 20 € more with 12 kW, and 8 € more with 3 kW.");
  assert.equal(says(rows(203, 201), 7), "7 kW is the right reference power. In 12 months, you would have paid about the same with 12 kW or 3 kW.");
  // A saving below 5 € is named, because the bars show it.
  assert.equal(says(rows(197, 220), 7), "7 kW is the right reference power. With 3 kW, you would have paid only 3 € less in 12 months: not worth a change.");
  assert.equal(says(rows(180, 220), 7), "With 3 kW, you would have paid 20 € less in 12 months.");
  // In fewer months, less is as much in a year: 3 € in one month are 36 €.
  assert.equal(says(rows(197, 220), 7, 1), "With 3 kW, you would have paid 3 € less in 1 month.");
  assert.equal(says(rows(199, 220), 7, 3), "7 kW is the right reference power. With 3 kW, you would have paid only 1 € less in 3 months: not worth a change.");
  assert.equal(says(rows(180, 220), 7, 1), "With 3 kW, you would have paid 20 € less in 1 month.");
});

test("another class that is chosen is compared with one's own", () => {
  const rows = classRows(classes(7, [["3", 203, 0, 9], ["7", 200, 0, 2], ["12", 220, 0, 0]]));
  assert.equal(says(rows, 12), "With 12 kW, you would have paid 20 € more in 12 months than with your 7 kW.");
  assert.equal(says(rows, 3), "With 3 kW, you would have paid about the same in 12 months as with your 7 kW.");
  assert.equal(says(rows, 12, 12, of("fr")), "Avec 12 kW, vous auriez payé 20 € de plus qu'avec vos 7 kW sur 12 mois.");
  assert.equal(says(rows, 12, 1, of("de")), "Mit 12 kW hättest du 20 € mehr bezahlt in 1 Monat als mit deinen 7 kW.");
});

test("without a class of one's own, the cheapest is named", () => {
  const rows = classRows(classes(null, [["3", 203, 0, 9], ["7", 200, 0, 2], ["12", 220, 0, 0]]));
  assert.equal(says(rows, undefined), "7 kW would have been the cheapest in 12 months: 200 €.");
  assert.equal(says(rows, 12), "With 12 kW, you would have paid 20 € more in 12 months than with 7 kW.");
  assert.deepEqual(rows.map(({ difference }) => difference), [3, null, 20]);
});

test("energy needs no contract: that of the whole months, or what there is so far", () => {
  const bill = (imported_kwh: number, exported_kwh: number, until = "2026-11-01") => ({ imported_kwh, exported_kwh, until, end: "2026-11-01" }) as Bill;
  const running = bill(100, 50, "2026-10-21");
  assert.equal(plain(energySentence([bill(520.4, 38.4), bill(655.3, 0), running], en)), "1,176 kWh from the grid, 38 kWh to the grid in 2 months.");
  const first = { ...bill(90, 0), measured_share: 0.3 };
  assert.equal(plain(energySentence([first, bill(520.4, 20), running], en)), "520 kWh from the grid, 20 kWh to the grid in 1 month.");
  assert.equal(plain(energySentence([first, running], en)), "190 kWh from the grid, 50 kWh to the grid so far.");
  assert.equal(plain(energySentence([running], en)), "100 kWh from the grid, 50 kWh to the grid so far.");
  assert.equal(plain(energySentence([bill(350, 0)], of("fr"))), "350 kWh du réseau sur 1 mois.");
  assert.equal(plain(energySentence(Array.from({ length: 14 }, () => bill(100, 0)), en)), "1,200 kWh from the grid in 12 months.");
});

test("prices that are not known compare nothing", () => {
  const rows = classRows(classes(7, [["3", null, 1, 9], ["7", null, 0, 0]]));
  assert.equal(says(rows, 7), "Prices are missing, so the reference powers cannot be compared.");
  assert.deepEqual(rows.map(({ total }) => total), [null, null]);
  assert.deepEqual(classRows({ ...classes(7, []), totals: {}, months: [], decisive: [] }), []);
});

/** A month with so many quarter-hours and kWh above 3 kW, and above the contract, whose reference powers are given. */
const monthAbove = (month: string, three: [number, number], contract: [number, number], ...reference_kw: number[]): MonthAbove => ({
  month,
  quarter_hours: 17_520,
  of_quarter_hours: 17_520,
  peak: null,
  classes: { "3": { quarter_hours: three[0], kwh: three[1] } },
  contract: { reference_kw, quarter_hours: contract[0], kwh: contract[1] },
});

test("what was above is said as it was counted, above the contract of the time or above a class", () => {
  const at = (count: number, kwh: number, months?: number) => {
    const all = [monthAbove("2026-01", [0, 0], [count, kwh], 7), monthAbove("2026-02", [5, 10], [0, 0], 7)];
    return plain(aboveSentence(all, { kw: 7, isContract: true }, months, en));
  };
  assert.equal(at(823, 926.4, 12), "823 quarter-hours were above 7 kW in 12 months: 2.3% of the time, 926 kWh in excess.");
  assert.equal(at(1, 0.6, 12), "1 quarter-hour was above 7 kW in 12 months: 0.6 kWh in excess.");
  assert.equal(at(0, 0, 12), "No quarter-hour was above 7 kW in 12 months.");
  assert.equal(at(3, 1.2), "3 quarter-hours were above 7 kW so far: 1.2 kWh in excess.");
  const changed = [monthAbove("2026-01", [10, 4], [0, 0], 12), monthAbove("2026-02", [20, 8.5], [2, 0.5], 12, 7)];
  const said = (isContract: boolean, kw: number, locale = en) => plain(aboveSentence(changed, { kw, isContract }, 2, locale));
  assert.equal(said(true, 7), "2 quarter-hours were above 12 kW, then 7 kW in 2 months: 0.5 kWh in excess.");
  assert.equal(said(true, 7, of("pt")), "2 quartos de hora acima de 12 kW, depois 7 kW em 2 meses: 0,5 kWh em excesso.");
  assert.equal(said(false, 3), "30 quarter-hours were above 3 kW in 2 months: 0.1% of the time, 13 kWh in excess.");
  assert.equal(limitName([monthAbove("2026-01", [0, 0], [0, 0])], { kw: 7, isContract: true }, en).replace("\u00a0", " "), "7 kW");
  assert.deepEqual(aboveIn(changed, { kw: 99, isContract: false }), { quarter_hours: 0, kwh: 0 });
});

test("the comparison begins after the first whole month", () => {
  const now = new Date("2026-11-21T17:38:20Z");
  const begins = (since: string | null) => plain(noComparison(since, now, en));
  const on = (day: string) => `The reference powers are compared from ${day} on, when the first whole month is known.`;
  assert.equal(begins("2026-11-01T00:00:00+01:00"), on("1 December"));
  for (const since of ["2026-11-01T00:15:00+01:00", "2026-11-02T00:00:00+01:00"]) assert.equal(begins(since), on("1 January"));
  assert.equal(begins("2026-10-02T00:00:00+02:00"), on("1 December"));
  assert.equal(begins(null), on("1 January"));
  // A whole month has passed.
  for (const since of ["2026-10-01T00:00:00+02:00", "2025-11-01T00:00:00+01:00"]) assert.equal(begins(since), "Every month has gaps of more than 1%, so there is no comparison.");
  assert.equal(plain(noComparison("2025-11-01T00:00:00+01:00", now, of("fr"))), "Aucun mois n'est mesuré à 99 % ou plus : pas de comparaison.");
});

test("a period is said in words", () => {
  assert.equal(periodOf(["2025-06", "2026-05"], en), "June 2025 – May 2026");
  assert.equal(periodOf(["2026-05"], of("fr")), "mai 2026");
});

test("a year is read from base64 and from a list alike, and its tail is put at its own place", () => {
  // 1 Wh, -2 Wh, unknown: little-endian.
  const packed = btoa(String.fromCharCode(1, 0, 0xfe, 0xff, 0x00, 0x80));
  assert.deepEqual([...mergeSeries(answer("2026-01-01T00:00:00Z", packed)).values], [1, -2, UNKNOWN]);
  assert.deepEqual([...mergeSeries(answer("2026-01-01T00:00:00Z", [1, -2, null])).values], [1, -2, UNKNOWN]);
  const tail = answer("2026-01-01T01:00:00+00:00", [7]);
  assert.deepEqual([...mergeSeries(answer("2026-01-01T00:00:00Z", packed), tail).values], [1, -2, UNKNOWN, UNKNOWN, 7]);
  assert.equal(mergeSeries(answer("never", packed)).values.length, 0);
  assert.equal(mergeSeries(answer("2026-01-01T00:00:00Z", "%")).values.length, 0);
});

test("days are those of Luxembourg's clock: an hour is left out in March, and doubled in October", () => {
  // From midnight of 29 March on, each quarter-hour with its number.
  const march = gridOf(series("2026-03-28T23:00:00Z", Array.from({ length: 92 + 1 }, (_, index) => index)));
  const from = 6 * 96 - 96;
  assert.equal(march.days, 7);
  assert.deepEqual([...march.cells.subarray(from + 6, from + 14)], [6, 7, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 8, 9]);
  assert.equal(march.cells[from + 96], 92);
  // Of the doubled hour the higher one: that of the second time here, and of the first time below.
  const october = gridOf(series("2026-10-24T22:00:00Z", Array.from({ length: 100 + 1 }, (_, index) => index)));
  assert.deepEqual([...october.cells.subarray(from + 7, from + 13)], [7, 12, 13, 14, 15, 16]);
  assert.equal(october.cells[from + 96], 100);
  const falling = gridOf(series("2026-10-24T22:00:00Z", Array.from({ length: 100 + 1 }, (_, index) => 500 - index)));
  assert.deepEqual([...falling.cells.subarray(from + 7, from + 13)], [493, 492, 491, 490, 489, 484]);
});

test("a year feeds in if one quarter-hour does", () => {
  const feedsIn = (...values: (number | null)[]) => gridOf(series("2026-03-28T23:00:00Z", values)).feedsIn;
  assert.deepEqual([feedsIn(0, 5), feedsIn(null), feedsIn(5, -1, 0)], [false, false, true]);
});

test("a cell is red by the mark of the server, whatever its energy is", () => {
  // 8 kW drawn, above 7 kW and its contract; 0.8 kW, above a contract of 0.5 kW; 12.1 kW, agreed: 12 kW; fed in; unknown.
  const marks = [2 + 16, 16, 3, 0, 0];
  const from = 6 * 96 - 96;
  for (const above of [marks, btoa(String.fromCharCode(...marks))]) {
    const year = { ...answer("2026-03-01T23:00:00Z", [2000, 200, 3025, -900, null]), above, reference_powers: [3, 7, 12] };
    const grid = gridOf(mergeSeries(year));
    const red = (kw: number, isContract: boolean) =>
      [...markedCells(grid, { kw, isContract }).subarray(from + 96, from + 101)].map((value) => value === EXCESS);
    assert.deepEqual(red(7, true), [true, true, false, false, false]);
    assert.deepEqual(red(7, false), [true, false, true, false, false]);
    assert.deepEqual(red(3, false), [true, false, true, false, false]);
    assert.deepEqual(red(12, false), [false, false, true, false, false]);
    assert.deepEqual(red(5, false), [false, false, false, false, false]);
    assert.deepEqual([...markedCells(grid, undefined).subarray(from + 96, from + 101)], [2000, 200, 3025, -900, UNKNOWN]);
  }
});

test("of the doubled hour both marks count", () => {
  const marks = Array.from({ length: 100 }, (_, row) => (row === 8 ? 1 : row === 13 ? 2 + 16 : 0));
  const year = { ...answer("2026-10-24T22:00:00Z", Array.from({ length: 100 }, () => 800)), above: marks, reference_powers: [3, 7] };
  const { above } = gridOf(mergeSeries(year));
  const from = 6 * 96;
  // Rows 8 and 12 are shown at two o'clock, rows 9 and 13 a quarter past.
  assert.deepEqual([...above.subarray(from + 7, from + 11)], [0, 1, 18, 0]);
});

test("of a run above the contract only its highest quarter-hour is among the highest", () => {
  // 7 kW are 1750 Wh: two runs, the second of which is the last known one.
  const values = [1700, 2000, 2400, 1900, null, -3000, 400, 1600, 0, 1500, 2300];
  const above = values.map((wh) => ((wh ?? 0) > 1750 ? 2 + 16 : 0));
  const year = mergeSeries({ ...answer("2026-01-01T23:00:00Z", values), above, reference_powers: [3, 7] });
  const said = highestOf(year).map(({ time, kw, isAbove }) => [new Date(time).toISOString().slice(11, 16), kw, isAbove]);
  assert.deepEqual(said, [["23:30", 9.6, true], ["01:30", 9.2, true], ["23:00", 6.8, false], ["00:45", 6.4, false], ["01:15", 6, false]]);
  assert.deepEqual(highestOf(series("2026-01-01T23:00:00Z", [-5, 0])), []);
  const first = { ...answer("2025-12-31T23:00:00Z", [2400, 1900]), above: [18, 18], reference_powers: [3, 7] };
  assert.deepEqual(highestOf(mergeSeries(first)).map(({ kw }) => kw), [9.6]);
});

test("a time is that of Luxembourg's calendar", () => {
  assert.equal(localOf(Date.parse("2026-10-31T22:30:00Z")), Date.UTC(2026, 9, 31, 23, 30));
  assert.equal(localOf(Date.parse("2026-07-31T22:30:00Z")), Date.UTC(2026, 7, 1, 0, 30));
});

const LIGHT = { ground: [255, 255, 255], drawn: [72, 143, 194], fedIn: [131, 83, 209], excess: [219, 68, 55] } as const;
const DARK = { ...LIGHT, ground: [28, 28, 28], fedIn: [162, 128, 219] } as const;

test("a color says how much: nothing for the unknown, one red above, four steps each way", () => {
  for (const theme of [LIGHT, DARK]) {
    const colors = palette(theme);
    const at = (wh: number) => [...new Uint8Array(new Uint32Array([colors[wh - UNKNOWN]!]).buffer)];
    assert.deepEqual(at(UNKNOWN), [0, 0, 0, 0]);
    assert.deepEqual(at(EXCESS), [219, 68, 55, 255]);
    // 0.5, 1.5 and 4 kW are 125, 375 and 1000 Wh a quarter-hour.
    for (const [from, to] of [[0, 124], [125, 374], [375, 999], [1000, EXCESS - 1], [-1, -124], [-125, -374], [-375, -999], [-1000, -32_767]] as const) {
      assert.deepEqual(at(from), at(to));
    }
    const lowest = [124, 374, 999, 1000, -1, -125, -375, -1000].map((wh) => at(wh));
    assert.equal(new Set(lowest.map(String)).size, 8);
  }
});

/** Contrast as WCAG defines it. */
const contrast = (one: Color, other: Color): number => {
  const luminance = (color: Color) => {
    const [r, g, b] = color.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
};

test("steps of color have fixed lightness and the hue of the theme, and are brighter the stronger on a dark ground", () => {
  const rgb = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  // Drawn with another program for 242° and 302°, and for 238° and 321°: a few degrees beside those of the theme.
  const expected = [
    [LIGHT, ["#d1e8fa", "#6faedd", "#347eb1", "#0b4e76"], ["#ccacfc", "#a475e2", "#7b30c4", "#470979"]],
    [DARK, ["#1b2c37", "#1d597b", "#3b9cd4", "#7ec9fa"], ["#5a2c63", "#a041b2", "#dc7eee", "#f3c8fb"]],
  ] as const;
  for (const [theme, drawn, fedIn] of expected) {
    const made = shades(theme);
    for (const [colors, hexes] of [[made.drawn, drawn], [made.fedIn, fedIn]] as const) {
      for (const [index, color] of colors.entries()) {
        for (const [channel, value] of rgb(hexes[index]!).entries()) assert.ok(Math.abs(color[channel]! - value) <= 13, `${color} ${hexes[index]}`);
        if (index) assert.ok(contrast(color, colors[index - 1]!) >= 1.65, `${index}`);
      }
    }
  }
  // A theme in grey stays grey.
  for (const [red, green, blue] of shades({ ...LIGHT, drawn: [120, 120, 120] }).drawn) assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) <= 1);
});

test("midnight is on top, or hours go to the right with the newest day on top; a pixel of several days shows the highest", () => {
  const all = Uint32Array.from({ length: 65_536 }, (_, index) => (index === 0 ? 0 : index + UNKNOWN));
  const grid = { firstDay: 0, days: 3, cells: Int16Array.from({ length: 288 }, (_, cell) => cell + 1), feedsIn: false, lastCell: 287 };
  const wide = imageOf(grid, all, 500, false);
  assert.deepEqual([wide.width, wide.height, wide.pixels[0], wide.pixels[95 * 3 + 2]], [3, 96, 1, 288]);
  const turned = imageOf(grid, all, 500, true);
  assert.deepEqual([turned.width, turned.height, turned.pixels[0], turned.pixels[287]], [96, 3, 193, 96]);
  const falling = { ...grid, cells: grid.cells.map((value) => 500 - value) };
  const small = imageOf(falling, all, 2, false);
  assert.deepEqual([small.width, ...small.pixels.subarray(0, 2)], [2, 500 - 1, 500 - 97]);
});

test("a chosen quarter-hour has its time and its power", () => {
  // From 30 December 2025 until 5 January 2026.
  const grid = gridOf(series("2025-12-29T23:00:00Z", Array.from({ length: 7 * 96 }, (_, row) => (row === 74 ? -500 : row === 75 ? null : 825))));
  const said = (cell: number) => reading(cell, grid, en).replaceAll("\u00a0", " ");
  assert.deepEqual([74, 75, 6 * 96].map(said), ["30 December 2025, 18:30: 2.0 kW to the grid", "30 December 2025, 18:45: not known", "5 Jan, 00:00: 3.3 kW"]);
});

test("what is chosen is found again, wide and turned", () => {
  const grid = { firstDay: 0, days: 10, cells: new Int16Array(960), feedsIn: false, lastCell: 959 };
  for (const isTurned of [false, true]) {
    const cells = new Cells(grid, isTurned);
    const cell = 7 * 96 + 50;
    const chosen = cells.chosen(cell);
    assert.equal(cells.cell(chosen), cell);
    assert.equal(cells.at(...cells.middle(chosen)), chosen);
    const [x, y] = cells.middle(chosen);
    assert.deepEqual(isTurned ? [x, y].map((each) => each.toFixed(2)) : [y, x].map((each) => each.toFixed(2)), isTurned ? ["0.53", "0.25"] : ["0.53", "0.75"]);
    assert.deepEqual([cells.at(0, 1), cells.at(1, 0)], [0, 959]);
  }
});

test("months are written where there is room, and days while there are few", () => {
  const grid = (days: number) => ({ firstDay: 20_393, days, cells: new Int16Array(), feedsIn: false, lastCell: 0 });
  // 1 November 2025 and the 385 days after it.
  assert.equal(dayTicks(grid(386), 840, 36).length, 13);
  assert.equal(dayTicks(grid(386), 340, 36).length, 6);
  assert.deepEqual(dayTicks(grid(7), 168, 20).map(({ at }) => Math.round(at * 7)), [0, 1, 2, 3, 4, 5, 6]);
  // The newest label needs three days and ends with the newest day.
  assert.deepEqual(dayTicks(grid(7), 168, 60).map(({ at }) => Math.round(at * 7)), [1, 4]);
});

test("what the platform has estimated is known by its cell, also where the tail brings it", () => {
  const year = { ...answer("2026-01-01T23:00:00Z", [1, 2, 3]), origins: [[1, 1, "leneda_estimated"], [2, 1, "leneda"]] } as QuarterHours;
  const tail = { ...answer("2026-01-01T23:45:00Z", [4]), origins: [[0, 1, "leneda_estimated"]] } as QuarterHours;
  const { days, estimated } = gridOf(mergeSeries(year, tail));
  const today = (days - 1) * 96;
  assert.deepEqual([...estimated!.subarray(today, today + 5)], [UNKNOWN, ESTIMATED, UNKNOWN, ESTIMATED, UNKNOWN]);
  assert.equal(gridOf(series("2026-01-01T23:00:00Z", [1])).estimated, undefined);
});

test("a reference power is chosen among rows with their costs and the difference to one's own", () => {
  const row = (kw: number, fixed: number | null, surcharge: number | null, difference: number | null, isOwn = false) =>
    ({ kw, fixed, surcharge, total: fixed === null || surcharge === null ? null : fixed + surcharge, difference, isOwn }) as Parameters<typeof classChooser>[0][number];
  const rows = [row(3, 100, 100, 60), row(7, 140, 0, null, true), row(12, 160, -4, 16), row(27, null, null, null)];
  const chosen: number[] = [];
  const of = (kw: number | undefined) => classChooser(rows, kw, 12, en, (to) => chosen.push(to));
  const texts = markupOf(of(7)).split("<button").slice(1).map((text) => plain(text.replace(/\s+/g, " ")));
  const parts = (text: string) => [/aria-checked=(\w+) tabindex=(\S+)/.exec(text)!.slice(1).join(" "), [...text.matchAll(/width=([\d.]+)%/g)].map(([, share]) => Number(share)).join(" "), ...[...text.matchAll(/<(?:span class="(?:number|hidden)"|small)>([^<]*)/g)].map(([, words]) => words)];
  assert.deepEqual(texts.map(parts), [
    ["false -1", "50 50", "200 €", "+60 €", "(100 € fixed price, 100 € surcharge)"],
    ["true 0", "70", "140 €", "your contract", "(140 € fixed price)"],
    ["false -1", "80", "156 €", "+16 €", "(160 € fixed price, −4 € surcharge)"],
    ["false -1", "", "–", "", ""],
  ]);
  assert.deepEqual([press(of(7), "ArrowDown"), press(of(undefined), "ArrowDown"), press(of(27), "ArrowDown"), press(of(7), "x"), chosen], [false, false, false, true, [12, 7, 3]]);
  assert.match(markupOf(of(undefined)), /aria-checked=false\s+tabindex=0/);
});

test("the highest quarter-hours open their day", () => {
  const opened: string[] = [];
  const highs = yearHighs([{ time: Date.parse("2026-11-20T23:15:00Z"), kw: 9.4, isAbove: true }, { time: Date.parse("2026-01-02T11:00:00Z"), kw: 6, isAbove: false }], en, (day) => opened.push(day));
  assert.deepEqual([...plain(markupOf(highs)).matchAll(/<b class=(\w*)>(.*?)<\/b> <small>(.*?)</g)].map(([, ...texts]) => texts.join(" | ")), ["excess | 9.4 kW | Sat 21 Nov, 00:15", " | 6.0 kW | Fri 2 Jan, 12:00"]);
  listenersOf(highs, "click")[0]!({});
  assert.deepEqual(opened, ["2026-11-21"]);
  assert.equal(markupOf(yearHighs([], en, () => undefined)), "");
});
