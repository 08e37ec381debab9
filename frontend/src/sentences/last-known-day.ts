/** Texts of a past day, for a meter without a cable. */

import { addDays, capital, type CommonKey, dayStart, localDay, type Locale, round, type Texts } from "../locale.ts";
import todayTexts from "../texts/today.json" with { type: "json" };
import texts from "../texts/yesterday.json" with { type: "json" };
import type { Day, Meter } from "../data/websocket-types.ts";

export type YesterdayKey = keyof (typeof texts)["en"] | CommonKey;
export const yesterdayTexts: Texts<YesterdayKey> = texts;

export interface ShownPast {
  title: string;
  until: string;
  /** Energy without its unit; "–" if unknown. */
  kwh: string;
  /** Text with the cost and its parts; "" if the cost is unknown. */
  cost: string;
  /** Highest quarter-hour; "" if unknown. */
  highest: string;
  /** Words about the excess over the reference power; "" without an excess. */
  above: string;
  notes: string[];
}

/** Return the last day for which Leneda has sent data of a meter without a cable; undefined for other meters. */
export function lastKnownDay({ source, known_until: until }: Meter): string | undefined {
  return source === "leneda" && until ? addDays(localDay(until), -1) : undefined;
}

/** Return the texts of the day `day`. `last` is the last known day, `now` the present time in ms since 1970. */
export function shownPast(meter: Meter, day: string, sums: Day | undefined, last: string, now: number, locale: Locale): ShownPast {
  const t = locale.textOf<YesterdayKey>(yesterdayTexts);
  const yesterday = addDays(localDay(now), -1);
  const start = dayStart(day);
  const wh = sums?.imported_wh;
  const peak = sums?.peak;
  const reference = sums?.reference_kw ?? null;
  return {
    title: day === yesterday ? t("yesterday") : capital(locale.weekday(start)),
    until: locale.common("until_end_of", { day: locale.shortDate(start) }),
    kwh: typeof wh === "number" ? locale.number(wh / 1000, 1) : "–",
    cost: sums ? costOf(sums, locale) : "",
    highest: peak ? t("highest", { power: locale.kW(peak.mean_kw), time: locale.time(peak.start) }) : "",
    above: peak && reference !== null && peak.mean_kw > reference ? t("above", { R: locale.referenceKW(reference) }) : "",
    notes: [
      last < yesterday ? t("awaited") : "",
      sums && sums.quarter_hours < sums.of_quarter_hours ? `${locale.count(todayTexts, "gaps", sums.of_quarter_hours - sums.quarter_hours)}.` : "",
      t("from_leneda", { time: locale.clock(13.5) }),
      meter.is_fetching && meter.known_since ? t("fetching", { day: locale.date(meter.known_since) }) : "",
    ].filter(Boolean),
  };
}

/** Return a text such as "2.31 € (consumption 1.84 €, fixed costs 0.47 €)". The parts add up to the total. */
function costOf({ cost, cost_used: used, cost_fixed: fixed, feed_in: fed }: Day, locale: Locale): string {
  if (cost === null || used === null || fixed === null) return "";
  const sold = round(fed ?? 0, 2);
  const [total, shownFixed] = [round(cost, 2), round(fixed, 2)];
  const params = {
    cost: locale.cents(total),
    used: locale.cents(total - shownFixed - sold),
    fixed: locale.cents(shownFixed),
    sold: locale.cents(sold),
  };
  return locale.text(yesterdayTexts, sold ? "cost_sold" : "cost", params);
}
