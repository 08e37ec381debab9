import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { where } from "../src/sentences/where.ts";
import type { ShareRow, Shares } from "../src/data/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" }, "en");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

const row = (name: string | null, kind: ShareRow["kind"], wh: number, changes: Partial<ShareRow> = {}): ShareRow =>
  ({ name, kind, wh, cost: null, own_wh: 0, earned: 0, ...changes }) as ShareRow;
const shares = (rows: ShareRow[], changes: Partial<Shares> = {}): Shares =>
  ({ period: "month", start: "2026-10-31T23:00:00Z", end: "", house_wh: 60_000, cost: null, always_on_w: 250, rows, fixed: null, above: 0, feed_in: 0, lack: null, ...changes }) as Shares;
const shown = (of: Shares) => {
  const { sentence, rows, house, notes } = where(of, 7, en);
  const texts = rows.map(({ name, detail, kwh, cost, length }) => plain([name, detail, kwh, cost, length].join(" | ")));
  return { sentence: plain(sentence), rows: texts, house: house && plain(`${house.kwh} | ${house.cost}`), notes: notes.map(plain) };
};

test("without prices, energies are compared, and only the base load has a power", () => {
  const { sentence, rows, house, notes } = shown(shares([row(null, "always_on", 12_000), row("Car", "device", 24_000), row(null, "else", 24_000)]));
  assert.equal(sentence, "**Car: 24.0 kWh**, 40% of the energy. Next: Always on, 12.0 kWh.");
  assert.deepEqual(rows, ["Always on | 250 W | 12.0 kWh |  | 0.5", "Car |  | 24.0 kWh |  | 1", "Everything else |  | 24.0 kWh |  | 1"]);
  assert.deepEqual([house, notes], ["60.0 kWh | ", []]);
  assert.deepEqual(shown(shares([row(null, "always_on", 12_000)], { always_on_w: null })).rows, ["Always on |  | 12.0 kWh |  | 1"]);
});
