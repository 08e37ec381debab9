import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chartOf,
  type ChartRequest,
  countOf,
  type Quarter,
  quartersOf,
  roomFor,
  smallBars,
} from "../src/data/day-chart-bars.ts";
import { dayStart, Locale } from "../src/locale.ts";
import { runningBar } from "../src/charts/day-chart.ts";
import { costsOf, firstEnds, knownPartOf, runningOf, type ShownDay, shownOf } from "../src/parts/day-quarter-hours.ts";
import { calendar, dayAfterKey, weeksOf } from "../src/charts/calendar.ts";
import { memoize } from "../src/data/memoize.ts";
import {
  alwaysOnSentence,
  type DayFacts,
  daySentence,
  dayNotes,
  dayTitle,
  excessKwh,
  firstDay,
  type QuarterFacts,
  quarterSentence,
  shownDay,
  sinceNote,
  timeOf,
  weekOf,
} from "../src/sentences/today.ts";
import type { Day, Live, Meter, QuarterHours, RunningQuarterHour } from "../src/data/websocket-types.ts";
import { markupOf, press } from "./template-text.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" });
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const START = dayStart("2026-11-21").getTime();
const NOW = Date.parse("2026-11-21T17:38:20Z");

const quarter = (imported: number | null, exported: number | null = null, origin?: Quarter["origin"]): Quarter => ({ imported, exported, origin });
const request = (changes: Partial<ChartRequest> = {}): ChartRequest => ({
  start: START,
  quarters: Array.from({ length: 96 }, () => quarter(100)),
  reference: 7,
  ended: 96,
  begun: 0,
  room: { drawn: 0, fed: 0 },
  width: 1000,
  height: 272,
  isNarrow: false,
  tickWidth: () => 32,
  hourWidth: 30,
  ...changes,
});
const bars = (path: string): number => path.split("M").length - 1;

const answer = (changes: Partial<QuarterHours>): QuarterHours => ({
  start: "2026-11-20T23:00:00+00:00",
  end: "",
  step: 900,
  quantity: "imported",
  unit: "Wh",
  values: [],
  origins: [],
  ...changes,
});

test("values stand at their instant, wherever the answer begins", () => {
  const imported = answer({ start: "2026-11-20T22:30:00+00:00", values: [1, 2, 3, null, 5], origins: [[2, 2, "leneda"]] });
  const exported = answer({ start: "2026-11-20T23:15:00Z", values: [7] });
  assert.deepEqual(quartersOf(START, 4, imported, exported), [
    { imported: 3, exported: null, origin: "leneda" },
    { imported: null, exported: 7, origin: undefined },
    { imported: 5, exported: null, origin: undefined },
    { imported: null, exported: null, origin: undefined },
  ]);
});

test("a day has 92, 96 or 100 quarter-hours, and none has more", () => {
  const count = (day: string, next: string) => countOf(dayStart(day).getTime(), dayStart(next).getTime());
  assert.equal(count("2026-03-29", "2026-03-30"), 92);
  assert.equal(count("2026-11-21", "2026-11-22"), 96);
  assert.equal(count("2026-10-25", "2026-10-26"), 100);
  assert.equal(countOf(0, 1e12), 100);
  assert.equal(countOf(0, Number.NaN), 1);
});

test("what is drawn stands up to the line, what is above it over it, what is fed in below 0", () => {
  const quarters = [quarter(2350, 0), quarter(100, 900), quarter(2000, null, "leneda_estimated"), quarter(null)];
  const { paths, gaps, highest, y, top, bottom } = chartOf(request({ quarters, ended: 4 }));
  assert.equal(bars(paths.drawn.measured), 2);
  assert.equal(bars(paths.drawn.estimated), 1);
  assert.equal(bars(paths.excess.measured), 1);
  assert.equal(bars(paths.excess.estimated), 1);
  assert.equal(bars(paths.fed.measured), 1);
  assert.equal(bars(gaps), 1);
  assert.equal(highest?.kw, 9.4);
  // 0 and the line, and the highest and the lowest, are in view.
  assert.ok(y(9.4) > top && y(-3.6) < bottom && y(7) > y(9.4) && y(0) > y(7));
});

test("without a reference power nothing is above it", () => {
  const { paths, highest } = chartOf(request({ reference: null, quarters: [quarter(5000)] }));
  assert.equal(bars(paths.drawn.measured), 1);
  assert.equal(paths.excess.measured, "");
  assert.equal(highest, undefined);
});

test("what has not come yet, and what was before the first day, is no gap", () => {
  const quarters = [quarter(null), quarter(null), quarter(100), quarter(null), quarter(null)];
  assert.equal(bars(chartOf(request({ quarters, begun: 2, ended: 4 })).gaps), 1);
});

test("ticks keep away from the line and from each other, however large the numbers are", () => {
  for (const peak of [0, 1, 30, 400, 9_000, 1e9]) {
    for (const reference of [null, 2.8, 7, 12, 69]) {
      const { ticks, y, top, bottom, isCalm } = chartOf(request({ quarters: [quarter(peak * 250), quarter(0, peak * 100)], reference }));
      assert.ok(ticks.length >= 1 && ticks.length < 20);
      for (const [index, tick] of ticks.entries()) {
        if (index) assert.ok(ticks[index - 1]!.y - tick.y >= 25.99);
        if (reference !== null && !isCalm && tick.kw) assert.ok(Math.abs(y(reference) - tick.y) >= 18);
      }
      // Both ends of the scale are multiples of the distance between two ticks.
      const scale = 1 / (y(0) - y(1));
      const step = Math.min(...ticks.slice(1).map((tick, index) => tick.kw - ticks[index]!.kw));
      for (const end of [y(0) - top, bottom - y(0)]) assert.ok(Math.abs(((end * scale) / step) % 1) < 1e-6 || ((end * scale) / step) % 1 > 1 - 1e-6);
    }
  }
});

test("the scale moves by whole kW with what the running one is heading for", () => {
  assert.deepEqual([0, 0.3, 10.1, 10.4, 10.41].map(roomFor), [0, 1, 11, 11, 12]);
  const scale = (drawn: number) => chartOf(request({ quarters: [quarter(1000)], room: { drawn, fed: 0 } })).y(7);
  assert.equal(scale(roomFor(5)), scale(0));
  assert.ok(scale(roomFor(10.8)) > scale(0));
});

test("hours stand where they are by the clock, also when it is changed", () => {
  const spring = { start: dayStart("2026-03-29").getTime(), quarters: Array.from({ length: 92 }, () => quarter(1)) };
  const { hours, left, right, slot } = chartOf(request(spring));
  assert.deepEqual(hours.map(({ hour, x }) => [hour, Math.round((x - left) / slot)]), [[0, 0], [6, 20], [12, 44], [18, 68], [24, 92]]);
  // The numbers of the axis are 32 px wide, and stand 8 px from the bars.
  assert.equal(left, 40);
  // Half of the last label is beyond the bars.
  assert.deepEqual([right, hours.at(-1)!.x], [985, 985]);
  const labels = (width: number) => chartOf(request({ width })).hours.map(({ hour }) => hour);
  assert.deepEqual([180, 235].map(labels), [[0, 12, 24], [0, 6, 12, 18, 24]]);
});

test("a calm day has a scale of its own, and its highest bar is named", () => {
  // 1.5 kW drawn and 0.5 kW fed in, both less than half of 7 kW.
  const calm = [quarter(75), quarter(375), quarter(0, 125)];
  const { isCalm, ticks, highest, y, top } = chartOf(request({ quarters: calm }));
  assert.deepEqual([isCalm, highest?.kw, ticks.map(({ kw }) => kw)], [true, 1.5, [-0.5, 0, 0.5, 1, 1.5]]);
  assert.equal(y(1.5), top);
  // A day of 3.3 kW drawn and 1.85 kW fed in has a step of 1 kW on both sides of 0.
  assert.deepEqual(chartOf(request({ quarters: [quarter(825), quarter(0, 462)] })).ticks.map(({ kw }) => kw), [-2, -1, 0, 1, 2, 3, 4]);
  // Half of 7 kW is not calm, and neither is a running quarter-hour that heads for it.
  assert.equal(chartOf(request({ quarters: [quarter(875)] })).isCalm, false);
  assert.equal(chartOf(request({ quarters: calm, room: { drawn: roomFor(3.2), fed: 0 } })).isCalm, false);
  assert.equal(chartOf(request({ quarters: calm, reference: null })).isCalm, false);
});

test("a little feed-in takes one small step of a phone's chart", () => {
  const phone = request({ quarters: [quarter(2350), quarter(0, 100)], height: 224, width: 330, isNarrow: true });
  const { ticks, y, top, bottom } = chartOf(phone);
  assert.deepEqual(ticks.map(({ kw }) => kw), [-2, 0, 2, 4, 10]);
  assert.deepEqual([Math.round(y(10) - top), Math.round(y(-2) - bottom)], [0, 0]);
});

test("a day without data shows its reference power on a scale that has room above 0", () => {
  const empty = (reference: number | null, fed = 0) => chartOf(request({ quarters: [quarter(null)], reference, room: { drawn: 0, fed } }));
  assert.deepEqual([empty(7).isCalm, empty(7).ticks.map(({ kw }) => kw)], [false, [0, 2, 4, 6, 8]]);
  assert.equal(empty(null, roomFor(0.1)).ticks.map(({ kw }) => en.number(kw)).join(" "), "−1 0 1 2 3 4");
});

test("the days to choose from have one scale, and what is not known no bar", () => {
  const day = (imported_wh: number | null, above_wh = 0) => ({ imported_wh, exported_wh: 0, above_wh });
  const [high, low, unknown, absent] = smallBars([day(20_000, 5_000), day(10_000), day(null), undefined], 24, 36);
  assert.match(high!.drawn, /v27\.0/);
  assert.match(high!.excess, /v9\.0/);
  assert.match(low!.drawn, /v18\.0/);
  assert.equal(unknown!.drawn + absent!.drawn, "");
  assert.equal(smallBars([day(0)], 24, 36)[0]!.zero, 36);
});

const DAY: Day = {
  day: "2026-11-21",
  start: "",
  end: "",
  imported_wh: 10_840,
  exported_wh: 450,
  quarter_hours: 74,
  leneda_quarter_hours: 0,
  estimated_quarter_hours: 0,
  of_quarter_hours: 74,
  reference_kw: 7,
  quarter_hours_above: 0,
  above_wh: 0,
  peak: { start: "", mean_kw: 6.4 },
  cost: 2.98,
  cost_above: 0,
  feed_in: 0,
};
const say = (changes: Partial<DayFacts>, day: Partial<Day> = {}) =>
  plain(daySentence({ day: { ...DAY, ...day }, isToday: true, hasSun: true, knownCount: 74, firstEnds: undefined, expectedKw: null, ...changes }, en));

test("a day in a sentence", () => {
  assert.equal(say({}), "10.8 kWh from the grid, 0.5 kWh to the grid. No quarter-hour above 7 kW.");
  assert.equal(say({}, { quarter_hours: 60 }), "10.8 kWh from the grid, 0.5 kWh to the grid. No measured quarter-hour above 7 kW.");
  assert.equal(say({}, { exported_wh: 60_000 }), "10.8 kWh from the grid, 60.0 kWh to the grid. No quarter-hour above 7 kW.");
  assert.equal(say({ hasSun: false }), "10.8 kWh from the grid. No quarter-hour above 7 kW.");
  const above = { quarter_hours_above: 1, above_wh: 600, cost_above: 0.05 };
  assert.equal(say({ hasSun: false }, above), "10.8 kWh from the grid. **1 quarter-hour above 7 kW:** 0.6 kWh, 0.05 €");
  assert.equal(
    say({ hasSun: false, expectedKw: 10.78 }, above),
    "10.8 kWh from the grid. **1 quarter-hour above 7 kW:** 0.6 kWh, 0.05 €; the current quarter-hour will reach ≈ 10.8 kW",
  );
  assert.equal(
    say({ hasSun: false, expectedKw: 10.78 }),
    "10.8 kWh from the grid. No completed quarter-hour above 7 kW; **the current quarter-hour will reach ≈ 10.8 kW**.",
  );
  const unpriced = { quarter_hours_above: 12, above_wh: 1500, cost_above: null };
  assert.equal(say({ hasSun: false }, unpriced), "10.8 kWh from the grid. **12 quarter-hours above 7 kW:** 1.5 kWh");
  assert.equal(say({ hasSun: false }, { reference_kw: null }), "10.8 kWh from the grid. Highest quarter-hour: 6.4 kW.");
});

test("what is not known is said to be so, and is no 0", () => {
  assert.equal(say({ isToday: false }, { imported_wh: null }), "No data for this day.");
  const first = new Date("2026-11-21T18:00:00Z");
  assert.equal(say({ knownCount: 0, firstEnds: first }), "No whole quarter-hour yet: the first one ends at 19:00.");
  // A silent meter: nothing is said of quarter-hours that nobody has measured.
  assert.equal(say({ knownCount: 0, hasSun: false }, { imported_wh: 200 }), "0.2 kWh from the grid. No whole quarter-hour yet.");
  assert.equal(say({ knownCount: 0 }, { imported_wh: 40, exported_wh: 0, quarter_hours: 0 }), "No whole quarter-hour yet.");
  assert.equal(say({ knownCount: 0, hasSun: false, isToday: false }, { imported_wh: 200 }), "0.2 kWh from the grid. No whole quarter-hour was measured.");
  assert.equal(
    say({ knownCount: 0, firstEnds: first, expectedKw: 11 }),
    "No whole quarter-hour yet: the first one ends at 19:00. **The current quarter-hour will reach ≈ 11.0 kW.**",
  );
});

test("a small excess is never 0.0 kWh", () => {
  assert.equal(plain(excessKwh(0.03, en)), "0.03 kWh");
  assert.equal(plain(excessKwh(0.6, en)), "0.6 kWh");
});

const told: QuarterFacts = { start: new Date("2026-11-21T17:15:00Z"), drawn: 9.4, fed: 0, reference: 7, cost: 0.0496, origin: undefined, isRunning: false };
const tell = (changes: Partial<QuarterFacts>, locale = en) => plain(quarterSentence({ ...told, ...changes }, locale, 96));

test("a chosen bar in a sentence", () => {
  assert.equal(tell({}), "**18:15–18:30:** 9.4 kW from the grid. 0.6 kWh above 7 kW: 0.05 €");
  assert.equal(tell({ cost: null }), "**18:15–18:30:** 9.4 kW from the grid. 0.6 kWh above 7 kW.");
  assert.equal(tell({ drawn: 0.3, fed: 1.2 }), "**18:15–18:30:** 0.3 kW from the grid, 1.2 kW to the grid.");
  assert.equal(tell({ drawn: 0, fed: 4.9 }), "**18:15–18:30:** 4.9 kW to the grid.");
  assert.equal(tell({ drawn: 0, fed: null }), "**18:15–18:30:** 0.0 kW from the grid.");
  assert.equal(tell({ drawn: null }), "**18:15–18:30:** not measured.");
  assert.equal(tell({ drawn: 2, origin: "leneda" }), "**18:15–18:30:** 2.0 kW from the grid. Value from the Leneda portal.");
  assert.equal(
    tell({ drawn: 7.1, cost: 0.002, origin: "leneda_estimated" }),
    "**18:15–18:30:** 7.1 kW from the grid. 0.03 kWh above 7 kW: < 0.01 €. Value estimated by the grid operator.",
  );
  assert.equal(
    tell({ drawn: 10.8, cost: 0.08, isRunning: true }),
    "**18:15–18:30:** will reach ≈ 10.8 kW from the grid. ≈ 1.0 kWh above 7 kW: ≈ 0.08 €",
  );
  const fr = new Locale({ language: "fr", number_format: "language", time_format: "language" });
  assert.equal(tell({}, fr), "**18:15–18:30 :** 9,4 kW du réseau. 0,6 kWh au-dessus de 7 kW : 0,05 €");
});

test("the hour that comes twice has letters, on that day alone", () => {
  const start = new Date("2026-10-25T01:45:00Z");
  assert.match(quarterSentence({ ...told, start }, en, 100), /^\*\*02:45\u00a0B–03:00:/);
  const times = ["2026-10-24T23:45:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:45:00Z", "2026-10-25T02:00:00Z"];
  assert.deepEqual(times.map((time) => plain(timeOf(new Date(time), en, 100))), ["01:45", "02:00 A", "02:45 B", "03:00"]);
  assert.equal(timeOf(new Date("2026-10-26T01:00:00Z"), en, 96), "02:00");
});

test("the prices of what is above add up to that of the day", () => {
  const quarters = [quarter(1850), quarter(100), quarter(1850), quarter(1850)];
  const day = { ...DAY, quarter_hours_above: 3, above_wh: 300, cost_above: 0.02 };
  const costs = costsOf(quarters, 7, day, 0.08262);
  assert.deepEqual([...costs], [[0, 0.01], [2, 0.01], [3, 0]]);
  // Not all of them are known: by their share; nothing known of the day: by the price of today.
  const some = costsOf(quarters, 7, { ...day, quarter_hours_above: 6, above_wh: 600 }, 0.08262);
  assert.ok(Math.abs(some.get(0)! - 0.1 * (0.02 / 0.6)) < 1e-9);
  assert.ok(Math.abs(costsOf(quarters, 7, undefined, 0.08262).get(0)! - 0.008262) < 1e-9);
  assert.equal(costsOf(quarters, 7, undefined, null).get(0), null);
  assert.equal(costsOf(quarters, null, day, 0.08262).size, 0);
  // A quarter-hour at the reference power, 7 kW, is not above it.
  assert.equal(costsOf([quarter(1750)], 7, day, 0.08262).size, 0);
});

test("the first whole quarter-hour ends with the running one only if that is measured from its start", () => {
  const running = { start: "2026-11-21T17:30:00Z", end: "2026-11-21T17:45:00Z", measured_since: "2026-11-21T17:30:00Z" } as RunningQuarterHour;
  assert.equal(firstEnds(running).toISOString(), "2026-11-21T17:45:00.000Z");
  assert.equal(firstEnds({ ...running, measured_since: "2026-11-21T17:30:10Z" }).toISOString(), "2026-11-21T18:00:00.000Z");
});

const LIVE = {
  quarter_hour: { time: "2026-11-21T17:38:20Z", start: "2026-11-21T17:30:00Z", end: "2026-11-21T17:45:00Z", exported_wh: 125, running_kw: 2, projected_kw: 3, reference_kw: 7 },
  values: { power_net: -4.5 },
} as unknown as Live;
const METER = { known_since: "2026-11-19T10:00:00+01:00" } as Meter;

test("today is the day of the meter's clock, and its running quarter-hour is the one at that time", () => {
  const shown = ({ day, count, present, since }: ShownDay) => [day, count, present, since];
  // 18:38 is in the 75th quarter-hour.
  assert.deepEqual(shown(shownOf(METER, LIVE, undefined, false, NOW)), ["2026-11-21", 96, 74, "2026-11-19"]);
  assert.deepEqual(shown(shownOf(METER, LIVE, "2026-11-20", false, NOW)), ["2026-11-20", 96, 96, "2026-11-19"]);
  assert.equal(shownOf(METER, LIVE, undefined, true, NOW).quarterHour, undefined);
});

test("the running quarter-hour is heading for its projection, and feeds in what is sent now until its end", () => {
  const running = (changes: object, asked?: string) => {
    const live = { ...LIVE, quarter_hour: { ...LIVE.quarter_hour, ...changes } } as Live;
    return runningOf(shownOf(METER, live, asked, false, NOW), live);
  };
  // 125 Wh are 0.5 kW, and 4.5 kW for 400 of 900 s are 2 kW.
  assert.deepEqual(running({}), { index: 74, drawn: 3, fed: 2.5, reference: 7 });
  assert.deepEqual([running({ projected_kw: null })!.drawn, running({ exported_wh: null })!.fed], [2, 0]);
  assert.equal(running({ projected_kw: 1e9 }), undefined);
  assert.equal(running({}, "2026-11-20"), undefined);
  const chart = chartOf(request({ quarters: [quarter(100), quarter(0, 500)] }));
  const bar = (drawn: number, fed: number) => markupOf(runningBar(chart, { index: 1, drawn, fed, reference: 7 }, false));
  const path = (from: number, to: number) => `v${(chart.y(to) - chart.y(from)).toFixed(1)}h`;
  assert.ok(bar(8, 0).includes(path(7, 0)) && bar(8, 0).includes(path(8, 7)));
  assert.ok(bar(0, 2).includes(path(0, -2)));
});

test("gaps begin with the first value of the first day, and end before a value that is on its way", () => {
  const shown = shownOf(METER, LIVE, undefined, false, NOW);
  const part = (quarters: Quarter[], changes: Partial<ShownDay> = {}) => Object.values(knownPartOf({ ...shown, ...changes }, quarters));
  const quarters = [quarter(null), quarter(1), quarter(null), quarter(2), quarter(null)];
  const last = { start: new Date(START + 4 * 900_000).toISOString() };
  assert.deepEqual(part(quarters, { present: 5 }), [0, 5, 2]);
  assert.deepEqual(part(quarters, { present: 5, since: shown.day }), [1, 5, 2]);
  assert.deepEqual(part(quarters, { present: 5, quarterHour: { ...shown.quarterHour!, last } as RunningQuarterHour }), [0, 4, 2]);
  const notes = (quarters: Quarter[]) => Object.values(dayNotes({ quarters, begun: 1, ended: 4, start: START, reference: 7, hasSun: false }, en)).map(plain);
  assert.deepEqual(notes(quarters), ["1 quarter-hour not measured", ""]);
  const since = (begun: number) => sinceNote({ quarters, begun, ended: 4, start: START, reference: 7, hasSun: false }, en);
  assert.deepEqual([since(1), since(0), since(5)], ["measured since 00:15", "", ""]);
  const estimated = [quarter(1, 0, "leneda"), quarter(1, 0, "leneda_estimated"), quarter(1)];
  assert.deepEqual(notes(estimated), ["", "2 quarter-hours from the Leneda portal, 1 estimated by the grid operator (hatched)"]);
});

test("the running quarter-hour is what is projected, and nothing where that is impossible", () => {
  const running = (changes: object, power?: number) => {
    const quarterHour = { start: "2026-11-21T11:00:00Z", end: "2026-11-21T11:15:00Z", time: "2026-11-21T11:10:00Z", projected_kw: 2, running_kw: 1, exported_wh: 100, reference_kw: 7, ...changes } as unknown as RunningQuarterHour;
    const of = runningOf({ day: "2026-11-21", today: "2026-11-21", since: undefined, start: START, end: 0, count: 96, quarterHour, present: 48 }, { values: { power_net: power } } as unknown as Live);
    return of && [of.drawn, of.fed];
  };
  // 100 Wh are 0.4 kW of a quarter-hour; 3 kW for its last third are 1 kW.
  assert.deepEqual([running({}), running({}, 3), running({}, -3)], [[2, 0.4], [2, 0.4], [2, 1.4]]);
  assert.deepEqual([running({ projected_kw: null }), running({ projected_kw: -0.5 }), running({ exported_wh: null }, -3)], [[1, 0.4], [0, 0.4], [2, 0]]);
  assert.deepEqual([running({ projected_kw: 4000 }), running({ projected_kw: 4001 }), running({ projected_kw: null, running_kw: null })], [[4000, 0.4], undefined, undefined]);
});

test("a day is shown of which there can be anything", () => {
  assert.equal(shownDay(undefined, "2026-11-21", undefined), "2026-11-21");
  assert.equal(shownDay("2026-12-01", "2026-11-21", "2025-01-01"), "2026-11-21");
  assert.equal(shownDay("2026-11-01", "2026-11-21", "2026-11-13"), "2026-11-13");
  assert.equal(shownDay("2026-11-15", "2026-11-21", "2026-11-13"), "2026-11-15");
  assert.equal(firstDay("2026-11-21", "2020-01-01"), "2025-10-17");
  assert.equal(firstDay("2026-11-21", undefined), "2026-11-21");
});

test("seven days stay the same while one of them is chosen", () => {
  const last = ["2026-11-15", "2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"];
  assert.deepEqual(weekOf("2026-11-21", "2026-11-21"), last);
  assert.deepEqual(weekOf("2026-11-15", "2026-11-21"), last);
  assert.deepEqual([weekOf("2026-11-14", "2026-11-21")[0], weekOf("2026-11-14", "2026-11-21")[6]], ["2026-11-08", "2026-11-14"]);
});

test("a day long ago has its year", () => {
  const title = (day: string) => dayTitle(dayStart(day), day, "2026-11-21", en);
  assert.equal(title("2026-11-21"), "Saturday 21 November");
  assert.equal(title("2025-11-21"), "21 November 2025");
  assert.deepEqual([title("2026-01-26"), title("2026-01-25"), title("2026-01-24")], ["Monday 26 January", "Sunday 25 January", "24 January 2026"]);
});

test("what is made of the same things is made once", () => {
  let made = 0;
  const sum = memoize((one: number, other: number) => (made += 1) && one + other);
  assert.deepEqual([sum(1, 2), sum(1, 2), made], [3, 3, 1]);
  assert.deepEqual([sum(1, Number.NaN), sum(1, Number.NaN), made], [Number.NaN, Number.NaN, 2]);
  assert.deepEqual([sum(1, 2), made], [3, 3]);
});

test("a month of the calendar begins on its weekday, and its keys stay in real days", () => {
  const sums = [{ day: "2026-11-11", quarter_hours_above: 6, reference_kw: 7 }, { day: "2026-11-12", quarter_hours_above: 0, reference_kw: 7 }] as Day[];
  const weeks = weeksOf("2026-11", sums, { first: "2026-11-03", today: "2026-11-22" }, en);
  // 1 November 2026 is a Sunday.
  assert.deepEqual(weeks.map((week) => week.filter(Boolean).length), [1, 7, 7, 7, 7, 1]);
  assert.deepEqual(weeks[2]![2], { day: "2026-11-11", name: "Wednesday 11 November, 6 quarter-hours above 7\u00a0kW", aboveCount: 6, isKnown: true });
  assert.deepEqual([weeks[2]![3]!.name, weeks[2]![4]!.isKnown], ["Thursday 12 November", false]);
  const keys = ["ArrowLeft", "ArrowDown", "PageUp", "PageDown", "Home", "End", "x"];
  assert.deepEqual(keys.map((key) => dayAfterKey(key, "2026-03-31", en)), ["2026-03-30", "2026-04-07", "2026-02-28", "2026-04-30", "2026-03-30", "2026-04-05", undefined]);
});

test("a week of the calendar begins on the day of the user's profile, each day below its weekday", () => {
  const nothing = () => undefined;
  const focused = "2026-11-11";
  const view = { focused, chosen: focused, first: "2026-01-01", today: "2026-11-22", sums: [], reference: "", choose: nothing, move: nothing, close: nothing };
  const rows = [
    ["en", "language", "Su"], ["en-GB", "language", "Mo"], ["de", "language", "Mo"], ["fr", "language", "Lu"], ["lb", "language", "Mé"],
    ["pt", "language", "Do"], ["pt-BR", "language", "Do"], ["he", "language", "Su"], ["fa", "language", "Sa"], ["sv", "language", "Mo"], ["en", "monday", "Mo"], ["de", "saturday", "Sa"], ["en", "sunday", "Su"], ["fr", "wednesday", "Me"],
  ] as const;
  for (const [language, first_weekday, first] of rows) {
    const locale = new Locale({ language, number_format: "language", time_format: "24", first_weekday });
    const names = [...markupOf(calendar(view, locale)).matchAll(/columnheader" aria-label=(.*?)>(..)</g)].map(([, name, short]) => [name!, short!]);
    assert.equal(names[0]?.[1], first, `${language} ${first_weekday}`);
    const [week] = weeksOf("2026-11", [], view, locale).filter((week) => week.every(Boolean));
    week!.forEach((day, column) => assert.equal(day!.name.toLowerCase().split(/[ ,]/)[0], names[column]![0]!.toLowerCase()));
    assert.deepEqual(["Home", "End"].map((key) => dayAfterKey(key, week![3]!.day, locale)), [week![0]!.day, week![6]!.day]);
  }
});

test("the calendar turns to months with days only", () => {
  const turns = (focused: string) => {
    const nothing = () => undefined;
    const view = { focused, chosen: focused, first: "2026-09-30", today: "2026-11-22", sums: [], reference: "", choose: nothing, move: nothing, close: nothing };
    return [...markupOf(calendar(view, en)).matchAll(/title=.* aria-disabled=(true|false)/g)].map(([, isDisabled]) => isDisabled === "false");
  };
  assert.deepEqual(["2026-09-30", "2026-10-10", "2026-11-01"].map(turns), [[false, true], [true, true], [true, false]]);
});

test("the keys of the calendar stay within the known days, and Escape closes it", () => {
  const done: string[] = [];
  const view = { chosen: "2026-11-11", first: "2026-11-10", today: "2026-11-13", sums: [], reference: "", choose: () => undefined, move: (day: string) => done.push(day.slice(8)), close: () => done.push("closed") };
  const at = (focused: string, ...keys: string[]) => {
    done.length = 0;
    for (const key of keys) assert.equal(press(calendar({ ...view, focused }, en), key), key === "x");
    return done;
  };
  assert.deepEqual(at("2026-11-12", "ArrowRight", "ArrowDown", "ArrowUp", "Escape", "x"), ["13", "13", "10", "closed"]);
});

test("the calendar has seven columns, and one day that has the focus", () => {
  const nothing = () => undefined;
  const sums = [10, 11, 13].map((day) => ({ day: `2026-11-${day}`, quarter_hours_above: day === 11 ? 2 : 0, reference_kw: 7 })) as Day[];
  const view = { focused: "2026-11-12", chosen: "2026-11-11", first: "2026-11-10", today: "2026-11-13", sums, reference: "7 kW", choose: nothing, move: nothing, close: nothing };
  const markup = markupOf(calendar(view, en)).replace(/\s+/g, " ");
  assert.deepEqual([...markup.matchAll(/columnheader" aria-label=\w+>(\w+)</g)].map(([, name]) => name), ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]);
  const cells = [...markup.matchAll(/class=(\S*) data-day=2026-11-(\d+) data-above=(\d*) .*?aria-selected=(\w+) aria-disabled=(\w+) tabindex=(\S+) .*?> (\d+) </g)].map(([, ...cell]) => cell.join(" ").trim());
  assert.equal(cells.length, 30);
  assert.deepEqual(cells.slice(8, 14), ["09  false true -1 9", "10  false false -1 10", "11 2 true false -1 11", "12  false true 0 12", "now-day 13  false false -1 13", "14  false true -1 14"]);
  assert.match(markup, /▲<\/span> .*7 kW/);
});

test("what is always on has its power, and its cost if that is known", () => {
  const always = (cost: number | null) => plain(alwaysOnSentence({ w: 250, nights: 7, cost_per_year: cost }, en));
  assert.equal(always(380), "Even at night, the house uses about **250 W**. That costs at most **380 €** a year.");
  assert.deepEqual([always(null), alwaysOnSentence(null, en)], ["Even at night, the house uses about **250 W**.", ""]);
});
