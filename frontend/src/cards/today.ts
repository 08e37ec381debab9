import { html, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { todayTexts } from "../sentences/today.ts";
import type { Meter } from "../wire.ts";

export class TodayCard extends SmartyCard {
  protected content(_meter: Meter, _feed: Feed): TemplateResult {
    return html`<h2>${this.text(todayTexts, "name")}</h2>`;
  }
}
