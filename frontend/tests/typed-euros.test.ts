import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readEuros } from "../src/typed-euros.ts";

interface Table {
  read: Record<string, number>;
  ambiguous: Record<string, number[]>;
  malformed: string[];
}
const table = JSON.parse(readFileSync(new URL("../../tests/lib/amounts.json", import.meta.url), "utf-8")) as Table;

test("a typed amount means the same in the cards and in the dialogs", () => {
  for (const [text, value] of Object.entries(table.read)) assert.deepEqual(readEuros(text), [value], text);
  for (const [text, readings] of Object.entries(table.ambiguous)) assert.deepEqual(readEuros(text), readings, text);
  for (const text of [...table.malformed, "1".repeat(65), "5 €/kWh", "$5"]) assert.deepEqual(readEuros(text), [], text);
});
