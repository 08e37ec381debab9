import assert from "node:assert/strict";
import { test } from "node:test";
import { Locale } from "../src/locale.ts";
import { canBeSunny, houseOf, houseRows, unknownNote, usesSentence } from "../src/sentences/house.ts";
import { houseYear, savedSentences } from "../src/sentences/house-savings.ts";
import type { MeterFeed } from "../src/data/meter-feed.ts";
import type { Bill, House, HousePowers } from "../src/data/websocket-types.ts";

const en = new Locale({ language: "en", number_format: "language", time_format: "24" }, "en");
const plain = (text: string) => text.replaceAll("\u00a0", " ");
const NOW = Date.parse("2026-11-21T12:00:00Z");

const month = (month: string, changes: Partial<House["months"][number]> = {}) => ({
  month,
  house_kwh: 600,
  own_kwh: 240,
  saved: 52.6,
  since: null,
  unknown_days: 0,
  ...changes,
});
const unknown = { house_kwh: null, own_kwh: null, saved: null, unknown_days: 3 };
const YEAR = [11, 12].map((n) => month(`2025-${n}`)).concat([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => month(`2026-${String(n).padStart(2, "0")}`)));
const house = (changes: Partial<House> = {}): House => ({
  solar: [{ energy: "sensor.sun", power: "sensor.sun_power" }],
  battery: [],
  since: "2025-06-10T14:00:00+02:00",
  until: "2026-11-21T12:45:00+01:00",
  home_difference: null,
  days: [{ day: "2026-11-21", house_kwh: 17.06, own_kwh: 6.24 }],
  months: [...YEAR, month("2026-11", { own_kwh: 98.4 })],
  ...changes,
});
const battery = [{ energy: "sensor.out", power: "sensor.battery" }];
const power = (kw: number | null, ageS = 20) => ({ kw, reported_at: new Date(NOW - ageS * 1000).toISOString() });
const none: HousePowers = { solar: [], battery: [] };
const uses = (of: HousePowers, net: number) => plain(usesSentence(of, net, NOW, en));

test("the house uses what is drawn and what the roof delivers", () => {
  assert.equal(uses({ solar: [power(1.4)], battery: [] }, 0.7), "The house uses **2.1 kW**, 1.4 of it from your roof.");
  assert.equal(uses({ solar: [power(4.9)], battery: [] }, -4), "The house uses **0.9 kW**, all of it from your roof.");
});

test("a battery helps, or takes from the roof", () => {
  const both = { solar: [power(1)], battery: [power(0.4)] };
  assert.equal(uses(both, 0.7), "The house uses **2.1 kW**, 1.4 of it from your roof and battery.");
  assert.equal(uses(both, -0.2), "The house uses **1.2 kW**, all of it from your roof and battery.");
  // It rests, and says nothing while it does.
  assert.equal(uses({ ...both, battery: [power(0, 900)] }, 0.7), "The house uses **1.7 kW**, 1.0 of it from your roof and battery.");
  // It is charged from the grid.
  assert.equal(uses({ ...both, battery: [power(-3)] }, 4), "");
});

test("a power counts if it was reported at most 90 seconds before or after the meter's reading", () => {
  const known = "The house uses **2.1 kW**, 1.4 of it from your roof and battery.";
  const late = (ageS: number) => uses({ solar: [power(1)], battery: [power(0.4, ageS)] }, 0.7);
  const lateRoof = (ageS: number) => uses({ solar: [power(1, ageS)], battery: [power(0.4)] }, 0.7);
  // A meter that is read each five minutes: the powers are younger than its reading.
  const lateMeter = (ageS: number) => uses({ solar: [power(1, -ageS)], battery: [power(0.4, -ageS)] }, 0.7);
  for (const said of [late, lateRoof, lateMeter]) assert.deepEqual([10, 60, 90, 300].map(said), [known, known, known, ""]);
});

test("an idle roof leaves all to the grid", () => {
  assert.equal(uses({ solar: [power(0.03)], battery: [] }, 0.7), "The house uses **0.7 kW**, all of it from the grid.");
});

test("no line with an unknown or impossible power", () => {
  assert.equal(uses(none, 0.7), "");
  assert.equal(uses({ solar: [power(null)], battery: [] }, 0.7), "");
  assert.equal(uses({ solar: [{ kw: 1.4, reported_at: null }], battery: [] }, 0.7), "");
  assert.equal(uses({ solar: [power(0.03)], battery: [] }, -0.7), "");
  // 3 kW are fed in, but the inverter still says 2.
  assert.equal(uses({ solar: [power(2)], battery: [] }, -3), "");
  assert.equal(uses({ solar: [power(1.4), power(null)], battery: [] }, 0.7), "");
  assert.equal(uses({ solar: [power(1.4), power(0.6)], battery: [] }, 0.7), "The house uses **2.7 kW**, 2.0 of it from your roof.");
});

const rows = (of: House, drawn: (number | null)[] = [10820, 363620]) =>
  houseRows(of, "2026-11-21", drawn, en).map(({ name, today, month }) => plain(`${name}: ${today} | ${month}`));

test("the rows add up as they are shown", () => {
  // 10.8 + 6.2 = 17.0 and 364 + 98 = 462.
  assert.deepEqual(rows(house()), ["House: 17.0 kWh | 462 kWh", "From your roof: 6.2 kWh | 98 kWh"]);
  // In the early morning.
  const early = house({ days: [{ day: "2026-11-21", house_kwh: 0.48, own_kwh: 0.1 }] });
  assert.deepEqual(rows(early, [380, 363620]), ["House: 0.5 kWh | 462 kWh", "From your roof: 0.1 kWh | 98 kWh"]);
});

test("an unknown energy of the house has its reason", () => {
  const note = (of: House) => unknownNote(of, houseRows(of, "2026-11-21", [10820, 363620], en), "2026-11-21", en);
  assert.equal(note(house()), "");
  const of = { months: [month("2026-11", unknown)] };
  assert.equal(note(house(of)), "“–” means that values of the inverter are missing or have not arrived yet.");
  assert.match(note(house({ ...of, battery })), /missing or have not arrived yet, or that the battery was charged from the grid\.$/);
});

test("a month with unknown days counts the others, and says so", () => {
  // The inverter was added on 5 November. From then on, the house used 300 kWh, 100 of them from the roof.
  const part = { house_kwh: 300, own_kwh: 100, saved: 22.3, since: "2026-11-06" };
  const of = house({ months: [month("2026-11", part)] });
  assert.deepEqual(rows(of), ["House: 17.0 kWh | 300 kWh", "From your roof: 6.2 kWh | 100 kWh"]);
  const note = (of: House) => unknownNote(of, houseRows(of, "2026-11-21", [10820, 363620], en), "2026-11-21", en);
  assert.equal(note(of), "Solar data is available from 6 November on.");
  assert.equal(note(house({ months: [month("2026-11", { ...part, since: null, unknown_days: 2 })] })), "Days without solar data are not counted.");
  const { sentence, note: of_saved } = savedSentences(of, bill("2026-11", { start: "2026-11-01T00:00:00+01:00", reference_kw: null }), en);
  assert.equal(plain(sentence), "Solar power saved you **22 €** in November: 100 kWh that you did not have to buy.");
  assert.equal(of_saved, "Solar data is available from 6 November on.");
});

test("an unknown day, a charged battery, nothing known", () => {
  const charged = [{ day: "2026-11-21", house_kwh: 8.8, own_kwh: -2 }];
  const of = house({ battery, days: charged, months: [month("2026-11", unknown)] });
  assert.deepEqual(rows(of), ["House: 8.8 kWh | –", "From your roof and battery: – | –"]);
  assert.deepEqual(rows(house({ days: [], months: [] })), ["House: – | –", "From your roof: – | –"]);
  assert.deepEqual(rows(house(), [null, null]), ["House: – | –", "From your roof: – | –"]);
  // More than all cannot be of one's own.
  assert.deepEqual(rows(house(), [0, 0])[1], "From your roof: 6.2 kWh | 98 kWh");
});

const bill = (name: string, changes: Partial<Bill> = {}): Bill =>
  ({ month: name, start: `${name}-01T00:00:00+02:00`, until: "2026-09-01", end: "2026-09-01", reference_kw: 7, ...changes }) as Bill;
const saved = (of: House | undefined, ...what: Parameters<typeof bill>) => {
  const { sentence, note } = savedSentences(of, bill(...what), en);
  return plain([sentence, note].filter(Boolean).join(" / "));
};

test("what the sun saved in a month", () => {
  assert.equal(saved(house(), "2026-08"), "Solar power saved you **53 €** in August: 240 kWh that you did not have to buy.");
  const running = { until: "2026-11-21T12:50:00+01:00", end: "2026-12-01T00:00:00+01:00", reference_kw: null };
  assert.equal(saved(house(), "2026-11", running), "Solar power saved you **53 €** this month: 98 kWh that you did not have to buy.");
  const unknown = house({ months: [month("2026-08", { saved: null })] });
  assert.equal(saved(unknown, "2026-08"), "");
});

test("the house is asked for again a minute after a quarter-hour has ended", () => {
  const periods = new Set<string>();
  let now = 0;
  const feed = { get now() { return now; }, ask: (_: string, __: object, period: string) => (periods.add(period), { value: { house: null } }) } as unknown as MeterFeed;
  const asked = ["12:01:00", "12:15:59", "12:16:00", "12:29:00"].map((time) => {
    now = Date.parse(`2026-11-21T${time}Z`);
    assert.equal(houseOf(feed), undefined);
    return periods.size;
  });
  assert.deepEqual(asked, [1, 1, 2, 2]);
});

test("nothing is said of less than a euro, or of an unknown day", () => {
  assert.match(saved(house({ months: [month("2026-08", { saved: 1 })] }), "2026-08"), /saved you \*\*1 €\*\*/);
  assert.equal(saved(house({ months: [month("2026-08", { saved: 0.99 })] }), "2026-08"), "");
  assert.equal(saved(house({ months: [month("2026-08", unknown)] }), "2026-08"), "");
  assert.equal(saved(house(), "2024-08"), "");
  assert.equal(saved(undefined, "2026-08"), "");
});

const year = (changes: Partial<House> = {}) => plain(houseYear(house(changes), en));

test("twelve whole months", () => {
  // 12 * 600, 12 * 240 and 12 * 52.60.
  assert.equal(year(), "The house used 7,200 kWh, 40% of it from your roof. Solar power saved you **631 €** in the 12 months shown.");
  // Two bills are unknown.
  const text = year({ battery, months: YEAR.map((each, n) => ({ ...each, saved: n < 2 ? null : each.saved })) });
  assert.equal(text, "The house used 7,200 kWh, 40% of it from your roof and battery. Solar power saved you **526 €** in the 10 months shown.");
});

test("fewer months, and months with an unknown day", () => {
  const young = [month("2026-08", unknown), month("2026-09"), month("2026-10"), month("2026-11")];
  const since = "2026-08-10T14:00:00+02:00";
  assert.equal(year({ months: young, since }), "The house used 1,200 kWh, 40% of it from your roof. Solar power saved you **105 €** in the 2 months shown. Solar data is available from 10 August 2026 on.");
  const away = [month("2026-08"), month("2026-09", unknown), month("2026-10")];
  assert.equal(year({ months: away }), "The house used 1,200 kWh, 40% of it from your roof. Solar power saved you **105 €** in the 2 months shown. Days without solar data are not counted.");
  const part = [month("2026-08", { since: "2026-08-11" }), month("2026-09"), month("2026-10", { unknown_days: 1 })];
  assert.equal(year({ months: part, since }), "The house used 1,800 kWh, 40% of it from your roof. Solar power saved you **158 €** in the 3 months shown. Solar data is available from 11 August 2026 on. Days without solar data are not counted.");
  const later = [month("2026-09"), month("2026-10", { since: "2026-10-11" })];
  assert.match(year({ months: later }), /in the 2 months shown\. Days without solar data are not counted\.$/);
  assert.equal(year({ months: [month("2026-10", { saved: 0 })] }), "The house used 600 kWh, 40% of it from your roof.");
  assert.equal(year({ months: [month("2026-10")] }), "The house used 600 kWh, 40% of it from your roof. Solar power saved you **53 €** in this month.");
  assert.equal(year({ months: [month("2026-11")] }), "");
  assert.equal(year({ months: [month("2026-10", unknown)] }), "");
});

test("a sentence may name the sun only while panels can deliver", () => {
  const panels = (kw: number | null): HousePowers => ({ solar: [power(kw)], battery: [] });
  const both = (kw: number): HousePowers => ({ solar: [power(kw)], battery: [power(2)] });
  const may = (house: HousePowers, sun: string | undefined) => canBeSunny(house, sun, NOW);
  // Below the horizon, nothing else counts.
  for (const house of [none, panels(3), both(3)]) assert.equal(may(house, "below_horizon"), false);
  assert.equal(may(none, "above_horizon"), true);
  assert.equal(may(panels(3), "above_horizon"), true);
  // In the last light, the battery delivers, but the panels do not.
  assert.equal(may(both(0), "above_horizon"), false);
  // Without an entity of the sun, only an inverter without a battery counts.
  for (const sun of [undefined, "unavailable"]) {
    assert.equal(may(none, sun), false);
    assert.equal(may(panels(3), sun), true);
    assert.equal(may(panels(0), sun), false);
    assert.equal(may(panels(null), sun), false);
    assert.equal(may(both(3), sun), false);
  }
});
