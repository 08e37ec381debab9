import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { firstPeriod, where } from "../src/sentences/where.ts";
import type { ShareRow, Shares } from "../src/data/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" }, "en");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

const row = (name: string | null, kind: ShareRow["kind"], wh: number, changes: Partial<ShareRow> = {}): ShareRow =>
  ({ name, kind, wh, cost: null, own_wh: 0, earned: 0, ...changes }) as ShareRow;
const shares = (rows: ShareRow[], changes: Partial<Shares> = {}): Shares =>
  ({ period: "month", start: "2026-10-31T23:00:00Z", end: "2026-11-20T23:00:00Z", house_wh: 60_000, cost: null, always_on_w: 250, rows, fixed: null, above: 0, feed_in: 0, lack: null, ...changes }) as Shares;
const shown = (of: Shares) => {
  const { sentence, rows, house, notes } = where(of, 7, en);
  const texts = rows.map(({ name, detail, kwh, cost, length }) => plain([name, detail, kwh, cost, length].join(" | ")));
  return { sentence: plain(sentence), rows: texts, house: house && plain(`${house.until} | ${house.kwh} | ${house.cost}`), notes: notes.map(plain) };
};

test("without prices, energies are compared, and only the base load has a power", () => {
  const { sentence, rows, house, notes } = shown(shares([row("Car", "device", 24_000), row(null, "always_on", 12_000), row(null, "else", 24_000)]));
  assert.equal(sentence, "**Car: 24.0 kWh**, 40% of the energy. Next: Always on, 20%.");
  assert.deepEqual(rows, ["Car |  | 24.0 kWh |  | 1", "Always on | 250 W | 12.0 kWh |  | 0.5", "Everything else |  | 24.0 kWh |  | 1"]);
  assert.deepEqual([house, notes], ["until the end of 20 Nov | 60.0 kWh | ", []]);
  assert.deepEqual(shown(shares([row(null, "always_on", 12_000)], { always_on_w: null })).rows, ["Always on |  | 12.0 kWh |  | 1"]);
});

test("with prices, too, the most energy comes first, with what the bill has besides", () => {
  const rows = [row("Car", "device", 24_000, { cost: 3 }), row("Boiler", "device", 12_000, { cost: 4.2, own_wh: 1000, earned: 0.08 }), row(null, "else", 96_000, { cost: 4 })];
  const { sentence, rows: texts, notes, house } = shown(shares(rows, { cost: 16.2, house_wh: 99_999, fixed: 9.5, above: 0.005, feed_in: -0.004 }));
  assert.equal(sentence, "**96% has no name yet** (4.00 €): add the devices that are missing. Next: Car, 24%.");
  assert.deepEqual([texts[0], house], ["Car |  | 24.0 kWh | 3.00 € | 0.25", "until the end of 20 Nov | 100.0 kWh | 16.20 €"]);
  assert.deepEqual(notes, [
    "Each kWh at the price of its hour; from your roof: 0 €. Not included: fixed prices 9.50 €, above 7 kW 0.01 €.",
  ]);
  const little = shares([row("Boiler", "device", 12_000, { cost: 4.2, own_wh: 999, earned: 0.08 })], { cost: 16.2, feed_in: -0.005 });
  assert.deepEqual(shown(little).notes, ["Each kWh at the price of its hour; from your roof: 0 €. Not included: to the grid −0.01 €."]);
  // From 100 kWh on, there are no decimals.
  assert.equal(shown(shares(rows, { house_wh: 100_000, period: "yesterday" })).house, " | 100 kWh | ");
});

test("most of the energy without a name comes first, and asks for devices", () => {
  const rows = [row(null, "always_on", 13_000, { cost: 1 }), row("Fridge", "device", 5_000, { cost: 2.12 }), row(null, "else", 82_000, { cost: 52.91 })];
  const { sentence, isUnnamed } = where(shares(rows, { cost: 56, house_wh: 100_000 }), 7, en);
  assert.deepEqual([sentence.replaceAll("\u00a0", " "), isUnnamed], ["**82% has no name yet** (52.91 €): add the devices that are missing. Next: Always on, 13%.", true]);
  // Only without a device, examples help. A device that is listed may be one of them.
  assert.match(where(shares(rows.toSpliced(1, 1), { cost: 56, house_wh: 100_000 }), 7, en).sentence, /add the car, the boiler\. Next: Always on/);
  // A device has more, or the rest is small beside many devices.
  const others = [[row("Car", "device", 82_000, { cost: 40 }), ...rows], rows.map((row) => ({ ...row, wh: row.wh / 4 }))];
  for (const all of others) assert.equal(where(shares(all, { cost: 56, house_wh: 100_000 }), 7, en).isUnnamed, false);
  // The rest is not known.
  assert.equal(where(shares(rows, { lack: "devices" as Shares["lack"] }), 7, en).isUnnamed, false);
});

test("what is not known of a device, of the rest or of the house is said", () => {
  const { rows, notes } = shown(shares([row("Car", "device", 0, { cost: 0, unknown_days: 2 }), row("Boiler", "device", 0, { cost: 0 })], { cost: 1 }));
  assert.deepEqual(rows.map((text) => text.slice(0, -4)), ["Car |  | – | –", "Boiler |  | 0.0 kWh | 0.00 €"]);
  assert.equal(notes[1], "Car: not known on 2 days.");
  const lack = shown(shares([row("Car", "device", 9000)], { lack: "inverter" as Shares["lack"] }));
  assert.deepEqual([lack.house, lack.notes], [undefined, ["The rest is not known without your inverter."]]);
  assert.equal(shown(shares([row("Car", "device", 9000)], { house_wh: null })).sentence, "");
  // More than the house uses is all of it.
  assert.match(shown(shares([row("Car", "device", 61_000)])).sentence, /100% of the energy\.$/);
});

test("on the first of a month in Luxembourg, the day before is shown", () => {
  const shown = ["2026-11-30T22:59:00Z", "2026-11-30T23:00:00Z", "2026-12-01T22:59:00Z", "2026-12-01T23:00:00Z"].map((now) => firstPeriod(now));
  assert.deepEqual(shown, ["month", "yesterday", "yesterday", "month"]);
});
