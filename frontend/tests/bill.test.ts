import assert from "node:assert/strict";
import { test } from "node:test";
import { LANGUAGES, Locale } from "../src/locale.ts";
import { billTexts, type Row, shownBill } from "../src/sentences/bill.ts";
import { olderPrices } from "../src/sentences/older-prices.ts";
import type { Bill, BillLine, OlderPrices } from "../src/data/websocket-types.ts";

const formats = { number_format: "language", time_format: "24" } as const;
const english = new Locale({ language: "en", ...formats });
const french = new Locale({ language: "fr", ...formats });
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
  vat_base: 50.75,
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

test("energy has two decimals in every month", () => {
  assert.equal(quantities(line("energy", 363.662, "kWh", 0.145, 52.73))[0], "363.66 kWh × 0.1450 €");
  assert.equal(quantities(line("energy", 0.125, "kWh", 1.2, 0.15))[0], "0.13 kWh × 1.2000 €");
});

test("while the month runs, days have one decimal", () => {
  const lines = [line("energy", 0.125, "kWh", 1.2, 0.15), line("meter", 0.692553, "month", 5.72, 3.96)];
  const { groups } = shownBill(bill({ lines, until: "2026-06-21T18:38:00+02:00" }), english);
  assert.deepEqual(groups.slice(0, 2).map((rows) => plain(rows[0]!.quantity)), ["0.13 kWh × 1.2000 €", "20.8 of 30 days × 5.72 €"]);
});

test("half an hour is not no day", () => {
  const { groups } = shownBill(bill({ lines: [line("grid", 0.000694, "month", 12.84, 0.01)], until: "2026-06-01T00:30:00+02:00" }), english);
  assert.equal(plain(groups[0]![0]!.quantity), "0.02 of 30 days × 12.84 €");
});

test("what is paid by the month is written in days, and as one month when it is whole", () => {
  assert.equal(quantities(line("meter", 0.333333, "month", 5.72, 1.91))[0], "10 of 30 days × 5.72 €");
  assert.equal(quantities(line("meter", 0.35, "month", 5.72, 2))[0], "10.5 of 30 days × 5.72 €");
  assert.equal(quantities(line("meter", 1, "month", 5.72, 5.72))[0], "1 month × 5.72 €");
});

test("prices are written in full, and a mean of the market says that it is one", () => {
  assert.equal(quantities(line("energy", 100, "kWh", 0.14525, 14.53))[0], "100.00 kWh × 0.14525 €");
  assert.equal(quantities(line("energy", 100, "kWh", 0.098412, 9.84))[0], "100.00 kWh × 0.098412 € on average");
  assert.equal(quantities(line("compensation", 350, "kWh", -0.0371, -12.99))[0], "350.00 kWh × −0.0371 €");
});

test("the lines of a name stand together, in the order of the paper", () => {
  const lines = ["feed_in", "compensation", "surcharge", "energy", "meter", "energy"].map((name) => line(name, 1, "kWh", 1, 1));
  const { groups } = shownBill(bill({ lines }), english);
  assert.deepEqual(
    groups.map((rows) => rows.map(({ name }) => plain(name))),
    [["Energy", "Energy"], ["Meter", "Surcharge above 7 kW"], ["Compensation mechanism"], ["Total without VAT", "VAT", "To the grid"]],
  );
});

test("each line of the integration has words in each language", () => {
  // Held to the integration by hand: a name that is not here is shown as it is. scripts/check compares the levies.
  const names = ["energy", "energy_second", "energy_fee", "discount", "network_fixed", "network_variable", "meter"] as const;
  for (const language of LANGUAGES) {
    const locale = new Locale({ ...formats, language });
    for (const name of [...names, "surcharge", "feed_in"] as const) assert.notEqual(locale.text(billTexts, name), name);
  }
});

test("a forecast is a range of the running month, rounded outwards", () => {
  const estimate = { total: 81.4, low: 71.2, high: 88.9 };
  const until = "2026-06-20T12:00:00+02:00";
  assert.equal(shownBill(bill({ estimate }), english).sentence, "");
  const told = (low: number, high: number, locale = english) =>
    plain(shownBill(bill({ estimate: { ...estimate, low, high }, until }), locale).sentence);
  assert.equal(told(71.2, 88.9), "Forecast until 30 June: **70 to 90 €**");
  assert.equal(told(81.2, 84.9), "Forecast until 30 June: **81 to 85 €**");
  assert.equal(told(82, 82), "Forecast until 30 June: **82 €**");
  assert.equal(told(1203.1, 1391), "Forecast until 30 June: **1,200 to 1,400 €**");
  assert.equal(told(-12.2, -4), "Forecast until 30 June: **4 to 13 €** credit");
  assert.equal(told(-4.3, -0.2), "Forecast until 30 June: **0 to 5 €** credit");
  assert.equal(told(0, 2.2), "Forecast until 30 June: **0 to 3 €**");
  assert.equal(told(-4, 2.2), "Forecast until 30 June: **−4 to 3 €**");
  const ranges = ["de", "fr", "lb", "pt"].map((language) => told(71.2, 88.9, new Locale({ language, ...formats })).replace(/^.*:/, ""));
  assert.deepEqual(ranges, [" **70 bis 90 €**", " **70 à 90 €**", " **70 bis 90 €**", " **70 a 90 €**"]);
});

test("a month without a forecast says what it lacks", () => {
  const told = (lacks: "last_year" | "quarter_hours", until: string) => shownBill(bill({ estimate_lacks: lacks, until }), english).sentence;
  const early = "2026-06-02T12:00:00+02:00";
  assert.equal(plain(told("last_year", early)), "No forecast before 4 June, because this month of last year is unknown.");
  assert.equal(told("quarter_hours", early), "No forecast, because more than a tenth of this month's quarter-hours are missing.");
  const first = shownBill(bill({ estimate_lacks: "quarter_hours", until: early, since: "2026-06-01T09:00:00+02:00", measured_share: 0 }), english);
  assert.deepEqual([first.sentence, first.measured], ["Forecast from 4 July on.", "Counted since 1 June."]);
});

/** A household in August 2026: 384.64 kWh from the grid, 43.25 of it above 7 kW, 400.56 to the grid. */
const NETWORK = [
  line("network_fixed", 1, "month", 12.84, 12.84),
  line("network_variable", 384.64, "kWh", 0.051, 19.62),
  line("meter", 1, "month", 5.72, 5.72),
  line("surcharge", 43.25, "kWh", 0.0765, 3.31),
  line("electricity_tax", 384.64, "kWh", 0.001, 0.38),
  line("compensation", 384.64, "kWh", -0.0371, -14.27),
];
const ENERGY = line("energy", 384.64, "kWh", 0.1463, 56.27);
const SOLD = line("feed_in", 400.56, "kWh", 0.0782, -31.32);
const august = (changes: Partial<Bill> = {}): Bill =>
  bill({
    month: "2026-08",
    start: "2026-08-01T00:00:00+02:00",
    end: "2026-09-01T00:00:00+02:00",
    until: "2026-09-01T00:00:00+02:00",
    lines: [ENERGY, ...NETWORK, SOLD],
    net: 52.55,
    vat_base: 83.87,
    vat: 6.71,
    total: 59.26,
    imported_kwh: 384.64,
    exported_kwh: 400.56,
    ...changes,
  });
const told = (found: Bill, locale = english) => {
  const shown = shownBill(found, locale);
  const rows = (all: Row[]) => all.map(({ name, quantity, amount }) => [name, quantity, amount].flatMap((each) => plain(each) ?? []).join(" | "));
  const texts = [shown.notice, shown.sentence, shown.community].map(plain);
  return { total: plain(`${shown.total} ${[shown.label, shown.until].filter(Boolean).join(" ")}`), texts, last: rows(shown.groups.at(-1)!), sums: rows(shown.sums), lacks: shown.lacks, notes: shown.notes.map(plain), all: rows(shown.groups.flat()) };
};

test("less than a euro is to be paid, and no euro at all is no credit", () => {
  assert.deepEqual([told(august({ total: 0.5 })).sums, told(august({ total: 0 })).sums, told(august({ total: 0 })).total], [["To pay | 0.50 €"], ["To pay | 0.00 €"], "0.00 €"]);
});

test("a whole month is to be paid; net and VAT are of what has VAT", () => {
  const { total, texts, last, sums, lacks } = told(august());
  assert.deepEqual([total, lacks], ["59.26 €", undefined]);
  assert.deepEqual(texts, ["", "", ""]);
  assert.deepEqual(last, ["Total without VAT | 83.87", "VAT | 8% | 6.71", "To the grid | 400.56 kWh × 0.0782 € | −31.32"]);
  assert.deepEqual(sums, ["To pay | 59.26 €"]);
});

test("a running month is so far, with its date; whoever is paid is told so", () => {
  const until = "2026-08-21T18:38:00+02:00";
  assert.deepEqual([told(august({ until })).total, told(august({ until })).sums], ["59.26 € so far until 21 Aug, 18:38", ["Total so far | 59.26 €"]]);
  const received = told(august({ until, total: -2.1 }));
  assert.deepEqual([received.total, received.sums], ["2.10 € credit so far until 21 Aug, 18:38", ["Credit so far | 2.10 €"]]);
  assert.deepEqual([told(august({ total: -2.1 })).total, told(august({ total: -2.1 })).sums], ["2.10 € credit", ["Credit | 2.10 €"]]);
});

const WITHOUT_ENERGY: Partial<Bill> = { lines: NETWORK, net: null, vat_base: null, vat: null, total: null, subtotal: 29.81, missing: ["energy"], unpriced_kwh: 384.64, unpriced_exported_kwh: 400.56 };

test("without an energy price there is no total: what is known is the network and the levies", () => {
  const { total, texts, last, sums, lacks, notes, all } = told(august(WITHOUT_ENERGY));
  assert.deepEqual([total, lacks], ["– €", "prices"]);
  assert.equal(texts[1], "**The sum of 29.81 € does not include the energy.** Enter the energy price to complete the bill.");
  assert.equal(all[0], "Energy | 384.64 kWh | price missing");
  // 12.84 + 19.62 + 5.72 + 3.31 + 0.38 - 14.27, and 8 % of it.
  assert.deepEqual(last, ["Total without VAT | 27.60", "VAT | 8% | 2.21", "To the grid | 400.56 kWh | price missing"]);
  assert.deepEqual(sums, ["Grid charges and levies | 29.81 €"]);
  assert.deepEqual(notes.slice(0, -1), ["400.56 kWh to the grid have no known price and count as 0 €."]);
  const french_ = told(august(WITHOUT_ENERGY), french);
  assert.equal(french_.texts[1], "**29,81 € sans l'énergie.** Le prix de l'énergie complète la facture.");
  assert.deepEqual(french_.sums, ["Réseau et taxes | 29,81 €"]);
});

test("energy without a price is the rest beside a second tariff, and unknown if neither has one", () => {
  const second = line("energy_second", 84.64, "kWh", 0.1, 8.46);
  const energy = (changes: Partial<Bill>) => told(august({ ...WITHOUT_ENERGY, ...changes })).all.find((row) => row.startsWith("Energy |"));
  assert.equal(energy({ lines: [second, ...NETWORK] }), "Energy | 300.00 kWh | price missing");
  assert.equal(energy({ missing: ["energy", "energy_second"] }), "Energy | price missing");
});

test("a line beside one without a price is not in the sum, and says so", () => {
  const fee = line("energy_fee", 1, "month", 2.5, 2.5);
  const { all, last } = told(august({ ...WITHOUT_ENERGY, lines: [fee, ...NETWORK] }));
  assert.deepEqual(all.slice(0, 2), ["Energy | 384.64 kWh | price missing", "Supplier's fixed fee | 1 month × 2.50 € | not in the sum"]);
  assert.equal(last[0], "Total without VAT | 27.60");
});

test("other missing parts are named, and nothing is claimed where no price is known", () => {
  const lines = [ENERGY, ...NETWORK.slice(1), SOLD];
  // (56.27 + 3.31 + 0.38 - 14.27) * 1.08 - 31.32.
  const { texts, sums, all } = told(august({ ...WITHOUT_ENERGY, lines, missing: ["network_fixed"], subtotal: 18.03, unpriced_kwh: 0, unpriced_exported_kwh: 0 }));
  assert.equal(texts[1], "**The sum of 18.03 € does not include the grid charges.** Enter the missing prices to complete the bill.");
  assert.deepEqual(sums, ["Sum of known parts | 18.03 €"]);
  assert.deepEqual(all.slice(1, 4), ["Grid charges, 7 kW | price missing", "Grid charges, per kWh | 384.64 kWh × 0.0510 € | not in the sum", "Meter | 1 month × 5.72 € | not in the sum"]);
  const both = told(august({ ...WITHOUT_ENERGY, missing: ["energy", "compensation"], subtotal: 44.81 }));
  assert.match(both.texts[1]!, /^\*\*The sum of 44.81 € does not include the energy, the levies\.\*\*/);
  const old = told(august({ lines: [], total: null, subtotal: null, missing: ["network_fixed"], vat_rate: null }));
  assert.match(old.texts[1]!, /^The prices of this month are not known,/);
  assert.deepEqual(old.sums, ["Sum of known parts | –"]);
});

test("without a reference power there are the energies and the highest quarter-hour", () => {
  const peak = { start: "2026-08-11T16:15:00+00:00", mean_kw: 9.44 };
  const { total, texts, all, sums, lacks, notes } = told(august({ ...WITHOUT_ENERGY, reference_kw: null, missing: ["energy", "network_fixed", "surcharge"], peak }));
  assert.deepEqual([total, lacks], ["384.64 kWh", "reference"]);
  assert.equal(texts[1], "To show costs, this card needs your reference power. Your bill states this power.");
  assert.deepEqual(all, ["From the grid | 384.64 kWh", "To the grid | 400.56 kWh", "Highest quarter-hour | 11 Aug, 18:15 | 9.4 kW"]);
  assert.deepEqual([sums, notes], [[], []]);
  // The energy price alone gives the costs of the energy and the levies.
  const lines = [ENERGY, ...NETWORK.filter(({ name }) => !["network_fixed", "surcharge"].includes(name)), SOLD];
  const priced = told(august({ lines, net: null, vat_base: null, vat: null, total: null, subtotal: 33.11, reference_kw: null, missing: ["network_fixed", "surcharge"] }));
  assert.deepEqual([priced.total, priced.lacks, priced.sums], ["– €", "reference", ["Sum of known parts | 33.11 €"]]);
  assert.match(priced.texts[1]!, /^\*\*33\.11 € without the grid charges, the surcharge\.\*\* They depend on your reference power/);
  assert.ok(priced.all.includes("Grid charges, fixed | unknown") || priced.all.some((row) => row.endsWith("| unknown")), priced.all.join("\n"));
});

const SHARED: Partial<Bill> = { shared_kwh: 100, sharing_known_kwh: 384.64, may_owe_less_network: 5.51, total: 47.36 };
const COMMUNITY = line("community", 100, "kWh", 0.09, 9);

test("what the energy community is paid stands below, and the big number is both together", () => {
  const { total, texts, sums, notes } = told(august({ ...SHARED, community: COMMUNITY, total_with_community: 56.36 }));
  assert.deepEqual([total, texts], ["56.36 €", ["", "", ""]]);
  assert.deepEqual(sums, ["To pay | 47.36 €", "Owed to the energy community | 100.00 kWh × 0.0900 €, no VAT | 9.00", "Owed to supplier and community | 56.36 €"]);
  assert.deepEqual(notes.slice(0, 2), [
    "100.00 kWh came from energy sharing, so no energy price or levies apply.",
    "Because of energy sharing, the grid operator may charge 5.51 € less.",
  ]);
});

test("what supplier and community get together is a credit only below 0", () => {
  const both = (total_with_community: number) => told(august({ ...SHARED, community: COMMUNITY, total_with_community })).sums.at(-1);
  assert.deepEqual([both(0.5), both(-0.5)], ["Owed to supplier and community | 0.50 €", "Credit from supplier and community | 0.50 €"]);
});

test("without its price there is no sum with the energy community", () => {
  const { total, texts, sums, lacks } = told(august({ ...SHARED, total_with_community: null }));
  assert.deepEqual([total, lacks], ["47.36 €", undefined]);
  assert.deepEqual(sums, ["To pay | 47.36 €", "Owed to the energy community | 100.00 kWh | price missing"]);
  assert.match(texts[2]!, /^The bill of the energy community is not included\./);
});

const OLD = { grid: "2026-12-31", levies: "2026-12-31", ended: { state_aid: "2026-12-31" } };

test("a bill says of when its prices are, and what has ended", () => {
  const january = (changes: Partial<Bill> = {}) => told(bill({ month: "2027-01", start: "2027-01-01T00:00:00+01:00", end: "2027-02-01T00:00:00+01:00", until: "2027-02-01T00:00:00+01:00", prices_of: OLD, ...changes }));
  assert.equal(january().texts[0], "Grid charges and levies of 2026; the State's aid ended on 31 December 2026; nothing newer is known to this version.");
  assert.deepEqual(january().sums, ["To pay (grid charges and levies of 2026) | 54.81 €"]);
  const { total, sums } = january({ until: "2027-01-21T00:00:00+01:00" });
  assert.deepEqual([total, sums], ["54.81 € so far until the end of Wed 20 Jan", ["Total so far (grid charges and levies of 2026) | 54.81 €"]]);
  // The forecast of a month whose last days have no published price says so as well.
  const estimate = { total: 90, prices_of: { grid: "2027-01-15" } };
  assert.equal(january({ prices_of: undefined, estimate }).texts[0], "From 16 January 2027: grid charges of January 2027; published prices of January 2027 are not out yet.");
});

test("older prices in each language, of each kind, from each day", () => {
  const said = (older: OlderPrices, day: string, locale: Locale) => plain(olderPrices(older, day, locale));
  const of = (language: string) => new Locale({ language, number_format: "language", time_format: "24" }, language);
  const all: Record<string, string> = {
    en: "Grid charges and levies of 2026; the State's aid ended on 31 December 2026; nothing newer is known to this version.",
    fr: "Prix du réseau et taxes de 2026 ; l'aide de l'État a pris fin le 31 décembre 2026 ; cette version ne connaît rien de plus récent.",
    de: "Preise der Netznutzung und Abgaben von 2026; die Hilfe des Staates endete am 31. Dezember 2026; diese Version kennt nichts Neueres.",
    lb: "Netzkäschten an Taxe vun 2026; d'Hëllef vum Staat ass den 31. Dezember 2026 ausgelaf; dës Versioun kennt näischt méi Neies.",
    pt: "Preços da rede e taxas de 2026; o apoio do Estado terminou em 31 de dezembro de 2026; esta versão não conhece nada mais recente.",
  };
  for (const [language, sentence] of Object.entries(all)) assert.equal(said(OLD, "2027-01-01", of(language)), sentence);
  // A yearly amount, calculated in the year before.
  assert.equal(said(OLD, "2026-11-25", english), "From 1 January 2027: grid charges and levies of 2026; the State's aid ends on 31 December 2026; published prices of 2027 are not out yet.");
  assert.equal(said({ grid: "2026-12-31", newer_known: true }, "2026-12-31", english), "From 1 January 2027: grid charges of 2026; newer prices are known, but not used here.");
  // Each kind has its own day; within a year, the month is named.
  assert.equal(said({ grid: "2027-12-31", levies: "2026-12-31" }, "2028-02-01", english), "Grid charges of 2027; levies of 2026; nothing newer is known to this version.");
  assert.equal(said({ vat: "2027-08-31" }, "2027-10-01", french), "TVA d'août 2027 ; cette version ne connaît rien de plus récent.");
  // An aid that ends within the year of an amount whose prices are published.
  assert.equal(said({ ended: { state_aid: "2027-03-31" } }, "2027-01-01", english), "The State's aid ends on 31 March 2027.");
  assert.equal(olderPrices(undefined, "2027-01-01", english), "");
});

test("aids have the household's name; one without VAT stands below the VAT", () => {
  const aids = [
    { ...line("aid_per_kwh", 384.64, "kWh", -0.037037, -14.25), label: "Aide de l'État", has_vat: true },
    { ...line("aid_per_month", 1, "month", -5, -5), label: "Prime communale", has_vat: false },
  ];
  // 83.87 - 14.25 is 69.62, with 5.57 of VAT; less 5 and 31.32.
  const { last, all } = told(august({ lines: [ENERGY, ...NETWORK, ...aids, SOLD], total: 38.87 }));
  assert.equal(all.filter((row) => row.startsWith("Prime communale")).length, 1);
  assert.ok(all.includes("Aide de l'État | 384.64 kWh × −0.037037 € | −14.25"));
  assert.deepEqual(last.slice(0, 3), ["Total without VAT | 69.62", "VAT | 8% | 5.57", "Prime communale | 1 month × −5.00 € | −5.00"]);
});

test("energy whose price was not known costs the mean of the month, or is why there is no total", () => {
  assert.deepEqual(told(august({ unpriced_kwh: 12.3 })).notes.slice(0, -1), ["12.30 kWh have no known price and are billed at the mean price of the month."]);
  const fixed = { ...WITHOUT_ENERGY, unpriced_kwh: 80, unpriced_exported_kwh: 0 };
  const partly = { ...fixed, unpriced_market_kwh: 80 };
  const unknown = told(august(partly));
  assert.equal(unknown.texts[1], "**The sum of 29.81 € does not include the energy.** The market price is not known for 80.00 kWh, so the bill is not complete.");
  assert.deepEqual(unknown.notes.slice(0, -1), []);
  const levy = august({ ...partly, missing: ["energy", "compensation"] });
  assert.deepEqual(told(levy).notes.slice(0, -1), ["The market price is not known for 80.00 kWh, so the bill is not complete."]);
  // A fixed price that holds from a later day, alone and beside a market price that was not known for a while.
  for (const [unpriced_market_kwh, notes] of [[undefined, []], [3, ["The market price is not known for 3.00 kWh, so the bill is not complete."]]] as const) {
    const entered = told(august({ ...fixed, unpriced_market_kwh }));
    assert.equal(entered.texts[1], "**The sum of 29.81 € does not include the energy.** Enter the energy price to complete the bill.");
    assert.deepEqual(entered.notes.slice(0, -1), notes);
  }
  const sold = told(august({ unpriced_exported_kwh: 9 }));
  assert.deepEqual(sold.last.slice(-1), ["To the grid, without a price | 9.00 kWh | price missing"]);
  assert.deepEqual(sold.notes.slice(0, -1), ["9.00 kWh to the grid have no known price and count as 0 €."]);
});

test("a forecast without the energy community says whose it is", () => {
  const running = { ...SHARED, until: "2026-08-21T18:38:00+02:00", estimate: { total: 90.2, low: 86, high: 95.4 } };
  assert.equal(told(august(running)).texts[1], "Forecast until 31 August: **86 to 96 €** to pay to the supplier");
});

test("what is not in the amounts, or not of the meter, is a note", () => {
  const cases: [Partial<Bill>, string][] = [
    [{ since: "2026-08-03T00:00:00+02:00" }, "Counted since 3 August; the paper bill covers the whole month."],
    [{ quarter_hours: 1990, leneda_quarter_hours: 400 }, "400 of 1,990 quarter-hours come from Leneda."],
    [{ quarter_hours: 1990, estimated_quarter_hours: 8 }, "8 of 1,990 quarter-hours are estimated by the grid operator."],
    [{ ...SHARED, sharing_known_kwh: 300 }, "Energy from the grid: 384.64 kWh. So far, the shared part is known only for 300.00 kWh of it."],
    [{ vat_rate: 0 }, "Prices and amounts are without VAT."],
    [{}, "The surcharge for energy above 7 kW comes on top of the grid price."],
    [{ lines: [line("network_variable", 341.4, "kWh", 0.051, 17.41), line("surcharge", 43.25, "kWh", 0.0765, 3.31)] }, "The surcharge for energy above 7 kW replaces the grid price."],
  ];
  for (const [changes, note] of cases) assert.ok(told(august(changes)).notes.includes(note), `${note}: ${told(august(changes)).notes}`);
  // Two amounts that fit to neither way, and an excess that is shown as 0.0 kWh.
  for (const [network, above] of [[384, 43.25], [341, 43.25], [384.64, 0.04]] as const) {
    const lines = [line("network_variable", network, "kWh", 0.051, 19.6), line("surcharge", above, "kWh", 0.0765, 3.31)];
    assert.ok(!told(august({ lines })).notes.join().includes("surcharge"), `${network} ${above}`);
  }
});

test("after a change within the month, and for a name that nobody knows, lines have plain names", () => {
  const fixed = [line("network_fixed", 10 / 30, "month", 12.84, 4.28), line("network_fixed", 20 / 30, "month", 19.61, 13.07)];
  const lines = [...fixed, line("surcharge", 6.4, "kWh", 0.0765, 0.49), line("snow_tax", 100, "kWh", 0.01, 1)];
  assert.deepEqual(told(bill({ lines, vat_rate: 0 })).all, [
    "Grid charges, fixed part | 10 of 30 days × 12.84 € | 4.28",
    "Grid charges, fixed part | 20 of 30 days × 19.61 € | 13.07",
    "Surcharge above reference power | 6.40 kWh × 0.0765 € | 0.49",
    "snow_tax | 100.00 kWh × 0.0100 € | 1.00",
  ]);
});

test("a bill in French", () => {
  const { total, all, sums, notes } = told(august({ until: "2026-08-21T18:38:00+02:00" }), french);
  assert.deepEqual([shownBill(august(), french).title, total], ["Août 2026", "59,26 € jusqu'ici jusqu'au 21 août, 18:38"]);
  assert.deepEqual(all.slice(0, 4), ["Énergie | 384,64 kWh × 0,1463 € | 56,27", "Réseau, 7 kW | 1 mois × 12,84 € | 12,84", "Réseau, par kWh | 384,64 kWh × 0,0510 € | 19,62", "Compteur | 1 mois × 5,72 € | 5,72"]);
  assert.deepEqual(sums, ["Total jusqu'ici | 59,26 €"]);
  assert.equal(notes.length, 1);
});

test("a share that is badly measured is told from one that is not", () => {
  const measured = (measured_share: number) => {
    const { measured: text, isWellMeasured } = shownBill(bill({ measured_share }), english);
    return `${text} ${isWellMeasured}`;
  };
  const leneda = (leneda_quarter_hours: number) => shownBill(bill({ measured_share: 0.5, quarter_hours: 1990, leneda_quarter_hours }), english).measured;
  assert.deepEqual([1990, 1989, 0].map(leneda), ["from Leneda", "measured for 50.0% of the time", "measured for 50.0% of the time"]);
  assert.deepEqual([measured(1), measured(0.998), measured(0.9723)], [" true", "measured for 99.8% of the time true", "measured for 97.2% of the time false"]);
});
