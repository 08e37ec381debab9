/** Texts about the cost that a house with solar panels has saved: in a month, and in a year. */

import { sumOf } from "../built-in-replacements.ts";
import { localDay, type Locale, round } from "../locale.ts";
import type { Bill, House } from "../data/websocket-types.ts";
import { isRunning } from "./bill.ts";
import { countedDays, houseTexts, monthOf, withBattery } from "./house.ts";

const MONTHS_A_YEAR = 12;

/**
 * Return the sentence about a month's savings by solar energy, and a note. If the savings are unknown or below 1 €, the
 * sentence and the note are empty.
 */
export function savedSentences(house: House | undefined, bill: Bill, locale: Locale): { sentence: string; note: string } {
  const month = house && monthOf(house, bill.month);
  if (!month || month.saved === null || month.own_kwh === null || month.saved < 1) return { sentence: "", note: "" };
  const params = {
    amount: locale.euros(month.saved),
    kwh: locale.kWh(month.own_kwh, 0),
    month: locale.month(bill.start),
  };
  const sentence = locale.text(houseTexts, isRunning(bill) ? "saved_now" : "saved", params);
  return { sentence, note: countedDays(month, locale) };
}

/** Return the consumption and the saving in the known days of at most twelve whole months; "" before a whole month has ended. */
export function houseYear(house: House, locale: Locale): string {
  const whole = house.months.filter(({ month }) => month < localDay(house.until).slice(0, 7)).slice(-MONTHS_A_YEAR);
  const known = whole.filter(({ own_kwh }) => own_kwh !== null);
  const sum = (of: "house_kwh" | "own_kwh" | "saved") => sumOf(known.map((month) => month[of] ?? 0));
  const [used, own, saved] = [sum("house_kwh"), sum("own_kwh"), sum("saved")];
  if (used <= 0 || own < 0) return "";
  const params = { kwh: locale.kWh(round(used / 10) * 10, 0), share: locale.percent(Math.min(1, own / used)) };
  const sentences = [locale.text(houseTexts, withBattery(house, "year"), params)];
  if (saved >= 1) {
    const count = known.filter((month) => month.saved !== null).length;
    sentences.push(locale.text(houseTexts, count > 1 ? "year_saved" : "year_saved_one", { amount: locale.euros(saved), count }));
  }
  const first = whole.findIndex(({ own_kwh }) => own_kwh !== null);
  if (first > 0 || known[0]!.since) sentences.push(locale.text(houseTexts, "since", { day: locale.date(known[0]!.since ?? house.since) }));
  if (whole.slice(first).some((month, index) => month.unknown_days || (index > 0 && month.since))) sentences.push(locale.text(houseTexts, "left_out"));
  return sentences.join(" ");
}
