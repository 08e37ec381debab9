/** Texts about the costs of gas: this month until its last whole day, and the same days a year ago. */

import { capital, type Locale } from "../locale.ts";
import { monthOf, type Standing } from "../data/gas-water-heat-amounts.ts";
import type { GasCosts, GasMonth } from "../data/websocket-types.ts";
import {
  type MediumKey,
  mediumTexts,
  monthName,
  ordinal,
  startOf,
  type Units,
} from "./gas-water-heat-month.ts";

/** Smallest total in euros that is shown without cents. */
const MIN_WITHOUT_CENTS = 10;

/** Costs of gas with at least one known month. */
export type KnownCosts = GasCosts & { month: GasMonth };

export const hasMonth = (costs: GasCosts | null | undefined): costs is KnownCosts => Boolean(costs?.month);

const decimalsOf = ({ month: { total } }: KnownCosts): number => (total < MIN_WITHOUT_CENTS ? 2 : 0);

/** Return the units of the chart in euros. */
export function costUnits(costs: KnownCosts): Units {
  const cents = { unit: "€", factor: 1, decimals: 2 };
  return { day: cents, month: { ...cents, decimals: decimalsOf(costs) }, own: cents };
}

/** Return the gas costs of this month, compared with the same month a year ago. */
export function costStanding({ month, year_ago: yearAgo }: KnownCosts): Standing {
  const daily = ({ month: name, days }: GasMonth) => monthOf({ days }, name);
  return {
    month: daily(month),
    first: month.first,
    last: month.last,
    missing: month.missing_days,
    sum: month.total,
    reference: yearAgo ? daily(yearAgo) : undefined,
    referenceSum: yearAgo?.total ?? 0,
  };
}

/** Return the big number and the words beside it: "84", "€ this month". */
export function costTotal(costs: KnownCosts, today: string, locale: Locale): { number: string; unit: string } {
  const { month, total } = costs.month;
  const isRunning = today.startsWith(month);
  const unit = locale.text(mediumTexts, isRunning ? "cost_month" : "cost_in", { month: locale.month(startOf(month)) });
  return { number: locale.number(total, decimalsOf(costs)), unit };
}

/** Return the end of the period with known costs: "until the end of 20 Nov". */
export function costUntil({ month: { month, last } }: KnownCosts, locale: Locale): string {
  return locale.common("until_end_of", { day: locale.shortDay(startOf(month, last)) });
}

/**
 * Return the sentences about the costs of this month. The sentences say how much of the amount is the fixed price, and
 * whether days are incomplete. If the sum does not begin on the 1st, they name its first day. They also compare the
 * costs with the same days a year ago.
 */
export function costSentence(costs: KnownCosts, today: string, locale: Locale): string {
  const { month, year_ago: yearAgo } = costs;
  const t = locale.textOf<MediumKey>(mediumTexts);
  const euros = (value: number) => locale.unit(value, "€", decimalsOf(costs));
  const parts: string[] = [];
  if (costs.per_month > 0) parts.push(t("cost_fixed", { fixed: euros(month.fixed) }));
  if (month.first > 1) parts.push(t("cost_since", { since: locale.day(startOf(month.month, month.first)) }));
  if (month.missing_days > 0) parts.push(t("cost_partly"));
  if (yearAgo) {
    const isWhole = yearAgo.last === yearAgo.days.amounts.length;
    const name = capital(monthName(yearAgo.month, today, locale));
    parts.push(t(isWhole ? "cost_year_ago_whole" : "cost_year_ago", { month: name, day: ordinal(yearAgo.last, locale), sum: euros(yearAgo.total) }));
  }
  return parts.join(" ");
}

/**
 * Return how the total is calculated: "80.10 m³ × 0.90 €, plus the fixed price of 16.50 € a month for 21 of 30 days.
 * With VAT."
 */
export function costFoot({ per_m3: price, per_month: fee, month }: KnownCosts, locale: Locale): string {
  const decimals = Number(price.toFixed(2)) === price ? 2 : 4;
  const params = {
    amount: locale.unit(month.m3, "m³", 2),
    price: locale.unit(price, "€", decimals),
    days: locale.number(month.last - month.first + 1),
    length: locale.number(month.days.amounts.length),
    fee: locale.cents(fee),
  };
  return locale.text(mediumTexts, fee > 0 ? "cost_foot_fixed" : "cost_foot", params);
}
