import { html, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { soFarTexts } from "../sentences/so-far.ts";
import type { Meter } from "../wire.ts";

export class SoFarCard extends SmartyCard {
  protected content(_meter: Meter, _feed: Feed): TemplateResult {
    return html`<h2>${this.text(soFarTexts, "name")}</h2>`;
  }
}
