import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.HTMLElement ??= class {} as typeof HTMLElement;
const { csvOf } = await import("../src/parts/card-menu.ts");

test("rows of a table are a file that spreadsheets read", () => {
  const rows = [
    ["18:00", "1,5\u00a0kWh", "\u22122,07\u202f€"],
    ["=1+1", 'say "x";', "-"],
    ["@a", "+b", "-c"],
    ["-3", "\u2212", 4],
  ];
  const lines = ['"Time";"Used"', '"18:00";"1,5 kWh";"-2,07 €"', '"\'=1+1";"say ""x"";";"\'-"', '"\'@a";"\'+b";"\'-c"', '"-3";"\u2212";"4"', ""];
  assert.equal(csvOf({ head: ["Time", "Us\u00aded"], rows }, true), lines.join("\r\n"));
  assert.equal(csvOf({ head: ["Time"], rows: [["1.5"]] }, false), '"Time"\r\n"1.5"\r\n');
  assert.equal(csvOf({ head: ["a", "b"], rows: [] }, false), '"a","b"\r\n');
});
