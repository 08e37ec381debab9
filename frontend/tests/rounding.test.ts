import assert from "node:assert/strict";
import { test } from "node:test";
import { round, roundDown, roundParts, roundUp } from "../src/locale.ts";

test("halves are rounded away from zero, and nothing is -0", () => {
  assert.equal(round(2.675, 2), 2.68);
  assert.equal(round(-2.5), -3);
  assert.ok(Object.is(round(-0.004, 2), 0));
});

test("an allowance is rounded down and a demand up", () => {
  assert.equal(roundDown(9.69, 1), 9.6);
  assert.equal(roundUp(8.51, 1), 8.6);
  // 0.1 + 0.2 is a little more than 0.3, and no reason for another tenth.
  assert.equal(roundUp(0.1 + 0.2, 1), 0.3);
});

test("parts add up to their sum", () => {
  assert.deepEqual(roundParts([1 / 3, 1 / 3, 1 / 3]), [0.34, 0.33, 0.33]);
  assert.deepEqual(roundParts([58.8249, 33.9149, 3.4102, -3.83], 0), [59, 34, 3, -4]);
});
