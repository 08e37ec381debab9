import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { billTexts, shownBill } from "../src/sentences/bill.ts";
import type { Bill, BillLine } from "../src/wire.ts";

const english = new Locale({ language: "en", number_format: "language", time_format: "24" });
const plain = (text: string | undefined) => text?.replaceAll("\u00a0", " ");

const line = (name: string, quantity: number, unit: string, price: number, amount: number): BillLine => ({ name, quantity, unit, price, amount });

const bill = (changes: Partial<Bill> = {}): Bill => ({
  month: "2026-06",
  start: "2026-06-01T00:00:00+02:00",
  end: "2026-07-01T00:00:00+02:00",
  until: "2026-07-01T00:00:00+02:00",
  measured_share: 1,
  lines: [line("energy", 350, "kWh", 0.145, 50.75)],
  net: 50.75,
  vat: 4.06,
  vat_rate: 0.08,
  total: 54.81,
  imported_kwh: 350,
  exported_kwh: 0,
  reference_kw: 7,
  peak: null,
  parts: { energy: 54.81 },
  ...changes,
});

const quantities = (...lines: BillLine[]) =>
  shownBill(bill({ lines }), english)
    .groups.flat()
    .map(({ quantity }) => plain(quantity))
    .filter((quantity) => quantity?.includes("×"));

test("a quantity has so many decimals that a calculator gets the amount", () => {
  // 363.7 × 0.145 would be 52.74.
  assert.equal(quantities(line("energy", 363.662, "kWh", 0.145, 52.73))[0], "363.66 kWh × 0.1450 €");
  assert.equal(quantities(line("energy", 363.66, "kWh", 0.1, 36.37))[0], "363.7 kWh × 0.1000 €");
  // 0.1 × 1.2 would be 0.12, and 0.13 × 1.2 would be 0.16.
  assert.equal(quantities(line("energy", 0.125, "kWh", 1.2, 0.15))[0], "0.125 kWh × 1.2000 €");
});

test("equal quantities look equal in all lines", () => {
  const found = quantities(line("energy", 363.662, "kWh", 0.145, 52.73), line("electricity_tax", 363.662, "kWh", 0.001, 0.36));
  assert.deepEqual(found.slice(0, 2), ["363.66 kWh × 0.1450 €", "363.66 kWh × 0.0010 €"]);
});

test("what is paid by the month is written in days, and as one month when it is whole", () => {
  assert.equal(quantities(line("meter", 0.333333, "month", 5.72, 1.91))[0], "10 of 30 days × 5.72 €");
  assert.equal(quantities(line("meter", 1, "month", 5.72, 5.72))[0], "1 month × 5.72 €");
  assert.equal(quantities(line("network_fixed", 0.692553, "month", 12.84, 8.89))[0], "20.78 of 30 days × 12.84 €");
});

test("prices are written in full, and a mean of the market says that it is one", () => {
  assert.equal(quantities(line("energy", 100, "kWh", 0.14525, 14.53))[0], "100.0 kWh × 0.14525 €");
  assert.equal(quantities(line("energy", 100, "kWh", 0.098412, 9.84))[0], "100.0 kWh × 0.098412 € on average");
  assert.equal(quantities(line("compensation", 350, "kWh", -0.0376, -13.16))[0], "350.0 kWh × −0.0376 €");
});

test("the lines of a name stand together, in the order of the paper", () => {
  const lines = ["feed_in", "compensation", "surcharge", "energy", "meter", "energy"].map((name) => line(name, 1, "kWh", 1, 1));
  const { groups } = shownBill(bill({ lines }), english);
  assert.deepEqual(
    groups.map((rows) => rows.map(({ name }) => plain(name))),
    [["Energy", "Energy"], ["Meter", "Above 7 kW"], ["Compensation fund"], ["Net", "VAT", "Fed in"]],
  );
});

test("each line of the integration has words in each language", () => {
  // Held to BILL_LINES of the integration by hand: a name that is not here is shown as it is.
  const names = ["energy", "energy_second", "energy_fee", "discount", "network_fixed", "network_variable", "meter"] as const;
  for (const texts of Object.values(billTexts)) {
    for (const name of [...names, "surcharge", "electricity_tax", "compensation", "feed_in"] as const) assert.ok(texts[name]);
  }
});

test("a forecast is of the running month only, and names no range that it is one end of", () => {
  const estimate = { total: 90.75, low: 90.6, high: 90.75 };
  assert.equal(shownBill(bill({ estimate }), english).sentence, "");
  const running = bill({ estimate, until: "2026-06-20T12:00:00+02:00" });
  assert.equal(plain(shownBill(running, english).sentence), "About **91 €** by 30 June");
  const mixed = { ...running, estimate: { total: -4, low: -4, high: 12.2 } };
  assert.equal(plain(shownBill(mixed, english).sentence), "About **4 €** to receive by 30 June");
});
