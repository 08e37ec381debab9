import { html, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { qualityTexts } from "../sentences/quality.ts";
import type { Meter } from "../wire.ts";

export class QualityCard extends SmartyCard {
  protected content(_meter: Meter, _feed: Feed): TemplateResult {
    return html`<h2>${this.text(qualityTexts, "name")}</h2>`;
  }
}
