import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { chosenCar, dismissCar, rememberCar } from "../src/data/planned-car.ts";
import type { Change } from "../src/data/websocket-types.ts";

const kept = new Map<string, string>();
const CAR: Change = { kind: "plan", device: "sensor.wallbox", kw: 11, begin_hour: 18, end_hour: 7 };
const TYPED: Change = { kind: "plan", kwh: 8, kw: 11 };
const BATTERY: Change = { kind: "battery", kwh: 10, kw: 5 };

beforeEach(() => {
  kept.clear();
  Object.assign(globalThis, { localStorage: { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) } });
});

test("the last chosen device of a meter is the car, until the user has read what it would have saved", () => {
  assert.equal(chosenCar("a"), undefined);
  rememberCar("a", [TYPED, BATTERY]);
  assert.equal(chosenCar("a"), undefined);
  rememberCar("a", [BATTERY, { ...CAR, kw: 22 }]);
  rememberCar("a", [CAR]);
  assert.deepEqual(chosenCar("a"), CAR);
  assert.equal(chosenCar("b"), undefined);
  dismissCar("a");
  assert.equal(chosenCar("a"), undefined);
  rememberCar("a", [CAR]);
  assert.equal(chosenCar("a"), undefined);
});

test("a browser that keeps nothing, or something else, tells nothing", () => {
  kept.set("smarty_p1_car/a", "{");
  assert.equal(chosenCar("a"), undefined);
  Object.assign(globalThis, { localStorage: undefined });
  rememberCar("a", [CAR]);
  dismissCar("a");
  assert.equal(chosenCar("a"), undefined);
});
