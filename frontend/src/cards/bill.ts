import { html, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { billTexts } from "../sentences/bill.ts";
import type { Meter } from "../wire.ts";

export class BillCard extends SmartyCard {
  protected content(_meter: Meter, _feed: Feed): TemplateResult {
    return html`<h2>${this.text(billTexts, "name")}</h2>`;
  }
}
