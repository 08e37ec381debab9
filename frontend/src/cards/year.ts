import { html, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { yearTexts } from "../sentences/year.ts";
import type { Meter } from "../wire.ts";

export class YearCard extends SmartyCard {
  protected content(_meter: Meter, _feed: Feed): TemplateResult {
    return html`<h2>${this.text(yearTexts, "name")}</h2>`;
  }
}
