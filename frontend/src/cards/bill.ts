/** Card of a month's bill, line by line as on the paper bill. */

import { lastOf } from "../built-in-replacements.ts";
import { memoize } from "../data/memoize.ts";
import { savedSentences } from "../sentences/house-savings.ts";
import { css, type CSSResultGroup, html, nothing, type TemplateResult } from "lit";
import { SmartyCard } from "../base-card.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { billsOf, showMonth, shownOf, withoutBill } from "../parts/shared-bills.ts";
import { paragraph, tableBehind, turnOver } from "../parts/markup.ts";
import { chartStyles, COLORS, monthsChart } from "../charts/months-chart.ts";
import { dot } from "../charts/shapes.ts";
import { canPrint, printStatement, STATEMENT_WIDTH_PX } from "../parts/printed-page-and-pictures.ts";
import { measureIn } from "../parts/measured-sizes.ts";
import { houseOf } from "../sentences/house.ts";
import { type BillKey, billTexts, isRunning, lastDay, missingField, type Row, shownBill, type ShownBill } from "../sentences/bill.ts";
import { type Month, monthsTexts, statementTable, yearOf } from "../sentences/months.ts";
import { aboveIn, limitName, yearTexts } from "../sentences/year.ts";
import { styles, stylesOf } from "../styles.ts";
import type { Bill, Classes, Meter } from "../data/websocket-types.ts";

export class BillCard extends SmartyCard<BillKey> {
  static override readonly texts = billTexts;
  static override styles: CSSResultGroup = [
    styles,
    chartStyles,
    css`
      .turn {
        margin: -8px -8px 0;
      }
      .total {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        align-items: end;
        gap: 0 12px;
        margin-bottom: 4px;
      }
      .total > .aside {
        text-align: right;
        margin-inline-start: auto;
      }
      .lines {
        margin-top: 8px;
      }
      .group {
        border-top: var(--line);
        padding: 3px 0;
      }
      .row {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 0 8px;
        align-items: center;
        padding: 1px 0;
      }
      .quantity {
        grid-column: 1;
      }
      .amount {
        grid-area: 1 / 2 / span 2;
      }
      .sums {
        border-top: 2px solid var(--text);
        padding: 5px 0 0;
      }
      .sum {
        font-weight: 500;
      }
      .sum .quantity {
        font-weight: 400;
      }
      .notes {
        padding-top: 8px;
      }
      .notes p {
        padding-top: 2px;
      }
      @container (max-width: 250px) {
        .row {
          font-size: 15px;
        }
      }
      @container (min-width: 400px) {
        .row {
          grid-template-columns: 1fr auto minmax(64px, auto);
          align-items: baseline;
          padding: 2px 0;
        }
        .quantity {
          grid-column: 2;
          text-align: right;
        }
        .amount {
          grid-area: 1 / 3;
        }
      }
    `,
  ];

  readonly #widthOf = measureIn(this);
  readonly #wordsOf = memoize(shownBill);

  override getCardSize(): number {
    return 9;
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const { bills, error } = billsOf(feed);
    if (!bills) return withoutBill(this.locale.common("bill"), error, this.locale, this.waiting(error));
    const bill = shownOf(bills, feed);
    const at = bills.indexOf(bill);
    const to = (index: number) =>
      bills[index] && index >= 0 ? () => showMonth(bills, feed, bills[index]!.month) : undefined;
    const turn = { earlier: to(at - 1), later: to(at + 1) };
    const words = this.#wordsOf(bill, this.locale);
    const saved = savedSentences(houseOf(feed), bill, this.locale);
    this.announce(`${meter.entry_id} ${bill.month}`, `${words.title}${this.locale.sign(":")} ${words.total} ${words.label}`, words.sentence);
    const notes = saved.note ? [...words.notes, saved.note] : words.notes;
    const content = html`<div class="total">
        <div class="big">${this.#total(bill, words)}<small> ${words.label}</small></div>
        <div class="aside">
          ${words.until ? html`<div>${words.until}</div>` : nothing}
          <div class="small">${words.isWellMeasured ? words.measured : html`<b>${words.measured}</b>`}</div>
        </div>
      </div>
      ${words.notice ? html`<p class="notice">${words.notice}</p>` : nothing}
      ${words.sentence ? this.sentence(words.sentence) : nothing}
      ${paragraph(saved.sentence)}
      ${words.community ? html`<p>${words.community}</p>` : nothing}
      ${words.lacks || words.community ? this.toEnter(meter, missingField(bill)) : nothing}
      ${this.#lines(words)}
      <div class="notes small">${notes.map((note) => html`<p>${note}</p>`)}</div>`;
    const print = () => void this.#print(meter, bills, bill, words.title, content);
    return html`<div @keydown=${(event: KeyboardEvent) => turnByKey(event, turn)}>
        ${turnOver(words.title, { earlier: this.locale.common("month_before"), later: this.locale.common("month_after") }, turn)}
      </div>
      ${content}
      <footer><button class="link" @click=${print}>${canPrint() ? this.t("print") : this.locale.common("save_picture")}</button></footer>`;
  }

  /** Print the statement of a month: its bill, and the months around it with their quarter-hours above the reference power. */
  async #print(meter: Meter, bills: Bill[], bill: Bill, title: string, content: TemplateResult): Promise<void> {
    const { locale } = this;
    const request = { type: "smarty_p1/classes", entry_id: meter.entry_id };
    const above = (await this.hass!.callWS<Classes>(request).catch(() => undefined))?.above ?? [];
    const year = yearOf(bills, bills.some(({ total }) => total !== null) ? "€" : "kWh", bill.month);
    const chosen = lastOf(year.months)!;
    const { head, months, rows, sum } = statementTable(year, locale);
    const limit = meter.reference_kw === null ? undefined : { kw: meter.reference_kw, isContract: true };
    const R = limit && limitName(above, limit, locale);
    const heads = limit ? [this.locale.text(yearTexts, "highest"), this.locale.text(yearTexts, "count_above", { R: R! })] : [];
    const cells = (of: readonly Month[]) => {
      const known = above.filter(({ month }) => of.some((other) => month === other.month));
      const peaks = known.flatMap(({ peak }) => peak?.mean_kw ?? []);
      return limit ? [peaks.length ? locale.kW(Math.max(...peaks)) : "–", known.length ? locale.number(aboveIn(known, limit).quarter_hours) : "–"] : [];
    };
    const withDot = (name: string, index: number) => {
      const color = COLORS[year.unit][index - 1];
      return color ? html`${dot(color)}${name}` : name;
    };
    const period = `${locale.date(bill.since ?? bill.start)} – ${locale.date(isRunning(bill) ? bill.until : lastDay(bill))}`;
    const chart = { year, chosen, hidden: [], locale, width: STATEMENT_WIDTH_PX, widthOf: this.#widthOf, choose: () => undefined };
    const name = this.nameOf(meter);
    const sheet = html`<h2>${title} · ${name}</h2>
      <p>${period}</p>
      ${content}
      <h2>${locale.text(monthsTexts, "title_few")}</h2>
      ${monthsChart(chart)}
      ${tableBehind(title, { head: [...head.map(withDot), ...heads], rows: rows.map((row, index) => [...row, ...cells([months[index]!])]), sum: sum && [...sum, ...cells(year.whole)] })}`;
    await printStatement(`${title} ${name}`, this.lang, stylesOf(this), sheet);
  }

  #total(bill: Bill, words: ShownBill): TemplateResult | string {
    // With energy sharing, the total is the sum of the bill and the payment to the energy community, if this payment is
    // known.
    const nameOf = ([own, , both]: Row[]) => (both ?? own!).name;
    return isRunning(bill) && !words.lacks ? this.moreInfo("cost_total", words.total, `${nameOf(words.sums)} ${words.total}\u00a0€`) : words.total;
  }

  #lines({ groups, sums }: ShownBill): TemplateResult {
    const heads = ["column_line", "column_quantity", "column_amount"] as const;
    return html`<div class="lines" role="table" aria-label=${this.locale.common("bill")}>
      <div class="hidden" role="row">
        ${heads.map((key) => html`<span role="columnheader">${this.t(key)}</span>`)}
      </div>
      ${groups.map((rows) => html`<div class="group" role="rowgroup">${rows.map((row) => this.#row(row))}</div>`)}
      ${sums.length ? html`<div class="sums" role="rowgroup">${sums.map((row) => this.#row(row, row.amount.includes("€")))}</div>` : nothing}
    </div>`;
  }

  #row({ name, quantity, amount, dot: kind }: Row, isSum = false): TemplateResult {
    const isNumber = /\d/.test(amount);
    return html`<div class="row ${isSum ? "sum" : ""}" role="row">
      <span role="rowheader" aria-colindex="1">${kind ? dot(kind) : nothing}${name}</span>
      ${quantity ? html`<span class="quantity small" role="cell" aria-colindex="2">${quantity}</span>` : nothing}
      <span class="amount number ${isNumber ? "" : "small"}" role="cell" aria-colindex="3">${amount}</span>
    </div>`;
  }
}

function turnByKey(event: KeyboardEvent, turn: { earlier?: (() => void) | undefined; later?: (() => void) | undefined }): void {
  const go = { ArrowLeft: turn.earlier, ArrowRight: turn.later }[event.key];
  if (!go) return;
  event.preventDefault();
  go();
}
