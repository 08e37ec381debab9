/** A past day of a meter without a cable, in place of the present power. */

import { html, nothing, type TemplateResult } from "lit";
import type { SmartyCard } from "../base-card.ts";
import type { MeterFeed } from "../meter-feed.ts";
import { addDays, type Locale } from "../locale.ts";
import { lastKnownDay, shownPast, yesterdayTexts } from "../sentences/yesterday.ts";
import type { Meter } from "../websocket-types.ts";
import { rich } from "./markup.ts";
import { choicesOf, week } from "./week-chooser.ts";

const WEEK = 7;

export function pastDay(card: SmartyCard, meter: Meter, feed: MeterFeed, locale: Locale): TemplateResult {
  const t = (key: keyof (typeof yesterdayTexts)["en"]) => locale.text(yesterdayTexts, key);
  const last = lastKnownDay(meter);
  if (!last) return html`<h2>${t("title")}</h2><p role="status">${t("nothing_yet")}</p>`;
  const days = Array.from({ length: WEEK }, (_, index) => addDays(last, index - WEEK + 1));
  const sums = feed.get("smarty_p1/days", { start: days[0]!, end: addDays(last, 1) }).value?.days ?? [];
  const day = days.find((day) => day === feed.shown.day) ?? last;
  const words = shownPast(meter, day, sums.find((entry) => entry.day === day), last, feed.now, locale);
  const hasSun = sums.some((entry) => entry.exported_wh);
  const choose = (to: string) => feed.show({ day: to === last ? undefined : to });
  card.announce(`${meter.entry_id} ${day}`, "", [`${words.kwh} kWh`, words.cost].filter(Boolean).join(", "));
  const isAdmin = Boolean(card.hass?.user?.is_admin);
  return html`<header><h2>${words.title}</h2><small>${words.until}</small></header>
    <div class="big draws">${words.kwh}<small> kWh</small></div>
    ${words.cost ? html`<p>${rich(words.cost)}</p>` : nothing}
    ${words.highest
      ? html`<p>${words.highest}${words.above ? html`, <b class="excess">${words.above}</b>` : nothing}.</p>`
      : nothing}
    ${week(locale.common("choose_day"), choicesOf(days, sums, hasSun, locale), day, choose)}
    ${words.notes.map((note) => html`<p class="small">${note}</p>`)}
    ${isAdmin ? html`<div>${card.settings(meter, t("add_cable"), "cable")}</div>` : nothing}`;
}
