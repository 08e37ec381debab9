import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { dismissSaving, keepSaving, keptSaving } from "../src/data/planned-car.ts";
import type { Change, WhatIf } from "../src/data/websocket-types.ts";
import { savingOfCar } from "../src/sentences/what-if.ts";

const TODAY = "2026-11-21";
const NAME = "smarty_p1_car/a";
const kept = new Map<string, string>();
let writes = 0;
const CAR: Change = { kind: "plan", device: "sensor.wallbox", kw: 11, begin_hour: 18, end_hour: 7 };
const TYPED: Change = { kind: "plan", kwh: 8, kw: 11 };
const BATTERY: Change = { kind: "battery", kwh: 10, kw: 5 };
/** Draw an answer of the card *What if*. */
const show = (changes: Change[], low: number, high = low) => keepSaving("a", savingOfCar({ saving: { low, high } } as WhatIf, changes), TODAY);
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
  assert.equal(keptSaving("a", TODAY), 0);
  show([{ ...CAR, kw: 22 }], 301);
  for (let drawing = 0; drawing < 3; drawing += 1) show([CAR], 90, 104);
  assert.equal(keptSaving("a", TODAY), 100);
  assert.equal(writes, 2);
  assert.equal(keptSaving("b", TODAY), 0);
  assert.equal(keptSaving("a", "2026-12-21"), 100);
  assert.equal(keptSaving("a", "2026-12-22"), 0);
  // What is called about the same is no saving.
  show([CAR], 9);
  assert.equal(keptSaving("a", TODAY), 0);
  dismissSaving("a");
  show([CAR], 97);
  assert.equal(keptSaving("a", TODAY), 0);
});

test("a browser that keeps nothing, or something else, tells nothing", () => {
  for (const text of ["{", "null", JSON.stringify(CAR), "2027-01-01 100", "0 100", `${TODAY} -40`, `${TODAY} 1e9`, `${TODAY} 1000000`]) {
    kept.set(NAME, text);
    assert.equal(keptSaving("a", TODAY), 0, text);
  }
  Object.assign(globalThis, { localStorage: undefined });
  show([CAR], 97);
  dismissSaving("a");
  assert.equal(keptSaving("a", TODAY), 0);
});
