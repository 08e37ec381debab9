import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, addMonths, dayStart, Locale, localDay } from "../src/locale.ts";

const locale = (language: string, number_format = "language", time_format = "language") =>
  new Locale({ language, number_format, time_format });
const EVENING = new Date("2026-11-21T17:38:20Z");

test("numbers have the separators of the user, true minus signs and spaces that hold", () => {
  assert.equal(locale("en").kWh(-1234.56), "−1,234.6\u00a0kWh");
  assert.equal(locale("de").cents(1234.5), "1.234,50\u00a0€");
  assert.equal(locale("fr").cents(1234.5), "1\u00a0234,50\u00a0€");
  assert.match(locale("fr", "quote_decimal").number(1234.5, 1), /^1['’]234\.5$/);
  assert.equal(locale("de", "none").number(12345), "12345");
  assert.equal(locale("en").number(-0.04, 1), "0.0");
});

test("a share that is not whole is never 100 %", () => {
  assert.equal(locale("en").percent(0.9999, 1), "99.9%");
  assert.equal(locale("de").percent(1, 1), "100,0\u00a0%");
});

test("times are those of Luxembourg, with the clock of the user", () => {
  assert.equal(locale("de").time(EVENING), "18:38");
  assert.equal(locale("en").time(EVENING).replace("\u202f", " "), "6:38 PM");
  assert.equal(locale("en", "language", "24").time(EVENING, true), "18:38:20");
  assert.equal(locale("fr").timeRange(EVENING, new Date("2026-11-21T17:45:00Z")), "18:38–18:45");
  assert.deepEqual([0, 6, 24].map((hour) => locale("fr").hour(hour)), ["0", "6", "24"]);
  assert.deepEqual([0, 6, 12, 24].map((hour) => locale("en").hour(hour).replace("\u202f", " ")), ["12 AM", "6 AM", "12 PM", "12 AM"]);
  const range = (start: string, end: string) => locale("en").timeRange(new Date(start), new Date(end)).replaceAll(/[\u2009\u202f]/g, " ");
  assert.equal(range("2026-11-21T17:30:00Z", "2026-11-21T17:45:00Z"), "6:30 – 6:45 PM");
  assert.equal(range("2026-11-21T22:45:00Z", "2026-11-21T23:00:00Z"), "11:45 PM – 12:00 AM");
});

test("dates are in the order and the words of the language", () => {
  assert.equal(locale("en").weekday(EVENING), "Saturday 21 November");
  assert.equal(locale("fr").weekday(EVENING), "samedi 21 novembre");
  // Browsers write "1 novembre".
  const first = new Date("2026-11-01T12:00:00Z");
  assert.equal(locale("fr").weekday(first), "dimanche 1er novembre");
  assert.equal(locale("fr").shortWeekday(first), "dim. 1er");
  assert.equal(locale("lb").weekday(EVENING), "Samschdeg, 21. November");
  assert.equal(locale("de").weekday(EVENING), "Samstag, 21. November");
  assert.equal(locale("de").shortDate(EVENING), "Sa. 21. Nov.");
  assert.equal(locale("lb").month(new Date("2026-03-21T12:00:00Z")), "Mäerz");
  assert.equal(locale("pt").monthYear(EVENING), "novembro de 2026");
  assert.equal(locale("de-CH").shortDay(EVENING), "21. Nov.");
});

test("a user of a language without texts gets English texts, with the numbers and the clock of the own language", () => {
  for (const [language, month, clock, number] of [
    ["nl", "November", "18:38", "1.234,5"],
    ["it", "November", "18:38", "1.234,5"],
    ["sv", "November", "18:38", "1\u00a0234,5"],
    ["ko", "November", "6:38 PM", "1,234.5"],
    ["fr", "novembre", "18:38", "1\u00a0234,5"],
    ["en-GB", "November", "18:38", "1,234.5"],
    ["en-US", "November", "6:38 PM", "1,234.5"],
  ] as const) {
    const user = locale(language);
    assert.deepEqual([user.month(EVENING), user.time(EVENING).replace("\u202f", " "), user.number(1234.5, 1)], [month, clock, number], language);
  }
  assert.equal(locale("nl").language, "en");
});

test("days begin at midnight in Luxembourg, also when clocks change", () => {
  assert.equal(dayStart("2026-03-29").toISOString(), "2026-03-28T23:00:00.000Z");
  assert.equal(dayStart("2026-03-30").toISOString(), "2026-03-29T22:00:00.000Z");
  assert.equal(dayStart("2026-10-25").toISOString(), "2026-10-24T22:00:00.000Z");
  assert.equal(dayStart("2026-10-26").toISOString(), "2026-10-25T23:00:00.000Z");
  assert.equal(localDay(new Date("2026-06-30T22:00:00Z")), "2026-07-01");
  assert.equal(addDays("2026-02-28", 1), "2026-03-01");
  assert.equal(addMonths("2026-01", -1), "2025-12");
});

test("a browser whose language is no language tag gets English texts and formats", () => {
  assert.equal(locale("C").kWh(1234.5), "1,234.5\u00a0kWh");
  assert.equal(locale("C").language, "en");
});

test("a week begins on the same day in a browser that does not know the weeks of the languages of Home Assistant", () => {
  const languages = `af ar bg bn bs ca cs cy da de el en en-GB eo es es-419 et eu fa fi fr fy ga gl gsw he hi hr hu hy id is it ja ka ko lb lt
    lv mk ml my nb ne nl nn no pl pt pt-BR ro ru sk sl sq sr sr-Latn sv ta te th tr uk ur vi zh-Hans zh-Hant C`.split(/\s+/);
  const begins = () => languages.map((language) => `${language} ${new Locale({ language, number_format: "none", time_format: "24", first_weekday: "language" }).firstWeekday}`);
  const known = begins();
  const { prototype } = Intl.Locale as unknown as { prototype: { getWeekInfo?: () => unknown } };
  const { getWeekInfo } = prototype;
  assert.ok(getWeekInfo);
  delete prototype.getWeekInfo;
  try {
    assert.deepEqual(begins(), known);
  } finally {
    prototype.getWeekInfo = getWeekInfo;
  }
  assert.deepEqual(["fa 5", "he 6", "sv 0"].filter((day) => !known.includes(day)), []);
});
