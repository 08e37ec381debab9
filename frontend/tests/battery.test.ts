import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { batteryAnswer, besides } from "../src/sentences/battery.ts";
import type { HouseSource, WhatIf } from "../src/data/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "comma_decimal", time_format: "24" } as never);
const plain = (text: string) => text.replace(/\u00a0/g, " ").replaceAll("**", "");
const costs = (energy: number, surcharge: number, feed_in: number, fixed: number) => ({
  energy,
  surcharge,
  feed_in,
  fixed,
  total: energy + surcharge + feed_in + fixed,
});
const energies = { imported: 4500, exported: 1500, shared: 0 };
const ofClass = (without: number[], after: number[], stored_share: number | null = 0.42) => ({
  now: costs(...(without as [number, number, number, number])),
  then: costs(...(after as [number, number, number, number])),
  battery: { cycles: 1234, stored_share },
});
const found = (changes: Partial<WhatIf> = {}): WhatIf => ({
  start: "2025-11-01",
  end: "2026-11-01",
  measured_days: 362,
  known_share: 0.99,
  reference_kw: 7,
  has_vat: true,
  hourly_share: { now: null, then: null },
  markets_used: { now: [], then: [] },
  saving: { low: 191, high: 204 },
  cheapest: { now: 7, then: 3 },
  energies: { now: energies, then: energies },
  classes: {
    "3": ofClass([1173, 91, -88, 170], [965, 0, 0, 170]),
    "7": ofClass([1173, 0, -88, 240], [916, 0, 0, 240]),
  },
  assumed: [],
  ...changes,
});
const size = { kwh: 10, kw: 5, standby: 20 };
const says = (changes: Partial<WhatIf> = {}, price = 0) => plain(batteryAnswer(found(changes), size, en, { price }).sentence);

test("what a battery saves, and which reference power becomes right", () => {
  assert.equal(says(), "A battery of 10 kWh and 5 kW would save about 200 € a year. With this battery, 3 kW would be the cheapest reference power, instead of 7 kW.");
  const only = { now: 7, then: 7 };
  assert.equal(says({ saving: { low: 169, high: 169 }, cheapest: only }), "A battery of 10 kWh and 5 kW would save about 170 € a year.");
  const classes = { ...found().classes, "3": ofClass([1173, 91, -88, 170], [982, 0, 0, 170]) };
  assert.match(says({ classes }), /a year\. With this battery, 3 kW would cost about the same as 7 kW\.$/);
});

test("a saving is rounded to 10 euros, from 1,000 on to 50", () => {
  const amount = (low: number, high: number) => /about (.*) a year/.exec(says({ saving: { low, high } }))![1];
  assert.equal(amount(318, 319), "320 €");
  assert.equal(amount(1234, 1249), "1,250 €");
  assert.equal(amount(1210, 1221), "1,200 €");
  assert.equal(amount(96, 104), "100 €");
  assert.equal(amount(8, 13), "10 €");
  assert.match(says({ saving: { low: 7, high: 12 } }), /would save next to nothing\./);
});

test("a house with a battery is asked about another one", () => {
  const options = { hasBattery: true };
  const { sentence, head, notes } = batteryAnswer(found({ reference_kw: 12 }), size, en, options);
  assert.match(plain(sentence), /^Another battery, of 10 kWh and 5 kW, would save about 200 € a year\. With this battery, 3 kW would be/);
  assert.deepEqual(head.map(plain), ["With today's battery, 7 kW", "With another battery, 3 kW"]);
  assert.equal(plain(notes[0]!), "Even with today's battery alone, 7 kW would be the cheapest reference power.");
  const nothing = batteryAnswer(found({ saving: { low: 0, high: 0 } }), size, en, options).sentence;
  assert.match(plain(nothing), /^Another battery, of 10 kWh and 5 kW, would save next to nothing\./);
});

test("a battery that saves nothing does not save a little", () => {
  for (const saving of [{ low: 0, high: 0 }, { low: -12, high: -3 }, { low: -12, high: 3 }]) {
    assert.match(says({ saving }), /^A battery of 10 kWh and 5 kW would save next to nothing\./);
  }
});

test("a battery that costs more than it saves says so", () => {
  assert.match(says({ saving: { low: -140, high: -120 } }), /^A battery of 10 kWh and 5 kW would cost about 130 € a year more\./);
  const another = batteryAnswer(found({ saving: { low: -10, high: -10 } }), size, en, { hasBattery: true }).sentence;
  assert.match(plain(another), /^Another battery, of 10 kWh and 5 kW, would cost about 10 € a year more\./);
});

test("the parts of both years", () => {
  const { head, rows, notes } = batteryAnswer(found(), size, en);
  assert.deepEqual(head.map(plain), ["Without battery, 7 kW", "With battery, 3 kW"]);
  assert.deepEqual(rows.map((row) => row.map(plain)), [
    ["Energy, per kWh", "1,180 €", "970 €"],
    ["Surcharge", "0 €", "0 €"],
    ["To the grid", "−90 €", "0 €"],
    ["Fixed prices", "240 €", "170 €"],
    ["Total per year", "1,330 €", "1,140 €"],
  ]);
  assert.match(notes.map(plain).join(" "), /^The battery would be fully charged 1,234 times a year\. The battery would store 42% of the energy that went to the grid\. November 2025 – October 2026: 12 months, at today's prices, with VAT\. 362 days are measured\.$/);
});

test("what another reference power saves already is not the battery's", () => {
  const { notes } = batteryAnswer(found({ reference_kw: 12 }), size, en);
  assert.equal(plain(notes[0]!), "Even without a battery, 7 kW would be the cheapest reference power.");
  const classes = { "7": ofClass([1173, 0, 0, 240], [1173, 0, 0, 240], null) };
  const without = batteryAnswer(found({ classes, cheapest: { now: 7, then: 7 } }), size, en);
  assert.ok(!without.notes.join(" ").includes("stored"));
});

test("after how many years a battery is earned back, by the lower value", () => {
  const end = (low: number, price: number) => says({ saving: { low, high: low + 50 } }, price).split("7 kW. ")[1];
  assert.equal(end(191, 0), undefined);
  // 9.42 and 1.05 years
  assert.equal(end(191, 1800), "The battery would pay for itself in about 9 years.");
  assert.equal(end(191, 200), "The battery would pay for itself in about a year.");
  assert.equal(end(191, 50), "The battery would pay for itself in about a year.");
  // 25.4 and 25.6 years
  assert.equal(end(191, 4850), "The battery would pay for itself in about 25 years.");
  assert.equal(end(191, 4890), "The battery would not pay for itself within 25 years.");
  assert.equal(end(0, 1000), "The battery would never pay for itself.");
  assert.equal(end(-12, 1000), "The battery would never pay for itself.");
});

test("what the amounts are with, and what is not counted", () => {
  const notes = (changes: Partial<WhatIf>, price = 0) => plain(batteryAnswer(found(changes), size, en, { price }).notes.join(" "));
  assert.match(notes({}), /November 2025 – October 2026: 12 months, at today's prices, with VAT\. 362 days are measured\.$/);
  assert.match(notes({ has_vat: false }, 1000), /at today's prices, without VAT\. 362 days are measured\. The battery's wear and the interest on its price are not counted\.$/);
  assert.match(notes({ hourly_share: { now: 0.42, then: 0.42 } }), /Hourly prices are known for 42% of the time/);
  assert.ok(!notes({ hourly_share: { now: 1, then: 1 } }).includes("hour"));
});

test("prices of an earlier month are said", () => {
  const { notes } = batteryAnswer(found({ end: "2026-11-01", prices_of: { grid: "2026-12-31" } }), size, en, { today: "2026-11-25" });
  assert.ok(notes.map(plain).includes("From 1 January 2027: grid charges of 2026; nothing newer is known to this version."));
});

test("the price of a battery in five languages", () => {
  const said = (language: string) => batteryAnswer(found({ saving: { low: 197, high: 213 } }), size, new Locale({ language, number_format: "language", time_format: "24" }, language), { price: 1800 }).sentence;
  const sentences = { de: "Sie rechnet sich nach etwa 9 Jahren", fr: "Amortie après environ 9 ans", lb: "Si wier no ongeféier 9 Joer erakritt", pt: "A bateria pagar-se-ia em cerca de 9 anos" };
  for (const [language, sentence] of Object.entries(sentences)) assert.ok(plain(said(language)).includes(sentence), said(language));
});

test("the batteries of the house are added up, unless the size of one is not known", () => {
  const said = (...sizes: (number | null)[]) => plain(besides(sizes.map((capacity_kwh) => ({ capacity_kwh }) as HouseSource), en));
  assert.equal(said(), "");
  assert.equal(said(10), "In addition to yours: 10 kWh in the Energy dashboard.");
  assert.equal(said(5, 2.5), "In addition to yours: 7.5 kWh in the Energy dashboard.");
  for (const unknown of [null, 0]) assert.equal(said(5, unknown), "In addition to the battery in the Energy dashboard.");
});
