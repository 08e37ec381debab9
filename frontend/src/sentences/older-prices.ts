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
 * coordinator/older_prices_sentence.py makes the same sentence for the repair.
 */
export function olderPrices(older: OlderPrices | undefined, day: string, locale: Locale): string {
  if (!older) return "";
  const until = Object.values(kindsOf(older));
  const ended = Object.values(older.ended ?? {}).map((last) => locale.common(last < day ? "state_aid_ended" : "state_aid_ends", { day: dateOf(last, locale) }));
  const [first] = until.sort();
  const begins = first !== undefined && first >= day;
  const newer = first === undefined ? [] : [begins && !older.newer_known ? locale.common("not_out_yet", { period: nextPeriodOf(first, locale) }) : locale.common(older.newer_known ? "newer_known" : "nothing_newer")];
  const text = [...namesOf(older, locale), ...ended, ...newer].join(`${locale.sign(";")} `);
  return begins ? locale.common("older_from", { day: dateOf(addDays(first, 1), locale), text: `${text}.` }) : `${capital(text)}.`;
}

/** Return a name such as "To pay (grid charges of 2026)", or only "To pay" if the prices are current. */
export function withPrices(name: string, older: OlderPrices | undefined, locale: Locale): string {
  const names = older ? namesOf(older, locale) : [];
  return names.length ? `${name} (${names.join(`${locale.sign(";")} `)})` : name;
}

const dateOf = (day: string, locale: Locale): string => locale.date(dayStart(day));

const kindsOf = ({ grid, levies, vat }: OlderPrices): Record<string, string> =>
  Object.fromEntries(Object.entries({ grid, levies, vat }).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** Return the names of the older prices, such as "grid charges of 2026". */
function namesOf({ grid, levies, vat }: OlderPrices, locale: Locale): string[] {
  const all: [Name, string | undefined][] =
    grid !== undefined && grid === levies
      ? [["older_grid_and_levies", grid]]
      : [
          ["older_grid", grid],
          ["older_levies", levies],
        ];
  all.push(["older_vat", vat]);
  return all.flatMap(([name, until]) => (until === undefined ? [] : [withArticle(locale.common(name, { period: periodOf(until, locale) }), locale)]));
}

/** Return the year that ends on a day, or the month if no year ends then. */
function periodOf(until: string, locale: Locale): string {
  return until.endsWith("-12-31") ? until.slice(0, 4) : locale.monthYear(dayStart(until));
}

/** Return the year, or the month, that begins after a day. */
const nextPeriodOf = (until: string, locale: Locale): string =>
  until.endsWith("-12-31") ? addDays(until, 1).slice(0, 4) : locale.monthYear(dayStart(addDays(until, 1)));

/** French elides "de" before a vowel: "prix du réseau d'août". */
const withArticle = (text: string, { language }: Locale): string => (language === "fr" ? text.replace(/\bde (?=[ao])/g, "d'") : text);
