import { html, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { mediumTexts } from "../sentences/medium.ts";
import type { Meter } from "../wire.ts";

export class MediumCard extends SmartyCard {
  protected content(_meter: Meter, _feed: Feed): TemplateResult {
    return html`<h2>${this.text(mediumTexts, "name")}</h2>`;
  }
}
