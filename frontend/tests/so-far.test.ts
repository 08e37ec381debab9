import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { soFar, usualTexts } from "../src/sentences/so-far.ts";
import type { BarPart } from "../src/charts/shapes.ts";
import type { Bill, Day, Goal, House, UsualReason } from "../src/data/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" }, "en");
const de = new Locale({ language: "de", number_format: "language", time_format: "24" }, "de");
const NOW = new Date("2026-11-21T17:38:20Z");

const day = (changes: Partial<Day> = {}): Day =>
  ({
    day: "2026-11-21",
    imported_wh: 10820,
    exported_wh: 520,
    quarter_hours: 74,
    of_quarter_hours: 74,
    reference_kw: 7,
    cost: 2.98,
    cost_used: 2.62,
    cost_fixed: 0.4,
    feed_in: -0.04,
    ...changes,
  }) as Day;
const bill = (changes: Partial<Bill> = {}): Bill =>
  ({
    month: "2026-11",
    lines: [{ name: "energy" }],
    total: 97.09,
    reference_kw: 7,
    estimate: { total: 145.2, low: 137.6, high: 152.8 },
    start: "2026-11-01T00:00:00+01:00",
    end: "2026-12-01T00:00:00+01:00",
    until: "2026-11-21T18:38:20+01:00",
    peak: null,
    ...changes,
  }) as Bill;
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const shown = (days: Day[], of = bill(), house?: House) => {
  const content = soFar(days, of, NOW, en, house);
  const rows = content.rows.map(({ today, month }) => plain(`${today} | ${month}`));
  return { ...content, rows, cost: plain(content.cost), forecast: plain(content.forecast), underBar: plain(content.underBar), notes: content.notes.map(plain) };
};
const goal = (changes: Partial<Goal> = {}): Goal => ({ is_last_year: false, total: 140, day_budget: 4.5, recent_day: 5.1, passed_on: null, ...changes });
const YESTERDAY = day({ day: "2026-11-20", imported_wh: 20000, cost: 6 });

test("energy from the grid, and what today and the month cost", () => {
  const { rows, until, today, month, cost, forecast, bar, parts, notes, lacks } = shown([YESTERDAY, day()]);
  assert.deepEqual(rows, ["10.8 kWh | 31 kWh", "0.5 kWh | 1 kWh"]);
  assert.deepEqual([until, today, month, cost], ["until 18:38", "Today", "November", "**2.98 €** today so far."]);
  assert.equal(forecast, "November is heading for about **145 €**.");
  assert.deepEqual(parts.map(([name, amount]) => `${name} ${plain(amount)}`), ["Consumption 2.62 €", "To the grid −0.04 €", "Fixed costs 0.40 €", "Total 2.98 €"]);
  assert.deepEqual([bar, notes, lacks], [undefined, [], undefined]);
});

test("a goal is compared with the forecast, and says what a day may cost", () => {
  const above = shown([day()], bill({ goal: goal() }));
  assert.equal(above.forecast, "November is heading for about **145 €**: **5 € above your goal**.");
  assert.equal(above.underBar, "Within 140 €: 4.50 € a day until 30 November, without fixed costs; lately 5.10 €.");
  assert.equal(shown([day()], bill({ goal: goal({ recent_day: null }) })).underBar, "Within 140 €: 4.50 € a day until 30 November, without fixed costs.");
  // 2 % of 143 is 2.86, and 145.20 is 2.20 above.
  const within = shown([day()], bill({ goal: goal({ total: 143 }) }));
  assert.deepEqual([within.forecast, within.isAbove, within.underBar], ["November is heading for about **145 €**: on course for your goal.", false, ""]);
  assert.equal(shown([day()], bill({ goal: goal({ total: 142 }) })).isAbove, true);
  // Of a small goal, 2 euros.
  const isAbove = (total: number) => shown([day()], bill({ estimate: { total: 42, low: 42, high: 42 }, goal: goal({ total }) })).isAbove;
  assert.deepEqual([isAbove(40), isAbove(40.01)], [true, false]);
  const lastYear = shown([day()], bill({ goal: goal({ is_last_year: true }) }));
  assert.equal(lastYear.forecast, "November is heading for about **145 €**: **5 € above last year**.");
  for (const [isLastYear, sentence] of [[false, "the goal cannot be met any more."], [true, "the month will cost more than last year."]] as const) {
    const missed = shown([day()], bill({ goal: goal({ day_budget: null, can_be_met: false, is_last_year: isLastYear }) }));
    assert.equal(missed.underBar, `With the fixed costs to come, ${sentence}`);
  }
  const unknown = shown([day()], bill({ goal: { is_last_year: true, total: null } }));
  assert.deepEqual([unknown.forecast, unknown.bar, unknown.underBar], ["November is heading for about **145 €**.", undefined, "This month of last year is not known, so there is no goal."]);
});

test("the bar is solid so far, hatched to the forecast, and changes its colour at the goal", () => {
  const { bar } = shown([day()], bill({ total: 100, goal: goal({ total: 120 }), estimate: { total: 150, low: 140, high: 160 } }));
  const at = (euros: number) => euros / (150 * 1.08);
  const seen = (parts: BarPart[]) => parts.filter(({ from, to }) => to > from);
  const near = (parts: object[]) => JSON.parse(JSON.stringify(parts, (_, value) => (typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value)));
  assert.deepEqual(
    near(seen(bar!.parts)),
    near([
      { color: "quiet", isEstimate: false, from: 0, to: at(100) },
      { color: "quiet", isEstimate: true, from: at(100), to: at(120) },
      { color: "warning", isEstimate: true, from: at(120), to: at(150) },
    ]),
  );
  assert.deepEqual([bar!.soFar, bar!.goal, bar!.forecast, bar!.words].map(plain), ["so far **100 €**", "goal **120 €**", "≈ 150", "Goal 120 €: 100 € so far, forecast 150 €."]);
  const passed = shown([day()], bill({ total: 130, goal: goal({ total: 120, day_budget: null, passed_on: "2026-11-19" }) }));
  assert.deepEqual(seen(passed.bar!.parts).map(({ color, isEstimate }) => [color, isEstimate]), [["quiet", false], ["warning", false], ["warning", true]]);
  assert.equal(passed.underBar, "The goal was passed on 19 November.");
  // A summer of much sun: 30 EUR received, 50 in the end, and 40 were the goal.
  const sunny = shown([day()], bill({ total: -30, goal: goal({ total: -40 }), estimate: { total: -50, low: -60, high: -40 } }));
  assert.equal(sunny.forecast, "November is heading for a credit of about **50 €**: on course for your goal.");
  assert.ok(sunny.bar!.parts.every(({ from, to }) => from >= 0 && to <= 1));
});

test("before there is a forecast, the bar has no hatching", () => {
  const { estimate: _, ...without } = bill({ total: 9.6, goal: goal(), estimate_lacks: "last_year" });
  const { forecast, bar } = shown([day()], without as Bill);
  assert.equal(forecast, "November: **9.60 €** so far. Forecast from 4 November on.");
  assert.ok(bar!.parts.every(({ isEstimate, from, to }) => !isEstimate || from === to));
  assert.equal(plain(bar!.words), "Goal 140 €: 9.60 € so far.");
});

test("what is not known is not 0", () => {
  const unknown = day({ imported_wh: null, cost: null });
  assert.deepEqual([shown([unknown]).rows, shown([unknown]).cost, shown([unknown]).parts], [["– | –", "0.5 kWh | 0.5 kWh"], "", []]);
  assert.deepEqual(shown([]).rows, ["– | –"]);
});

test("a missing price is said, and a missing reference power", () => {
  const unpriced = day({ cost: null, cost_used: null });
  const missing = shown([unpriced], bill({ missing: ["energy"], total: null }));
  assert.deepEqual([missing.cost, missing.lacks, missing.forecast], ["Price missing", "prices", ""]);
  const without = shown([unpriced], bill({ missing: ["network_fixed", "surcharge"], total: null, reference_kw: null }));
  assert.deepEqual([without.cost, without.lacks], ["", "reference"]);
  // With an energy price, the costs without the grid charges are known.
  const part = shown([day({ cost: null, subtotal: 1.23 })], bill({ missing: ["network_fixed", "surcharge"], total: null, subtotal: 43.2, reference_kw: null, lines: [] }));
  assert.equal(part.cost, "**1.23 €** today so far. Without grid charges.");
});

test("on the first day, a month has the same energy as today", () => {
  assert.deepEqual(shown([day({ imported_wh: 200 })]).rows, ["0.2 kWh | 0.2 kWh", "0.5 kWh | 0.5 kWh"]);
  assert.deepEqual(shown([day({ imported_wh: 10_100 })]).rows[0], "10.1 kWh | 10 kWh");
  assert.deepEqual(shown([day({ imported_wh: 5000 }), day({ imported_wh: 4950 })]).rows[0], "5.0 kWh | 10.0 kWh");
  assert.deepEqual(shown([day({ imported_wh: 60_000 })]).rows[0], "60.0 kWh | 60 kWh");
});

test("before the first whole quarter-hour, no row says 0 kWh", () => {
  const first = shown([day({ quarter_hours: 0, imported_wh: 49, exported_wh: 0, cost: 0.24 })], bill({ since: "2026-11-21T18:20:00+01:00" }));
  assert.deepEqual([first.rows, first.cost, first.notes], [[], "**0.24 €** today so far.", ["Counted since 21 November."]]);
  assert.equal(shown([day({ quarter_hours: 0, imported_wh: 50 })]).rows.length, 2);
  assert.equal(shown([day({ quarter_hours: 0, imported_wh: 0, exported_wh: 50 })]).rows.length, 2);
  // A whole quarter-hour without energy was measured.
  assert.deepEqual(shown([day({ quarter_hours: 1, imported_wh: 0, exported_wh: 0 })]).rows, ["0.0 kWh | 0.0 kWh"]);
});

test("a day that is not today has its date, and one that is not whole says so", () => {
  assert.equal(shown([YESTERDAY]).today, "20 Nov");
  const { notes } = shown([day({ quarter_hours: 3 })], bill({ since: "2026-11-21T00:00:00+01:00" }));
  assert.deepEqual(notes, ["Counted since 21 November.", "Readings cover 4% of today so far."]);
  // The readings have begun on this day.
  assert.deepEqual(shown([day({ quarter_hours: 3 })], bill({ since: "2026-11-21T17:45:00+01:00" })).notes, ["Counted since 21 November."]);
});

test("prices of another year are said beside what the month costs", () => {
  const { notes } = shown([day()], bill({ month: "2027-01", prices_of: { grid: "2026-12-31" } }));
  assert.equal(notes[0], "Grid charges of 2026; nothing newer is known to this version.");
});

test("a day that is over keeps its capital letter", () => {
  assert.equal(shown([day()]).cost, "**2.98 €** today so far.");
  assert.equal(shown([YESTERDAY]).cost, "**6.00 €** 20 Nov so far.");
});

test("forecast and goal are about the supplier's bill, without the energy community", () => {
  const { forecast, bar } = shown([day()], bill({ shared_kwh: 100, total_with_community: 106.09, goal: goal() }));
  assert.equal(forecast, "November is heading for about **145 €** to pay to the supplier: **5 € above your goal**.");
  // Goal and forecast know nothing of what the community costs.
  assert.equal(plain(bar!.soFar), "so far **97 €**");
});

test("the reason comes before the number, and only a tenth of cost and energies is as usual", () => {
  const usual = { days: 4, imported_wh: 4700, exported_wh: 1700, peak_kw: 1, cost: 1.08, house_wh: 60_000, own_wh: 4400 };
  const until = new Date("2026-11-22T13:35:00Z");
  const texts = (changes: Partial<Day>, reason: UsualReason | null = null, locale = en) => usualTexts(day({ cost: 0.92, imported_wh: 6300, ...changes }), usual, reason, until, locale);
  const first = texts({}, "more_sun");
  assert.equal(plain(first.sentence), "More sun than usual: **0.92 € so far today**, usually 1.08 €.");
  assert.equal(plain(first.note), "“Usually”: the last 4 Sundays until 14:35.");
  assert.deepEqual(first.below, { house: "usually 60.0", own: "usually 4.4", grid: "usually 4.7", fed_in: "usually 1.7" });
  assert.equal(plain(texts({ cost: 1.4 }, "more_above").sentence), "More above 7 kW than usual: **1.40 € so far today**, usually 1.08 €.");
  assert.equal(plain(texts({ cost: 1.4 }, "higher_prices").sentence), "Higher prices than usual: **1.40 € so far today**, usually 1.08 €.");
  assert.equal(plain(texts({ cost: 0.93 }).sentence), "**0.93 € so far today**, usually 1.08 €.");
  assert.equal(plain(texts({ cost: 0.93 }, null, de).sentence), "**Heute bis jetzt 0,93 €**, sonst 1,08 €.");
  const near = { imported_wh: 4800, exported_wh: 1800 };
  assert.equal(plain(texts({ ...near, cost: 0.98 }).sentence), "**0.98 € so far today**, as usual by now.");
  assert.equal(plain(texts({ ...near, cost: 0.97 }).sentence), "**0.97 € so far today**, usually 1.08 €.");
  // A third less in both directions costs as much as usual, and is not as usual.
  for (const other of [{ imported_wh: 3100 }, { exported_wh: 300 }]) {
    assert.equal(plain(texts({ ...near, cost: 1.05, ...other }).sentence), "**1.05 € so far today**, usually 1.08 €.");
  }
  assert.equal(plain(texts({ cost: null }).sentence), "**6.3 kWh so far today**, usually 4.7 kWh.");
});
