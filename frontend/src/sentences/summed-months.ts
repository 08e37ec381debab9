/** Texts that say which months a card adds up, and at which prices. The cards with a year use the same words. */

import { lastOf } from "../built-in-replacements.ts";
import { capital, dayStart, type Locale } from "../locale.ts";
import { isRunning } from "./bill.ts";
import type { Bill } from "../data/websocket-types.ts";
import texts from "../texts/common.json" with { type: "json" };

/** Measured share of a month from which on its energy counts as that of the whole month. */
export const MIN_WHOLE_SHARE = 0.9;
/** Return whether a month has ended, and nearly all of it was measured. */
export const isWholeMonth = (bill: Bill): boolean => !isRunning(bill) && !(bill.measured_share < MIN_WHOLE_SHARE);

/** Prices of the months: each month has its own, or all months have today's prices. */
export type Prices = "own" | "todays";

/** Return a text such as "12 months, at today's prices, with VAT". */
export function monthsAndPrices(count: number, prices: Prices, hasVat: boolean, locale: Locale): string {
  const vat = locale.common(hasVat ? "with_vat" : "without_vat");
  return locale.count(texts, `months_${prices}_prices`, count, { vat });
}

/** Return a text such as "June 2025 – May 2026" for months such as 2025-06. */
export function periodOf(months: string[], locale: Locale): string {
  const name = (month: string) => locale.monthYear(dayStart(`${month}-15`));
  const [first, last] = [months[0], lastOf(months)];
  if (!first || !last) return "";
  return first === last ? name(first) : `${name(first)} – ${name(last)}`;
}

/** Return a sentence such as "June 2025 – May 2026: 12 months, at today's prices, with VAT." */
export function summedMonths(months: string[], prices: Prices, hasVat: boolean, locale: Locale): string {
  const params = { period: periodOf(months, locale), prices: monthsAndPrices(months.length, prices, hasVat, locale) };
  // In German, the abbreviation of VAT ends with a dot. So drop the second dot at the end of the sentence.
  return capital(locale.common("period_and_prices", params)).replace("..", ".");
}
