/** The bills that two cards show: asked once for both, and what is said where there are none. */

import { html, type TemplateResult } from "lit";
import type { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import type { Locale } from "../locale.ts";
import { type BillKey, billTexts, type Lack } from "../sentences/bill.ts";
import type { Bill, Meter } from "../wire.ts";

/** The running one and the twelve before it. */
export const MONTHS = 13;

export interface Bills {
  bills?: Bill[] | undefined;
  error?: string | undefined;
}

export function billsOf(feed: Feed): Bills {
  const { value, error } = feed.get("smarty_p1/bill", { months: MONTHS });
  return { bills: value?.months.length ? value.months : undefined, error };
}

/** The month that the cards of a view show: the running one until another is chosen. */
export const shownOf = (bills: Bill[], feed: Feed): Bill =>
  bills.find(({ month }) => month === feed.shown.month) ?? bills.at(-1)!;

/** Let the cards show a month; the running one is not kept by its name, for it will be another. */
export function showMonth(bills: Bill[], feed: Feed, month: string | undefined): void {
  feed.show({ month: month === bills.at(-1)?.month ? undefined : month });
}

const REFUSALS: Record<string, BillKey> = {
  nothing_counted: "nothing_counted",
  not_loaded: "not_loaded",
  not_found: "not_loaded",
};

/** Why there is no bill; undefined where that is for the card itself to say. */
export const refusal = (error: string | undefined): BillKey | undefined => REFUSALS[error ?? ""];

/** A link to where what is missing is entered, for those who may. */
export function toEnter(card: SmartyCard, meter: Meter, locale: Locale, lack: Lack): TemplateResult {
  if (!card.hass?.user?.is_admin) return html`<p class="small">${locale.text(billTexts, "by_administrator")}</p>`;
  return html`<div>${card.settings(meter, locale.text(billTexts, `enter_${lack}`))}</div>`;
}
