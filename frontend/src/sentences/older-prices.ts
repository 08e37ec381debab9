/** Notes about amounts that use older prices, because newer published prices are not known yet. */

import { dayStart, type Locale } from "../locale.ts";

/** Return the note that a month (2027-01) uses prices of an earlier month; "" if its prices are current. */
export function olderPrices(pricesOf: string | undefined, month: string, locale: Locale): string {
  if (!pricesOf || month <= pricesOf) return "";
  const [year] = month.split("-");
  const of = pricesOf.startsWith(`${year}-`) ? nameOf(month, locale) : year!;
  return withArticle(locale.common("older_prices", { of, month: nameOf(pricesOf, locale) }), locale);
}

/** Return a name such as "To pay, with the prices of December 2026", or only "To pay" if the prices are current. */
export function withPrices(name: string, pricesOf: string | undefined, locale: Locale): string {
  if (!pricesOf) return name;
  return withArticle(locale.common("with_prices", { name, month: nameOf(pricesOf, locale) }), locale);
}

const nameOf = (month: string, locale: Locale): string => locale.monthYear(dayStart(`${month}-15`));

/** French elides "de" before a vowel: "les prix d'août". */
const withArticle = (text: string, { language }: Locale): string => (language === "fr" ? text.replace(/\bde (?=[ao])/g, "d'") : text);
