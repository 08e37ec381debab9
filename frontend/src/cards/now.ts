/** What is going on, and may I switch something on? */

import { html, nothing, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { NOTHING_KW, nowSentence, nowTexts } from "../sentences/now.ts";
import type { Meter } from "../wire.ts";

export class NowCard extends SmartyCard {
  protected content(meter: Meter, feed: Feed): TemplateResult {
    const { live } = feed;
    if (!live) return this.waiting();
    const power = live.values?.power_net;
    if (typeof power !== "number") return this.waiting();
    const title = power > NOTHING_KW ? "draws" : power < -NOTHING_KW ? "feeds" : "balanced";
    const running = live.quarter_hour;
    const end = new Date(running?.end ?? Date.now());
    const sentence = nowSentence(
      {
        power,
        reference: running?.reference_kw ?? null,
        energy: (running?.imported_wh ?? 0) / 1000,
        secondsLeft: Math.max(1, (end.getTime() - Date.parse(running?.time ?? "")) / 1000),
        end,
        connection: meter.connection_kva,
        feedsIn: meter.feeds_in ?? false,
        feedInPrice: typeof live.values?.price_export === "number" ? live.values.price_export : null,
        excessPrice: meter.excess_price,
      },
      this.locale,
    );
    return html`<header><h2>${this.text(nowTexts, title)}</h2>${this.stamp(feed)}</header>
      <div class="big">${this.moreInfo("power_net", this.locale.number(Math.abs(power), 1), "")} <small>kW</small></div>
      ${sentence ? this.sentence(sentence) : nothing}`;
  }
}
