/** Bills shared by several cards: one request for all, and the choice of a month. */

import { statusLine } from "./markup.ts";
import { lastOf } from "../built-in-replacements.ts";
import { html, type TemplateResult } from "lit";
import type { MeterFeed } from "../data/meter-feed.ts";
import type { Locale } from "../locale.ts";
import { type BillKey, billTexts, hasAmounts } from "../sentences/bill.ts";
import type { Bill } from "../data/websocket-types.ts";

/** The current month and the twelve months before it. */
export const MONTHS = 13;

export interface Bills {
  bills?: Bill[] | undefined;
  error?: string | undefined;
}

/** Largest energy in kWh that is shown as 0. */
const MAX_ZERO_KWH = 0.05;

/** Return the bills. A first month that would only show 0 kWh has none yet. */
export function billsOf(feed: MeterFeed): Bills {
  const { value, error } = feed.ask("smarty_p1/bill", { months: MONTHS });
  const [first, second] = value?.months ?? [];
  if (!first) return { error };
  const isZero = Math.max(first.imported_kwh, first.exported_kwh ?? 0) < MAX_ZERO_KWH;
  return isZero && !second && !hasAmounts(first) ? { error: "nothing_counted" } : { bills: value!.months, error };
}

/** Return the bill of the chosen month; without a choice, of the current month. */
export const shownOf = (bills: Bill[], feed: MeterFeed): Bill =>
  bills.find(({ month }) => month === feed.shown.month) ?? lastOf(bills)!;

/**
 * Choose a month for the cards of the view. The current month is stored as "no choice", so that the cards show the new
 * month when it begins.
 */
export function showMonth(bills: Bill[], feed: MeterFeed, month: string | undefined): void {
  feed.show(month === lastOf(bills)?.month ? undefined : month);
}

const REFUSALS: Record<string, BillKey> = {
  not_loaded: "not_loaded",
  not_found: "not_loaded",
};

/** Return what a card shows that has no bill yet. `waiting` is its general message. */
export function withoutBill(title: string, error: string | undefined, locale: Locale, waiting: TemplateResult): TemplateResult {
  const key = REFUSALS[error ?? ""];
  return html`<h2>${title}</h2>
      ${key ? statusLine(locale.text(billTexts, key)) : waiting}`;
}
