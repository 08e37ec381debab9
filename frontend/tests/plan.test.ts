import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale, round } from "../src/locale.ts";
import { hourLabels, shownPlan } from "../src/sentences/plan.ts";
import type { EnteredLoad, HousePlan, PlannedLoad } from "../src/data/websocket-types.ts";

const formats = { number_format: "language", time_format: "24" };
const en = new Locale({ language: "en", ...formats });
const NOW = new Date("2026-11-20T17:05:00Z");
const START = Date.parse("2026-11-20T17:00:00Z");
const at = (index: number) => new Date(START + index * 900_000).toISOString();
const load = (changes: Partial<EnteredLoad> = {}): EnteredLoad => ({ id: "a", name: "Car", device_id: null, state: "planned", by: null, hand_until: null, once_by: null, skipped_until: null, is_at_once: false, more_eur: null, is_switched: true, may_pause: true, ...changes });
const plain = (texts: string[]) => texts.map((text) => text.replaceAll("\u00a0", " "));

/** Return a plan for quarter-hours with the power of a load, and the net import with it. */
function planOf(rows: [kw: number, net: number][], changes: Partial<PlannedLoad> = {}, more: Partial<HousePlan> = {}): HousePlan {
  const quarters = rows.map(([kw, net_kw], index) => ({
    start: at(index),
    end: at(index + 1),
    price_import: 0.2,
    price_export: 0.05,
    usual_import_kw: 0.4,
    usual_export_kw: 0,
    loads_kw: kw ? { a: kw } : ({} as Record<string, number>),
    battery_kw: 0,
    net_kw,
  }));
  const runs = rows.flatMap(([kw], index) => (kw ? [{ start: at(index), end: at(index + 1), kwh: kw / 4 }] : []));
  const planned: PlannedLoad = { name: "a", start: null, end: null, limit_price: 0.2, cost: 1, cost_at_once: 2, saving: 1, own_kwh: 0, reason: "price", missing_kwh: 0, runs, ...changes };
  return { prices_of_day_before_from: null, can_differ: true, loads: [planned], quarter_hours: quarters, ...more };
}

const shown = (plan: HousePlan | null, reference: number | null = 7, loads = [load()]) => shownPlan({ loads, plan, lack: null }, { reference_kw: reference, known_since: null }, NOW, en);

test("a quarter-hour shows the sun, the grid and what is above the reference power in their shares", () => {
  const parts = (rows: [number, number][], reference: number | null) =>
    shown(planOf(rows), reference).rows[0]!.parts.map(({ color, from, to, top, height }) => [color, from * rows.length, to * rows.length, round(top!, 3), round(height!, 3)]);
  for (const [kw, net, reference, shares] of [
    [4, -1, 7, { sun: 1 }],
    [4, 3, 7, { drawn: 0.75, sun: 0.25 }],
    [4, 3.997, 7, { drawn: 1 }],
    [4, 7, 7, { drawn: 1 }],
    [4, 8, 7, { excess: 0.25, drawn: 0.75 }],
    [4, 70, 7, { excess: 1 }],
    [4, 70, null, { drawn: 1 }],
    [20, 9, 7, { excess: 0.1, drawn: 0.35, sun: 0.55 }],
  ] as const) {
    const found = parts([[kw, net]], reference);
    assert.deepEqual(Object.fromEntries(found.map(([color, , , , height]) => [color, height])), shares, `${kw} kW, net ${net} kW`);
    // From the top downwards, without a gap.
    found.reduce((end, [, , , top, height]) => (assert.equal(top, end), round(Number(top) + Number(height), 3)), 0);
  }
  // Neighbours with the same share are one part.
  assert.deepEqual(parts([[0, 1], [4, 5], [4, 6], [4, 8], [0, 1], [4, 3], [4, 3], [0, 0]], 7), [
    ["drawn", 1, 3, 0, 1],
    ["excess", 3, 4, 0, 0.25],
    ["drawn", 3, 4, 0.25, 0.75],
    ["drawn", 5, 7, 0, 0.75],
    ["sun", 5, 7, 0.75, 0.25],
  ]);
});

test("a load that waits for the sun has sun in its bar", () => {
  const [row] = shown(planOf([[0, 1], [4, 3]], { reason: "sun", own_kwh: 0.25 })).rows;
  assert.equal(row!.notes[0], "waits for the sun");
  assert.ok(row!.parts.some(({ color }) => color === "sun"));
});

test("a run has its time, and a day ahead its weekday", () => {
  const when = (rows: [number, number][], state: EnteredLoad["state"] = "planned") => shown(planOf(rows), 7, [load({ state })]).rows[0]!.when;
  const later = (count: number): [number, number][] => Array.from({ length: count }, () => [0, 1]);
  assert.equal(when([[4, 5]]), "Now, until 18:15");
  assert.equal(when([[0, 1], [4, 5]]), "18:15–18:30");
  assert.equal(when([[0, 1], [4, 5], [0, 1], [4, 5]]), "18:15–18:30, 18:45–19:00");
  assert.equal(when([...later(96), [4, 5]]), "18:00–18:15");
  assert.equal(when([...later(97), [4, 5]]), "Sat 21, 18:15–18:30");
  assert.equal(when([[0, 1]]), "");
  assert.deepEqual((["done", "not_connected", "not_planned"] as const).map((state) => when([[0, 1]], state)), ["Has its energy", "Not connected", "Cannot be planned now"]);
  // A load that is not in the plan yet.
  assert.equal(shown(planOf([[4, 5]]), 7, [load({ id: "b" })]).rows[0]!.when, "");
});

test("a note tells nothing below a cent or 0.05 kWh, and no waiting of a load that runs", () => {
  const notes = (changes: Partial<PlannedLoad>, rows: [number, number][] = [[0, 1], [4, 5]], more: Partial<HousePlan> = {}) =>
    plain(shown(planOf(rows, changes, more), 7, [load({ by: "2026-11-21T06:00:00Z" })]).rows[0]!.notes);
  assert.deepEqual(notes({}), ["waits for a low price", "done by 07:00", "saves 1.00 €", "takes energy while a kWh costs at most 20 ct"]);
  assert.deepEqual(notes({ reason: "sun", saving: 0.01, limit_price: null }), ["waits for the sun", "done by 07:00", "saves 0.01 €"]);
  assert.deepEqual(notes({ reason: null, saving: 0.0099, missing_kwh: 0.05 }), ["0.1 kWh will be missing", "done by 07:00", "takes energy while a kWh costs at most 20 ct"]);
  assert.deepEqual(notes({ reason: "reference_power", missing_kwh: 0.049 }, [[4, 5]]), ["done by 07:00", "saves 1.00 €", "takes energy while a kWh costs at most 20 ct"]);
  assert.deepEqual(notes({ saving: 0, missing_kwh: 3.3 }, [[4, 5]], { can_differ: false }), ["3.3 kWh will be missing", "done by 07:00"]);
});

test("each wish has its end, and a start at once its cost", () => {
  const row = (changes: Partial<EnteredLoad>, rows: [number, number][] = [[0, 1], [4, 5]]) => {
    const { when, notes, more } = shown(planOf(rows, { reason: null, saving: 1.08 }), 7, [load(changes)]).rows[0]!;
    return [when, ...plain(notes), more];
  };
  const [until, saves, most] = ["2026-11-21T06:00:00Z", "saves 1.08 €", "takes energy while a kWh costs at most 20 ct"];
  assert.deepEqual(row({ state: "skipped", skipped_until: until })[0], "Skipped until 07:00");
  assert.deepEqual(row({ by: until, once_by: until }), ["18:15–18:30", "only this time: done by 07:00", saves, most, 1.08]);
  assert.deepEqual(row({ is_at_once: true, more_eur: 1.5, by: until }, [[4, 5]]), ["Now, until 18:15", "at any price", "1.50 € more than by the plan", "done by 07:00", 0]);
  // The plan does not let this load follow a price.
  assert.deepEqual(row({ is_switched: false }), ["18:15–18:30", saves, "switch it on yourself", 1.08]);
  assert.deepEqual(row({ may_pause: false }), ["18:15–18:30", saves, 1.08]);
  assert.deepEqual(row({ state: "tries_again" })[0], "Tries again at 18:15");
  assert.deepEqual(row({ state: "did_not_start" })[0], "Did not start, tries again at 18:15");
  assert.deepEqual(row({ state: "did_not_start" }, [[0, 1]])[0], "Did not start");
});

test("the table has each quarter-hour in which a load runs", () => {
  const { head, rows } = shown(planOf([[4, 8], [0, 1], [4, 3]])).table!;
  assert.deepEqual(plain(head), ["Time", "Car, kW", "House, kW", "Above 7 kW, kWh", "Price, ct/kWh"]);
  assert.deepEqual(rows, [["18:00", "4.0", "8.0", "0.25", "20.0"], ["18:30", "4.0", "3.0", "0.00", "20.0"]]);
  assert.equal(shown(planOf([[0, 1]])).table, undefined);
});

test("the head says the end of the plan, and each sentence about all loads is true", () => {
  const head = (count: number, net = 1, more: Partial<HousePlan> = {}, reference: number | null = 7) => {
    const { title, notes } = shown(planOf([[4, net], ...Array.from({ length: count }, (): [number, number] => [0, 99])], {}, more), reference);
    return [title, ...plain(notes)];
  };
  // From 18:00 on: six hours until midnight.
  assert.deepEqual(head(119), ["Plan until tomorrow evening", "Planned without a surcharge"]);
  assert.deepEqual(head(120, 7.1), ["Plan until Sun 22"]);
  assert.deepEqual(head(23, 1, {}, null), ["Plan until Fri 20"]);
  assert.deepEqual(head(119, 1, { can_differ: false, prices_of_day_before_from: at(24) }, null), ["Plan until tomorrow evening", "Any time costs the same", "Prices of yesterday"]);
  assert.deepEqual(head(119, 8), ["Plan until tomorrow evening", "0.3 kWh planned above 7 kW"]);
  assert.deepEqual(shown(null, 7, []), { title: "Plan", notes: ["No load yet", "A load is a car, a dishwasher or hot water. The plan says when it costs least, and is done in time: by prices, your sun and the reference power."], rows: [], tints: [], labels: [], table: undefined });
  for (const [lack, text] of [["too_few_days", "Seven measured days are needed"], ["no_price", "Coming prices are unknown"]] as const) {
    assert.deepEqual(shownPlan({ loads: [load({ state: "not_planned" })], plan: null, lack }, { reference_kw: 7, known_since: null }, NOW, en).notes, [text]);
  }
  const notes = (known_since: string, loads = [load({ state: "not_planned" })]) => shownPlan({ loads, plan: null, lack: "too_few_days" }, { reference_kw: 7, known_since }, NOW, en).notes;
  // Seven whole days: the day on which the meter was added is none.
  for (const [since, day] of [["2026-11-20T17:45:00+01:00", "28 November"], ["2026-11-14T00:15:00+01:00", "22 November"], ["2026-11-14T00:00:00+01:00", "21 November"]] as const) {
    assert.deepEqual(notes(since), [`The first plan comes on ${day}: seven measured days are needed`]);
    assert.equal(notes(since, [])[2], notes(since)[0]);
  }
  assert.deepEqual(notes("2026-11-13T00:00:00+01:00"), ["Seven measured days are needed"]);
});

test("each sixth hour of the axis has its number, each midnight its day, and a long plan only its days", () => {
  const quarters = (count: number) => Array.from({ length: count }, (_, index) => ({ start: at(index) }));
  const labels = (count: number, locale = en) => hourLabels(quarters(count), locale).map(({ at, text }) => [at * count, text]);
  assert.deepEqual(labels(74), [[0, "18"], [24, "Sat"], [48, "6"], [72, "12"]]);
  const twelve = new Locale({ language: "en", ...formats, time_format: "12" });
  assert.deepEqual(labels(74, twelve).map(([, text]) => text), ["6 PM", "Sat", "6 AM", "12 PM"]);
  assert.deepEqual(labels(126, twelve).map(([, text]) => text), ["Sat", "Sun"]);
  assert.deepEqual(labels(201).map(([, text]) => text), ["Sat", "Sun"]);
  const midnights = ["de", "fr", "lb", "pt"].map((language) => labels(74, new Locale({ language, ...formats }))[1]![1]);
  assert.deepEqual(midnights, ["Sa.", "sam.", "Sa", "sáb."]);
});
