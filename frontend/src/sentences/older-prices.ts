/** Notes about amounts that use published prices after the last day for which they are published. */

import { addDays, capital, dayStart, type Locale } from "../locale.ts";
import type { OlderPrices } from "../data/websocket-types.ts";

type Name = "older_grid" | "older_levies" | "older_grid_and_levies" | "older_vat";

/**
 * Return a sentence such as "Grid charges of 2026; the State's aid ended on 31 December 2026; nothing newer is known to
 * this version." Return "" if the prices are current. One card of a view has this sentence.
 *
 * `day` is the first day for which the amount counts. If the prices are published for this day, the sentence begins with
 * "From 1 January 2027:", and says that the prices are not out yet.
 *
 * flows/options/older_prices_sentence.py makes the same sentence for the repair.
 */
export function olderPrices(older: OlderPrices | undefined, day: string, locale: Locale): string {
  if (!older) return "";
  const { grid, levies, vat, newer_known } = older;
  const [first] = [grid, levies, vat].filter((until) => until !== undefined).sort();
  const ended = Object.values(older.ended ?? {}).map((last) => locale.common(last < day ? "state_aid_ended" : "state_aid_ends", { day: dateOf(last, locale) }));
  const begins = first !== undefined && first >= day;
  let next = locale.common(newer_known ? "newer_known" : "nothing_newer");
  if (begins && !newer_known) next = locale.common("not_out_yet", { period: periodOf(first, addDays(first, 1), locale) });
  const text = joined([...namesOf(older, locale), ...ended, ...(first === undefined ? [] : [next])], locale);
  return begins ? locale.common("older_from", { day: dateOf(addDays(first, 1), locale), text: `${text}.` }) : `${capital(text)}.`;
}

/** Return a name such as "To pay (grid charges of 2026)", or only "To pay" if the prices are current. */
export function withPrices(name: string, older: OlderPrices | undefined, locale: Locale): string {
  const names = older ? namesOf(older, locale) : [];
  return names.length ? `${name} (${joined(names, locale)})` : name;
}

const joined = (parts: string[], locale: Locale): string => parts.join(`${locale.sign(";")} `);

const dateOf = (day: string, locale: Locale): string => locale.date(dayStart(day));

/** Return the names of the older prices, such as "grid charges of 2026". */
function namesOf({ grid, levies, vat }: OlderPrices, locale: Locale): string[] {
  const isBoth = grid === levies;
  const all: [Name, string | undefined][] = [
    [isBoth ? "older_grid_and_levies" : "older_grid", grid],
    ["older_levies", isBoth ? undefined : levies],
    ["older_vat", vat],
  ];
  return all.flatMap(([name, until]) => (until === undefined ? [] : [withArticle(locale.common(name, { period: periodOf(until, until, locale) }), locale)]));
}

/** Return the period that contains `day`: a year if the prices end with a year, on `until`; otherwise a month. */
const periodOf = (until: string, day: string, locale: Locale): string =>
  until.endsWith("-12-31") ? day.slice(0, 4) : locale.monthYear(dayStart(day));

/** French elides "de" before a vowel: "prix du réseau d'août". */
const withArticle = (text: string, { language }: Locale): string => (language === "fr" ? text.replace(/\bde (?=[ao])/g, "d'") : text);
