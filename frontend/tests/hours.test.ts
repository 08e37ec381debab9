import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { bestHours, hourLabels } from "../src/sentences/hours.ts";
import type { StartCosts } from "../src/data/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" });

/** Costs of each start from 18:00 on, of which the one at `best` is the cheapest. */
const costsOf = (count: number, best: number): StartCosts => {
  const start = Date.parse("2026-11-20T17:00:00Z");
  const at = (index: number) => new Date(start + index * 900_000).toISOString();
  const costs = Array.from({ length: count }, (_, index) => (index === best ? 0.2 : 0.5));
  const of = { cost: 0.2, saving: 0.3, is_worth_waiting: best > 0, own_kwh: 0, reason: "price" } as const;
  return { start: at(0), step: 900, costs, can_differ: true, best: { start: at(best), end: at(best + 8), ...of } };
};

test("the last start ends by the clock, and at midnight a day ends", () => {
  const now = new Date("2026-11-20T17:00:00Z");
  const until = (count: number, hours: number) => bestHours(costsOf(count, 3), { name: "", kwh: 2, hours }, null, now, en).until;
  // The last of 17 starts is at 22:00, and two hours later the day is over.
  assert.match(until(17, 2), /today 24:00/);
  assert.match(until(16, 2), /today 23:45/);
  assert.match(until(18, 2), /tomorrow 00:15/);
  // A load takes whole quarter-hours.
  assert.match(until(17, 1.9), /today 24:00/);
});

test("the reason of the best start, and no reference power that is not known", () => {
  const costs = costsOf(20, 3);
  const reason = (of: StartCosts["best"]["reason"], reference: number | null) => {
    const best = { ...costs.best, own_kwh: 1.2, reason: of };
    return bestHours({ ...costs, best }, { name: "", kwh: 2, hours: 2 }, reference, new Date(costs.start), en).reason.replaceAll("\u00a0", " ");
  };
  assert.equal(reason("sun", 7), "Usually, your roof then gives about 1.2 of the 2 kWh.");
  assert.equal(reason("price", 7), "The price is lowest then.");
  assert.deepEqual([reason("reference_power", 7), reason("reference_power", null)], ["The load then stays more often within 7 kW.", ""]);
});

test("each sixth hour of the axis has its number, and midnight its day", () => {
  // From 18:00 until 12:15 on the next day.
  assert.deepEqual(hourLabels(costsOf(74, 0), en).map(({ index, text }) => [index, text]), [[0, "18"], [24, "Sat 0"], [48, "6"], [72, "12"]]);
});
