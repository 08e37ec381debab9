import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { soFar, usualTexts } from "../src/sentences/so-far.ts";
import type { Bill, Day } from "../src/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" }, "en");
const NOW = new Date("2026-11-21T17:38:20Z");

const day = (changes: Partial<Day> = {}): Day =>
  ({
    day: "2026-11-21",
    imported_wh: 10820,
    exported_wh: 520,
    quarter_hours: 74,
    of_quarter_hours: 74,
    peak: { start: "2026-11-21T17:15:00Z", mean_kw: 9.4 },
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
const shown = (days: Day[], of = bill(), feedsIn = true) => {
  const { rows, ...rest } = soFar(days, of, feedsIn, NOW, en);
  const plain = (text: string) => text.replaceAll("\u00a0", " ");
  return { ...rest, rows: rows.map(({ today, month }) => plain(`${today} | ${month}`)) };
};
const YESTERDAY = day({ day: "2026-11-20", imported_wh: 20000, exported_wh: 0, peak: { start: "2026-11-20T18:00:00Z", mean_kw: 14.5 }, cost: 6 });

test("today beside the sums and the highest of the month", () => {
  const { rows, until, today, month, forecast, notes, lacks } = shown([YESTERDAY, day()]);
  assert.deepEqual(rows, ["10.8 kWh | 31 kWh", "0.5 kWh | 1 kWh", "9.4 kW | 14.5 kW", "2.98 € | 97 €"]);
  assert.deepEqual([until, today, month], ["until 18:38", "Today", "November"]);
  assert.equal(forecast?.replaceAll("\u00a0", " "), "Forecast until 30 November: **135 to 155 €**");
  assert.deepEqual([notes.map((note) => note.replaceAll("\u00a0", " ")), lacks], [["Today: 2.98 € (consumption 2.62, to the grid −0.04, fixed costs 0.40)."], undefined]);
});

test("the cost is named with or without VAT, as the bill is calculated", () => {
  const named = (of: Bill) => soFar([day()], of, true, NOW, en).rows.at(-1)?.name;
  assert.deepEqual([named(bill({ vat_rate: 0.08 })), named(bill({ vat_rate: 0 }))], ["Cost with VAT", "Cost without VAT"]);
});

test("who will be paid is told so, and who is not told an estimate is told none", () => {
  assert.equal(
    shown([day()], bill({ estimate: { total: -9.3, low: -12.1, high: -6.5 } })).forecast?.replaceAll("\u00a0", " "),
    "Forecast until 30 November: **6 to 13 €** credit",
  );
  const { estimate: _, ...without } = bill();
  assert.equal(shown([day()], without as Bill).forecast, undefined);
});

test("who feeds nothing in has no row about it", () => {
  assert.equal(shown([day()], bill(), false).rows.length, 3);
});

test("what is not known is not 0", () => {
  const unknown = day({ imported_wh: null, exported_wh: null, peak: null, cost: null });
  assert.deepEqual(shown([unknown]).rows, ["– | –", "– | –", "– | –", "– | 97 €"]);
  assert.deepEqual(shown([unknown]).notes, []);
  assert.deepEqual(shown([]).rows, ["– | –", "– | –", "– | –", "– | 97 €"]);
});

test("a missing price is said, and a missing reference power", () => {
  const unpriced = day({ cost: null, cost_used: null });
  const missing = shown([unpriced], bill({ missing: ["energy"], total: null }));
  assert.equal(missing.rows[3], "price missing | price missing");
  assert.deepEqual([missing.lacks, missing.notes], ["prices", []]);
  const without = shown([unpriced], bill({ missing: ["network_fixed", "surcharge"], total: null, reference_kw: null }));
  assert.deepEqual([without.rows[3], without.lacks], ["– | –", "reference"]);
  // With an energy price, the costs without the grid charges are known.
  const part = soFar([day({ cost: null, subtotal: 1.23 })], bill({ missing: ["network_fixed", "surcharge"], total: null, subtotal: 43.2, reference_kw: null, lines: [] }), true, NOW, en);
  const row = part.rows.at(-1)!;
  assert.deepEqual([row.name, row.today, row.month].map((text) => text.replaceAll("\u00a0", " ")), ["Cost with VAT, without grid charges", "1.23 €", "43 €"]);
});

test("on the first day, a month has the same energy as today", () => {
  const rows = (days: Day[]) => shown(days).rows.slice(0, 2);
  assert.deepEqual(rows([day({ imported_wh: 200, exported_wh: 0 })]), ["0.2 kWh | 0.2 kWh", "0.0 kWh | 0.0 kWh"]);
  assert.deepEqual(rows([day({ imported_wh: 10_100, exported_wh: 300 })]), ["10.1 kWh | 10 kWh", "0.3 kWh | 0 kWh"]);
});

test("a day that is not today has its date, and one that is not whole says so", () => {
  assert.equal(shown([YESTERDAY]).today, "20 Nov");
  const { notes } = shown([day({ quarter_hours: 3 })], bill({ since: "2026-11-21T00:00:00+01:00" }));
  assert.deepEqual(notes.slice(1), ["Counted since 21 November.", "Readings cover 4% of today so far."]);
});

test("what today costs is told by its parts, which add up", () => {
  const said = (changes: Partial<Day>, of = bill()) => shown([day(changes)], of).notes.map((note) => note.replaceAll("\u00a0", " "));
  assert.deepEqual(said({ cost: 0.92, cost_used: 0.51, cost_fixed: 0.41, feed_in: 0 }), ["Today: 0.92 € (consumption 0.51, fixed costs 0.41)."]);
  assert.deepEqual(said({ cost: 0.92, cost_used: 1.08, cost_fixed: 0.41, feed_in: -0.57 }), ["Today: 0.92 € (consumption 1.08, to the grid −0.57, fixed costs 0.41)."]);
});

test("prices of another year are said beside what the month costs", () => {
  const { notes } = shown([day()], bill({ month: "2027-01", prices_of: { grid: "2026-12-31" } }));
  assert.equal(notes[1], "Grid charges of 2026; nothing newer is known to this version.");
});

test("the month costs the bill and the energy community together", () => {
  const { rows, forecast } = shown([day()], bill({ shared_kwh: 100, total_with_community: 106.09 }));
  assert.equal(rows[3], "2.98 € | 106 €");
  assert.equal(forecast?.replaceAll("\u00a0", " "), "Forecast until 30 November: **135 to 155 €** to pay to the supplier");
});

test("euros come before kWh, and as usual is a tenth off at most", () => {
  const usual = { days: 4, imported_wh: 4700, exported_wh: 1700, peak_kw: 1, cost: 1.08 };
  const until = new Date("2026-11-22T13:35:00Z");
  const texts = (changes: Partial<Day>, locale = en) => usualTexts(day({ cost: 0.92, imported_wh: 6300, ...changes }), usual, until, locale);
  const plain = (text: string) => text.replaceAll("\u00a0", " ");
  const first = texts({});
  assert.equal(plain(first.sentence), "**0.92 € so far today, usually 1.08 € by now.** 6.3 kWh from the grid, usually 4.7 kWh.");
  assert.equal(plain(first.note), "“Usual” is the average of the last 4 Sundays, up to 14:35 on each day.");
  assert.deepEqual(Object.values(first.cells).map((cell) => plain(cell!)), ["4.7 kWh", "1.7 kWh", "1.0 kW", "1.08 €"]);
  // 1.08 less a tenth is 0.972; 2.9 against 3.4 is not as usual.
  assert.equal(plain(texts({ cost: 0.98, imported_wh: 4300 }).sentence), "**0.98 € so far today, as usual at this time.** 4.3 kWh from the grid, as usual.");
  assert.equal(plain(texts({ cost: null }).sentence), "**6.3 kWh so far today, usually 4.7 kWh by now.**");
});
