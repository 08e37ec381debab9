import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { bestHours } from "../src/sentences/hours.ts";
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
