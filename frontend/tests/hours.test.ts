import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { bestHours, hourLabels, type Load, readLoads, sizeOf, usualLoads } from "../src/sentences/hours.ts";
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
  // Also for a clock of twelve hours: 12:00 AM tomorrow would be a day too early.
  const twelve = new Locale({ language: "en", number_format: "language", time_format: "12" });
  assert.match(bestHours(costsOf(17, 3), { name: "", kwh: 2, hours: 2 }, null, now, twelve).until, /today 24:00/);
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
  const midnights = ["de", "fr", "lb", "pt"].map((language) => hourLabels(costsOf(74, 0), new Locale({ language, number_format: "language", time_format: "24" }))[1]!.text);
  assert.deepEqual(midnights, ["Sa. 0", "sam. 0", "Sa 0", "sáb. 0"]);
});

test("typed loads are taken up to four, and an impossible one is refused", () => {
  const read = (kwh: unknown, hours: unknown) => readLoads({ name: "x", kwh, hours })![0];
  for (const [kwh, hours] of [[1200, 24], [0.0125, 0.25], ["2", "2"]]) assert.deepEqual(read(kwh, hours), { name: "x", kwh: Number(kwh), hours: Number(hours) });
  for (const [kwh, hours] of [[24.1, 24.1], [0.2, 0.2], [101, 2], [0.08, 2], [-2, 2], ["much", 2], [2, undefined]]) assert.throws(() => read(kwh, hours), /0.25 to 24\), with 0.05 to 50 kW/, `${kwh} kWh in ${hours} h`);
  const five = ["a", "b", "c", "d", undefined].map((name) => ({ name, kwh: 2, hours: 2 }));
  assert.deepEqual(readLoads(five)!.map(({ name }) => name), ["a", "b", "c", "d"]);
  assert.deepEqual(readLoads(five.slice(4)), [{ name: "", kwh: 2, hours: 2 }]);
  for (const none of [undefined, null, []]) assert.equal(readLoads(none), undefined);
  assert.throws(() => readLoads([null]));
});

test("the usual loads are a washing machine, a dishwasher and a car", () => {
  const said = (load: Load) => `${load.name}: ${sizeOf(load, en)}`.replaceAll("\u00a0", " ");
  assert.deepEqual(usualLoads(en).map(said), ["Washing: 2 kWh, 2 h", "Dishwasher: 1 kWh, 2 h", "Car: 16 kWh, 3 h"]);
  assert.equal(said({ name: "Dryer", kwh: 2.5, hours: 1.5 }), "Dryer: 2.5 kWh, 1.5 h");
  assert.equal(said({ name: "Sauna", kwh: 0.25, hours: 1.75 }), "Sauna: 0.25 kWh, 1.75 h");
});

test("without a better start later, one starts now, and without a difference there is no chart", () => {
  const said = (count: number, ...costs: number[]) => {
    const { sentence, hasChart, best } = bestHours({ ...costsOf(count, 0), costs }, { name: "", kwh: 2, hours: 2 }, null, new Date("2026-11-20T17:00:00Z"), en);
    return [sentence.replaceAll("\u00a0", " "), hasChart, best];
  };
  assert.deepEqual(said(2, 0.25, 0.5), ["**Now is a good time**: about 0.25 €.", true, 0]);
  assert.deepEqual(said(2, 0.5, 0.54), ["No hour until today 20:15 is more than 5 cents cheaper than now.", false, 0]);
});
