import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { besides, canPayBack, whatIfAnswer, type WhatIfOptions } from "../src/sentences/what-if.ts";
import type { Assumption, Change, HouseSource, WhatIf } from "../src/data/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "comma_decimal", time_format: "24" } as never);
const plain = (text: string) => text.replace(/\u2060/g, "").replace(/\u00a0/g, " ").replaceAll("**", "");
const costs = (energy: number, surcharge: number, feed_in: number, fixed: number) => ({
  energy,
  surcharge,
  feed_in,
  fixed,
  total: energy + surcharge + feed_in + fixed,
});
const ofClass = (now: number[], then: number[], stored_share: number | null = 0.42, atOnce?: number[]) => ({
  now: costs(...(now as [number, number, number, number])),
  ...(atOnce && { at_once: costs(...(atOnce as [number, number, number, number])) }),
  then: costs(...(then as [number, number, number, number])),
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
  energies: { now: { imported: 5402, exported: 1460, shared: 0 }, then: { imported: 4221, exported: 2, shared: 0 } },
  classes: {
    "3": ofClass([1173, 91, -88, 170], [965, 0, 0, 170]),
    "7": ofClass([1173, 0, -88, 240], [916, 0, 0, 240]),
  },
  assumed: [],
  ...changes,
});
const BATTERY: Change = { kind: "battery", kwh: 10, kw: 5, standby: 20 };
const CAR: Change = { kind: "car", kwh: 8, kw: 11, begin_hour: 22 };
const answer = (changes: Partial<WhatIf> = {}, options: WhatIfOptions = {}, asked: Change[] = [BATTERY]) => whatIfAnswer(found(changes), asked, en, options);
const says = (changes: Partial<WhatIf> = {}, options: WhatIfOptions = {}, asked?: Change[]) => plain(answer(changes, options, asked).sentence);
const notes = (changes: Partial<WhatIf> = {}, options: WhatIfOptions = {}, asked?: Change[]) => plain(answer(changes, options, asked).notes.join(" "));

test("what a year would cost, and which reference power becomes right", () => {
  assert.equal(says({ saving: { low: 199, high: 204 } }), "With a battery of 10 kWh and 5 kW, a year would cost about 199–204 € less. With this, 3 kW would be the cheapest reference power: 21 € less than 7 kW.");
  const only = { cheapest: { now: 7, then: 7 }, classes: { "7": ofClass([916, 0, 0, 240], [1173, 0, -88, 240]) } };
  assert.equal(says({ saving: { low: -169, high: -169 }, ...only }, {}, [CAR]), "With a car of 8 kWh per night, a year would cost about 169 € more.");
  const classes = { ...found().classes, "3": ofClass([1173, 91, -88, 170], [982, 0, 0, 170]) };
  assert.match(says({ classes }), /With this, 3 kW would cost about the same as 7 kW\.$/);
});

test("a plan that changes no amount has one line and nothing else", () => {
  const PLAN: Change = { kind: "plan", device: "sensor.car", kw: 2.3 };
  const same = ofClass([900, 0, 0, 240], [900, 0, 0, 240], null, [900, 0, 0, 240]);
  const classes = { "3": ofClass([900, 200, 0, 170], [900, 180, 0, 170]), "7": same, "12": same };
  const year = { saving: { low: 0, high: 0 }, cheapest: { now: 7, then: 7 }, classes };
  assert.deepEqual(answer(year, {}, [PLAN]), { sentence: "Any time costs the same.", head: [], rows: [], notes: [] });
  // A saving of a few euros, a saving at the household's own reference power, and other changes are no such year.
  const differs: [Partial<WhatIf>, Change[]][] = [
    [{ ...year, classes: { ...classes, "7": ofClass([900, 0, 0, 240], [896, 0, 0, 240], null, [900, 0, 0, 240]) } }, [PLAN]],
    [{ ...year, classes: { ...classes, "7": ofClass([900, 0, 0, 240], [900, 0, 0, 240], null, [906, 0, 0, 240]) } }, [PLAN]],
    [{ ...year, classes: { ...classes, "3": same }, reference_kw: 3, cheapest: { now: 3, then: 3 } }, [CAR]],
    [year, [PLAN, CAR]],
  ];
  for (const [changed, asked] of differs) assert.match(says(changed, {}, asked), /^With .* a year would cost about the same\./);
});

test("a plan for a new car has three years, and is compared with the car charged at once", () => {
  const classes = { "7": ofClass([1173, 0, 0, 240], [1600, 0, 0, 240], null, [1600, 53, 0, 240]) };
  const year = { saving: { low: -427, high: -427 }, cheapest: { now: 7, then: 7 }, classes };
  const PLAN: Change = { kind: "plan", kwh: 8, kw: 11 };
  const told = "With a car of 8 kWh per night and a plan for it, a year would cost about 427 € more. Charged at once, it would cost 53 € more.";
  assert.equal(says(year, {}, [PLAN]), told);
  assert.equal(says(year, {}, [CAR, { kind: "plan" }]), told);
  const { head, rows } = answer(year, {}, [PLAN]);
  assert.deepEqual(head.map(plain), ["7 kW", "Now", "At once", "By plan"]);
  assert.deepEqual(rows.at(-1)!.map(plain), ["Total per year", "1,413 €", "1,893 €", "1,840 €"]);
  assert.deepEqual(rows.map(([name]) => name), ["Energy, per kWh", "Surcharge", "Fixed prices", "Total per year"]);
  const ends: [number, RegExp][] = [[0, /Any time costs the same\.$/], [-2, /Charged at once, it would cost 2 € less\.$/]];
  for (const [surcharge, end] of ends) {
    const changed = { "7": ofClass([1173, 0, 0, 240], [1600, 0, 0, 240], null, [1600, surcharge, 0, 240]) };
    assert.match(says({ ...year, classes: changed }, {}, [PLAN]), end);
  }
});

test("another car than the one that was charged here is a second one", () => {
  const assumed: Assumption[] = [{ key: "second_car", value: "Zoe" }];
  assert.match(says({ assumed }, {}, [CAR]), /^With a second car of 8 kWh per night, a year/);
  assert.match(says({ assumed }, {}, [{ kind: "plan", kwh: 8, kw: 11 }]), /^With a second car of 8 kWh per night and a plan for it, a year/);
  assert.match(notes({ assumed }, {}, [CAR]), /This car comes besides Zoe\./);
});

test("each kind of change has its words, and several are one list", () => {
  const all: Change[] = [BATTERY, { kind: "panels", kwp: 6.5 }, CAR, { kind: "heat_pump", kwh: 4000 }, { kind: "plan", kwh: 9, kw: 11 }, { kind: "contract", energy_price: 0.15 }, { kind: "sharing_key", kwp: 30, key: 10 }];
  const list = "a battery of 10 kWh and 5 kW, panels of 6.5 kWp, a car of 8 kWh per night, a heat pump of 4,000 kWh per year, a plan for it, this contract and 10% of a community's solar energy";
  assert.ok(says({}, {}, all).startsWith(`With ${list}, a year would cost`), says({}, {}, all));
  for (const language of ["de", "fr", "lb", "pt"]) {
    const locale = new Locale({ language, number_format: "language", time_format: "24" }, language);
    assert.doesNotMatch(whatIfAnswer(found(), all, locale).sentence, /\{|with_/);
  }
});

test("an amount is that of the table, and is a range if its ends differ", () => {
  const amount = (low: number, high: number, shown = low) => {
    const classes = { ...found().classes, "7": ofClass([1500, 0, 0, 240], [1500 - shown, 0, 0, 240]) };
    return /cost (.*)\. With this/.exec(says({ saving: { low, high }, classes }))![1];
  };
  assert.equal(amount(318, 318), "about 318 € less");
  assert.equal(amount(1234, 1249), "about 1,234–1,249 € less");
  assert.equal(amount(284, 316), "about 284–316 € less");
  assert.equal(amount(-316, -284), "about 284–316 € more");
  assert.equal(amount(8, 13), "about 8–13 € less");
  for (const [low, high] of [[7, 12], [0, 0], [-9, 30], [-4, 13]] as const) assert.equal(amount(low, high), "about the same");
  // It may cost more or less: then the sentence has the difference of the totals, as the table.
  assert.equal(amount(-10, 90), "about 10 € more");
  assert.equal(amount(-10, 90, 90), "about 90 € less");
});

test("a house with a battery is asked about another one", () => {
  assert.match(says({}, { hasBattery: true }), /^With another battery, of 10 kWh and 5 kW, a year would cost/);
});

test("the parts of both years", () => {
  const { head, rows } = answer();
  assert.deepEqual(head.map(plain), ["7 kW", "Now", "Then"]);
  assert.deepEqual(rows.map((row) => row.map(plain)), [
    ["Energy, per kWh", "1,173 €", "916 €"],
    // No surcharge is in either year.
    ["To the grid", "−88 €", "0 €"],
    ["Fixed prices", "240 €", "240 €"],
    ["Total per year", "1,325 €", "1,156 €"],
  ]);
});

test("what stands below: energies, the battery's use, months and what is not counted", () => {
  const basis = "November 2025 – October 2026: 12 months, at today's prices, with VAT. 362 days are measured.";
  assert.equal(notes(), `From the grid: 5,402 now, 4,221 kWh then. To the grid: 1,460 now, 2 kWh then. The battery would be fully charged 1,234 times a year. The battery would store 42% of the energy that went to the grid. ${basis}`);
  assert.match(notes({ has_vat: false }, { price: 1000 }), /without VAT\. 362 days are measured\. Wear, and interest on the price, are not counted\.$/);
  assert.match(notes({}, {}, [CAR]), /The fuel that the car saves is not counted\./);
  assert.match(notes({}, {}, [{ kind: "heat_pump", kwh: 4000 }]), /The gas or oil that the heat pump saves is not counted\./);
  assert.match(notes({ end: "2026-11-01", prices_of: { grid: "2026-12-31", ended: { state_aid: "2026-12-31" } } }, { today: "2026-11-25" }), /measured\. The State's aid ends on 31 December 2026\.$/);
});

test("everything that is assumed has its sentence", () => {
  const keys = { efficiency: 90, reserve: 5, standby: 20, begin_hour: 22, end_hour: 7, plan_against: null, second_car: "Zoe", car_every_day: null, degree_days: "Findel", direction: 180, tilt: 30, solar_kwh: 6100, sunny_days: "2025", energy_fee: 5, feed_in_as_today: null, sharing_price: 0.12, shared_sun: "2025" };
  const assumed = Object.entries(keys).map(([key, value]) => ({ key, value }) as Assumption);
  for (const language of ["en", "de", "fr", "lb", "pt"]) {
    const locale = new Locale({ language, number_format: "language", time_format: "24" }, language);
    const said = whatIfAnswer(found({ assumed }), [BATTERY], locale).notes.join(" ");
    assert.doesNotMatch(said, /\{|NaN|undefined|null|_/);
  }
  assert.match(notes({ assumed }), /90% of the charged energy can be used again\. 5% of the battery is never used\..* The car charges from 22:00 on\..* The monthly fee stays 5\.00 €\..* A shared kWh costs 0\.120 €\./);
  const nothing: Assumption[] = [{ key: "reserve", value: 0 }, { key: "energy_fee", value: 0 }];
  assert.equal(notes({ assumed: nothing }), notes());
});

test("a market is named with its publisher, and with the share of its known prices", () => {
  const markets = [
    { id: "sensor.price", credit: null, known_share: 1, can_download: false },
    { id: "DE-LU", credit: "Energy-Charts, CC BY 4.0", known_share: 0.9, can_download: true },
  ];
  const used = { markets_used: { now: ["sensor.price"], then: ["DE-LU"] }, hourly_share: { now: 1, then: 0.42 } };
  const said = notes(used, { markets, nameOf: () => "Nord Pool" });
  assert.match(said, /Market prices: Nord Pool, DE-LU \(Energy-Charts, CC BY 4\.0\)\. Hourly prices are known for 42% of the time/);
  assert.ok(!notes({ hourly_share: { now: 1, then: null } }).includes("Hourly"));
});

test("only panels and a battery are earned back, by the lower value", () => {
  const end = (low: number, price: number) => says({ saving: { low, high: low + 50 } }, { price }).split("7 kW. ")[1];
  assert.equal(end(191, 0), undefined);
  // 9.42 and 1.05 years
  assert.equal(end(191, 1800), "That would pay for itself in about 9 years.");
  assert.equal(end(191, 200), "That would pay for itself in about a year.");
  assert.equal(end(191, 50), "That would pay for itself in about a year.");
  // 25.4 and 25.6 years
  assert.equal(end(191, 4850), "That would pay for itself in about 25 years.");
  assert.equal(end(191, 4890), "That would not pay for itself within 25 years.");
  assert.equal(end(0, 1000), "That would never pay for itself.");
  assert.equal(end(-12, 1000), "That would never pay for itself.");
  assert.ok(!says({}, { price: 1800 }, [BATTERY, CAR]).includes("pay for itself"));
  assert.deepEqual([canPayBack([]), canPayBack(["panels", "battery"]), canPayBack(["panels", "car"])], [false, true, false]);
});

test("the batteries of the house are added up, unless the size of one is not known", () => {
  const said = (...sizes: (number | null)[]) => plain(besides(sizes.map((capacity_kwh) => ({ capacity_kwh }) as HouseSource), en));
  assert.equal(said(), "");
  assert.equal(said(10), "In addition to yours: 10 kWh in the Energy dashboard.");
  assert.equal(said(5, 2.5), "In addition to yours: 7.5 kWh in the Energy dashboard.");
  for (const unknown of [null, 0]) assert.equal(said(5, unknown), "In addition to the battery in the Energy dashboard.");
});
