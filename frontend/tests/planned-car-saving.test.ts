import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { dismissSaving, keepSaving, keptSaving } from "../src/data/planned-car-saving.ts";
import type { Change, WhatIf } from "../src/data/websocket-types.ts";
import { savingOfCar } from "../src/sentences/what-if.ts";

const TODAY = "2026-11-21";
const NAME = "smarty_p1_car/a";
const METER = { entry_id: "a", changed_at: "2026-11-01T08:00:00+00:00" };
const kept = new Map<string, string>();
let writes = 0;
const CAR: Change = { kind: "plan", device: "sensor.wallbox", kw: 11, begin_hour: 18, end_hour: 7 };
const TYPED: Change = { kind: "plan", kwh: 8, kw: 11 };
const BATTERY: Change = { kind: "battery", kwh: 10, kw: 5 };
/** Draw an answer of the card *What if*. */
const show = (changes: Change[], low: number, high = low) => {
  const classes = { "7": { now: { total: low }, then: { total: 0 } } };
  keepSaving(METER, savingOfCar({ saving: { low, high }, classes, reference_kw: 7 } as unknown as WhatIf, changes), TODAY);
};
const setItem = (name: string, text: string) => {
  kept.set(name, text);
  writes += 1;
};

beforeEach(() => {
  kept.clear();
  writes = 0;
  Object.assign(globalThis, { localStorage: { getItem: (name: string) => kept.get(name) ?? null, setItem } });
});

test("the saving of the last chosen device is told for thirty days, or until the user has read it", () => {
  for (const changes of [[TYPED], [BATTERY, CAR]]) show(changes, 97);
  assert.equal(keptSaving(METER, TODAY), 0);
  show([{ ...CAR, kw: 22 }], 301);
  for (let drawing = 0; drawing < 3; drawing += 1) show([CAR], 90, 104);
  assert.equal(keptSaving(METER, TODAY), 97);
  assert.equal(writes, 2);
  assert.equal(keptSaving({ ...METER, entry_id: "b" }, TODAY), 0);
  assert.equal(keptSaving(METER, "2026-12-21"), 97);
  assert.equal(keptSaving(METER, "2026-12-22"), 0);
  // The contract has changed since.
  assert.equal(keptSaving({ ...METER, changed_at: "2026-11-21T08:00:00+00:00" }, TODAY), 0);
  // What is called about the same is no saving.
  show([CAR], 9);
  assert.equal(keptSaving(METER, TODAY), 0);
  dismissSaving("a");
  show([CAR], 97);
  assert.equal(keptSaving(METER, TODAY), 0);
});

test("a browser that keeps nothing, or something else, tells nothing", () => {
  for (const text of ["{", "null", JSON.stringify(CAR), `2027-01-01 100 ${METER.changed_at}`, `0 100 ${METER.changed_at}`, `${TODAY} -40 ${METER.changed_at}`, `${TODAY} 1e9 ${METER.changed_at}`, `${TODAY} 1000000 ${METER.changed_at}`]) {
    kept.set(NAME, text);
    assert.equal(keptSaving(METER, TODAY), 0, text);
  }
  Object.assign(globalThis, { localStorage: undefined });
  show([CAR], 97);
  dismissSaving("a");
  assert.equal(keptSaving(METER, TODAY), 0);
});
