/** How much today and this month? */

import { css, type CSSResultGroup, html, nothing, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import type { Feed } from "../feed.ts";
import { localDay } from "../locale.ts";
import { rich } from "../parts/markup.ts";
import { type Row, type SoFar, soFar, type SoFarKey, soFarTexts } from "../sentences/so-far.ts";
import { styles } from "../styles.ts";
import type { Bill, Day, Meter } from "../wire.ts";

/** What opens at a tap on the month's value. */
const ENTITIES: Record<Row["key"], string> = {
  grid: "energy_imported",
  fed_in: "energy_exported",
  highest: "demand_peak",
  cost: "cost_total",
};

export class SoFarCard extends SmartyCard {
  static override styles: CSSResultGroup = [
    styles,
    css`
      table {
        margin-top: 8px;
      }
      th,
      td {
        height: 47px;
        padding: 0;
        font-weight: 400;
        text-align: start;
        border-top: 1px solid var(--divider-color);
      }
      td {
        padding-inline-start: 12px;
        text-align: end;
      }
      thead > tr > * {
        height: auto;
        padding-bottom: 4px;
        text-align: end;
        border: 0;
      }
      thead > tr > ::first-letter {
        text-transform: uppercase;
      }
      td button.plain {
        min-height: 44px;
        text-align: end;
      }
      .cost td {
        font-weight: 500;
      }
      .cost td.words {
        white-space: normal;
        font-weight: 400;
        color: var(--quiet);
      }
      .dot.grid {
        color: var(--drawn);
      }
      .dot.fed_in {
        color: var(--fed-in);
      }
      .old td {
        color: var(--quiet);
      }
    `,
  ];

  #of: unknown[] = [];
  #known: SoFar | undefined;

  protected content(meter: Meter, feed: Feed): TemplateResult {
    const days = feed.get("smarty_p1/days", {});
    const bill = feed.get("smarty_p1/bill", { months: 1 });
    const title = html`<h2>${this.#t("title")}</h2>`;
    if (!days.value) {
      const isTooEarly = days.error === "nothing_counted";
      return html`${title}${isTooEarly ? html`<p role="status">${this.#t("nothing_yet")}</p>` : this.waiting(days.error)}`;
    }
    const known = this.#soFar(days.value.days, bill.value?.months.at(-1), bill.error, meter);
    const isOld = this.isOld(feed) || feed.live?.state !== "receiving";
    return html`<header>${title}<small class="number">${known.until ?? nothing}</small></header>
      ${known.forecast ? html`<p>${rich(known.forecast)}</p>` : nothing}
      <table class=${isOld ? "old" : ""}>
        <thead>
          <tr class="small"><td></td><th scope="col">${known.today}</th><th scope="col">${known.month}</th></tr>
        </thead>
        <tbody>${known.rows.map((row) => this.#row(row))}</tbody>
      </table>
      ${known.lacks && this.hass?.user?.is_admin ? this.#enter(meter, known.lacks) : nothing}
      ${known.notes.length ? html`<p class="small">${known.notes.join(" ")}</p>` : nothing}`;
  }

  /** Made anew only for new answers: telegrams come more often. */
  #soFar(days: Day[], bill: Bill | undefined, error: string | undefined, meter: Meter): SoFar {
    // Before the first telegram, the days tell.
    const feedsIn = meter.feeds_in ?? days.some(({ exported_wh }) => exported_wh);
    const of = [days, bill, error, feedsIn, this.locale, localDay(new Date())];
    if (!this.#known || of.some((each, index) => each !== this.#of[index])) {
      this.#of = of;
      this.#known = soFar(days, bill, error, feedsIn, new Date(), this.locale);
    }
    return this.#known;
  }

  #t(key: SoFarKey): string {
    return this.text(soFarTexts, key);
  }

  #row({ key, name, today, month }: Row): TemplateResult {
    const dot = key === "grid" || key === "fed_in" ? html`<span class="dot ${key}"></span>` : nothing;
    const isWords = today === this.#t("price_missing");
    const className = isWords ? "words" : "number";
    return html`<tr class=${key}>
      <th scope="row">${dot}${name}</th>
      ${isWords
        ? html`<td class=${className} colspan="2">${today}</td>`
        : html`<td class=${className}>${today}</td><td class=${className}>${this.moreInfo(ENTITIES[key], month, name)}</td>`}
    </tr>`;
  }

  #enter(meter: Meter, lacks: "prices" | "reference"): TemplateResult {
    const path = `/config/integrations/integration/smarty_p1#config_entry=${meter.entry_id}`;
    return html`<div>${this.link(path, this.#t(lacks === "prices" ? "enter_prices" : "enter_reference"))}</div>`;
  }
}
