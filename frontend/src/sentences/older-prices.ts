/** What is said beside an amount whose published prices are not known yet: which ones it was calculated with. */

import { dayStart, type Locale } from "../locale.ts";

/** Return the sentence about amounts of a month (2027-01) that have the prices of an earlier one; "" where they do not. */
export function olderPrices(pricesOf: string | undefined, month: string, locale: Locale): string {
  if (!pricesOf || month <= pricesOf) return "";
  const [year] = month.split("-");
  const of = pricesOf.startsWith(`${year}-`) ? nameOf(month, locale) : year!;
  return withArticle(locale.common("older_prices", { of, month: nameOf(pricesOf, locale) }), locale);
}

/** Return "To pay, with the prices of December 2026"; the name alone where the prices are those of its month. */
export function withPrices(name: string, pricesOf: string | undefined, locale: Locale): string {
  if (!pricesOf) return name;
  return withArticle(locale.common("with_prices", { name, month: nameOf(pricesOf, locale) }), locale);
}

const nameOf = (month: string, locale: Locale): string => locale.monthYear(dayStart(`${month}-15`));

/** In French "les prix d'août". */
const withArticle = (text: string, { language }: Locale): string => (language === "fr" ? text.replace(/\bde (?=[ao])/g, "d'") : text);
