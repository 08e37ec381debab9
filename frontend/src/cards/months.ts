import { html, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { monthsTexts } from "../sentences/months.ts";
import type { Meter } from "../wire.ts";

export class MonthsCard extends SmartyCard {
  protected content(_meter: Meter, _feed: Feed): TemplateResult {
    return html`<h2>${this.text(monthsTexts, "name")}</h2>`;
  }
}
