/** Card of energy and costs: today and this month so far. */

import { lastOf } from "../built-ins.ts";
import { css, type CSSResultGroup, html, nothing, type TemplateResult } from "lit";
import { SmartyCard } from "../base-card.ts";
import type { MeterFeed } from "../meter-feed.ts";
import { type Locale, localDay } from "../locale.ts";
import { toEnter } from "../parts/shared-bills.ts";
import { Width } from "../parts/widths.ts";
import { rich } from "../parts/markup.ts";
import { memoize } from "../parts/memoize.ts";
import { missingField } from "../sentences/bill.ts";
import { houseOf } from "../sentences/house.ts";
import {
  type Row,
  type SoFar,
  soFar,
  type SoFarKey,
  soFarTexts,
  type UsualTexts,
  usualTexts,
} from "../sentences/so-far.ts";
import { styles } from "../styles.ts";
import type { Bill, Day, House, Meter } from "../websocket-types.ts";

/** Padding of the card in px, both sides together. */
const PADDING_PX = 30;

/** Translation key of the entity that opens at a tap on the month's value. */
const ENTITIES: Partial<Record<Row["key"], string>> = {
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
      th {
        overflow-wrap: break-word;
      }
      .named {
        min-width: 84px;
        display: flex;
        align-items: baseline;
      }
      .named .dot {
        flex: none;
      }
      /* Long numbers leave no room for the names beside them. So put the names above the numbers. */
      [stacked] tr {
        display: flex;
        flex-wrap: wrap;
        border-top: 1px solid var(--divider-color);
        padding: 6px 0;
      }
      [stacked] tr > * {
        flex: 1 0 0;
        height: auto;
        border: 0;
        padding: 0;
      }
      [stacked] tbody th {
        flex-basis: 100%;
      }
      [stacked] thead tr {
        border: 0;
        padding: 0;
      }
      [stacked] thead td {
        display: none;
      }
      [stacked] .usual {
        display: none;
      }
      thead > tr > * {
        height: auto;
        padding-bottom: 4px;
        text-align: end;
        border: 0;
      }
      thead th {
        padding-inline-start: 12px;
        white-space: nowrap;
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
      .own td {
        white-space: normal;
      }
      .dot.grid {
        color: var(--drawn);
      }
      .dot.fed_in {
        color: var(--fed-in);
      }
      .old td,
      td.usual,
      th.usual {
        color: var(--quiet);
      }
      .wide {
        display: none;
      }
      @container (max-width: 320px) {
        .usual {
          display: none;
        }
      }
      @container (min-width: 420px) {
        .narrow {
          display: none;
        }
        .wide {
          display: inline;
        }
      }
    `,
  ];

  readonly #width = new Width(this, "ha-card");
  /** Width of the card and words of the table at the last measurement. */
  #measured = "";

  /** Content of the card. It is calculated again only if an argument, such as an answer or the day, has changed. */
  readonly #soFar = memoize(
    (days: Day[], bill: Bill | undefined, feedsIn: boolean, locale: Locale, house: House | undefined, _today: string): SoFar =>
      soFar(days, bill, feedsIn, new Date(), locale, house),
  );

  protected override get label(): string {
    return this.#t("name");
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const days = feed.get("smarty_p1/days", {});
    const bill = feed.get("smarty_p1/bill", { months: 1 });
    const title = html`<h2>${this.#t("title")}</h2>`;
    if (!days.value) {
      const isTooEarly = days.error === "nothing_counted";
      return html`${title}${isTooEarly ? html`<p role="status">${this.#t("nothing_yet")}</p>` : this.waiting(days.error)}`;
    }
    // Until the first telegram comes, `feeds_in` is unknown. So look in the stored days whether the household feeds in.
    const feedsIn = meter.feeds_in ?? days.value.days.some(({ exported_wh }) => exported_wh);
    const today = localDay(new Date());
    const content = this.#soFar(days.value.days, lastOf(bill.value?.months ?? []), feedsIn, this.locale, houseOf(feed), today);
    const usual = this.#usual(feed, lastOf(days.value.days), today);
    const result = usual?.sentence || content.forecast;
    if (result) this.announce(meter.entry_id, this.#t("title"), result);
    const isOld = feed.isOld(meter) || feed.live?.state !== "receiving";
    return html`<header>${title}<small class="number">${content.until ?? nothing}</small></header>
      ${usual?.sentence ? this.sentence(usual.sentence) : nothing}
      ${content.forecast ? html`<p>${rich(content.forecast)}</p>` : nothing}
      <table class=${isOld ? "old" : ""}>
        <thead>
          <tr class="small"><td></td><th scope="col">${content.today}</th>${usual ? this.#usualHead() : nothing}<th scope="col">${content.month}</th></tr>
        </thead>
        <tbody>${content.rows.map((row) => this.#row(row, content.month, usual && (usual.cells[row.key] ?? "–")))}</tbody>
      </table>
      ${content.lacks ? toEnter(this, meter, this.locale, missingField(lastOf(bill.value!.months)!)) : nothing}
      ${[...content.notes, ...(usual ? [usual.note] : [])].map((note) => html`<p class="small">${note}</p>`)}`;
  }

  /** Return the texts about the usual day; undefined if the usual day is unknown, or if `day` is not today. */
  #usual(feed: MeterFeed, day: Day | undefined, today: string): UsualTexts | undefined {
    const { value } = feed.get("smarty_p1/usual", {});
    return value?.usual && day?.day === today ? usualTexts(day, value.usual, new Date(value.until), this.locale) : undefined;
  }

  #usualHead(): TemplateResult {
    return html`<th class="usual" scope="col"><span class="narrow">${this.#t("usual")}</span><span class="wide">${this.#t("usual_by_now")}</span></th>`;
  }

  /** Return the table cell with the usual value. On a narrow card, the cell shows no unit. */
  #usualCell(text: string): TemplateResult {
    const at = text.lastIndexOf("\u00a0");
    return html`<td class="number usual">${at < 0 ? text : html`${text.slice(0, at)}<span class="wide">${text.slice(at)}</span>`}</td>`;
  }

  /** Put the names above the numbers if the table is wider than the card. */
  protected override updated(): void {
    const table = this.renderRoot.querySelector("table");
    if (!table) return;
    const words = `${this.#width.value} ${table.textContent}`;
    if (words === this.#measured) return;
    this.#measured = words;
    table.removeAttribute("stacked");
    table.toggleAttribute("stacked", table.offsetWidth > table.parentElement!.clientWidth - PADDING_PX);
  }

  #t(key: SoFarKey): string {
    return this.text(soFarTexts, key);
  }

  #row({ key, name, today, month }: Row, monthName: string, usual: string | undefined): TemplateResult {
    const dot = key === "grid" || key === "fed_in" ? html`<span class="dot ${key}"></span>` : nothing;
    const isWords = today === this.#t("price_missing");
    const className = isWords ? "words" : "number";
    return html`<tr class=${key}>
      <th scope="row"><span class="named">${dot}<span>${name}</span></span></th>
      ${isWords
        ? html`<td class=${className} colspan=${usual === undefined ? 2 : 3}>${today}</td>`
        : html`<td class=${className}>${today}</td>${usual === undefined ? nothing : this.#usualCell(usual)}<td class=${className}>${this.moreInfo(ENTITIES[key] ?? "", month, `${name}, ${monthName} ${month}`)}</td>`}
    </tr>`;
  }
}
