/** Card with a stacked bar for each of thirteen months. The bill card shows the month that is chosen here. */

import { columnHeads, smallLine } from "../parts/markup.ts";
import { numberRow } from "../parts/number-row.ts";
import { lastOf } from "../built-in-replacements.ts";
import { css, type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { SmartyCard } from "../base-card.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { billsOf, showMonth, shownOf, withoutBill } from "../parts/shared-bills.ts";
import { chartStyles, COLORS, type MonthsChart, monthsChart } from "../charts/months-chart.ts";
import { chartPart, partStyles } from "../charts/chart-part.ts";
import { switchStyles, twoWaySwitch } from "../parts/two-way-switch.ts";
import { measureIn, Width } from "../parts/measured-sizes.ts";
import { missingField } from "../sentences/bill.ts";
import * as words from "../sentences/months.ts";
import { styles } from "../styles.ts";
import type { Bill, Meter } from "../data/websocket-types.ts";

export class MonthsCard extends SmartyCard<words.MonthsKey> {
  static override readonly texts = words.monthsTexts;
  static override styles: CSSResultGroup = [
    styles,
    switchStyles,
    chartStyles,
    partStyles,
    css`
      .parts {
        margin-top: 8px;
      }
      .parts th,
      .parts td {
        font-size: 13px;
        line-height: 18px;
        padding-block: 3px;
        vertical-align: top;
      }
      /* A second line begins below the first letter, not below the mark. */
      .parts button {
        min-height: 24px;
      }
      .parts button,
      .parts tfoot [scope="row"] {
        padding-inline-start: 18px;
        text-indent: -18px;
      }
      .parts thead {
        color: var(--quiet);
      }
      @container (min-width: 330px) {
        .parts thead th {
          white-space: nowrap;
        }
      }
      .parts tfoot tr > * {
        border-top: var(--line);
      }
      .mark {
        display: inline-block;
        width: 10px;
        margin: 0 8px 4px 0;
        border-top: 3px solid var(--text);
      }
    `,
  ];
  static override properties: PropertyDeclarations = { unit: { state: true }, hiddenParts: { state: true } };

  declare protected unit: words.Unit;
  /** Parts that the user has hidden in the chart. */
  declare protected hiddenParts: readonly words.MonthsKey[];
  readonly #width = new Width(this, ".chart", true);
  readonly #widthOf = measureIn(this);

  constructor() {
    super();
    this.unit = "€";
    this.hiddenParts = [];
  }

  override getCardSize(): number {
    return 9;
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const { bills, error } = billsOf(feed);
    if (!bills) return withoutBill(this.t("title_few"), error, this.locale, this.waiting(error));
    const chosen = shownOf(bills, feed).month;
    // Every telegram calls this method. So draw the chart again only if one of these values has changed.
    const dependencies = [bills, chosen, this.unit, this.hiddenParts, this.#width.value, this.#width.height, this.locale, this.isTableShown, meter, this.isAdmin];
    return html`${guard(dependencies, () => this.#show(meter, feed, bills, chosen))}`;
  }

  #show(meter: Meter, feed: MeterFeed, bills: Bill[], month: string): TemplateResult {
    const { locale } = this;
    const last = lastOf(bills)!;
    const lack = words.lackOfAll(bills);
    const { value: width, height } = this.#width;
    const year = words.yearOf(bills, lack ? "kWh" : this.unit);
    const head = words.headOf(year, locale);
    const chosen = year.months.find((entry) => entry.month === month)!;
    this.announce(`${meter.entry_id} ${year.unit}`, `${head.title}${this.locale.sign(":")} ${head.value} ${head.label}`, head.sentence);
    const all = words.allMonths(year, locale);
    const { hiddenParts: hidden } = this;
    const chart: MonthsChart = { year, chosen, hidden, locale, width, height, widthOf: this.#widthOf, choose: (to) => showMonth(bills, feed, to) };
    return html`<header>
        <h2>${head.title}</h2>
        ${lack ? nothing : this.#units()}${this.menu(head.title)}
      </header>
      <div class="big">${head.value}<small> ${head.label}</small></div>
      ${head.sentence ? this.sentence(head.sentence) : nothing}
      ${monthsChart(chart)} ${this.#table(year, chosen)}
      ${words.amountNotes(year, locale).map(smallLine)}
      ${lack ? html`${smallLine(words.lackSentence(last, locale))}${this.toEnter(meter, missingField(last))}` : nothing}
      ${this.table(head.title, () => all)}`;
  }

  #units(): TemplateResult {
    return twoWaySwitch(this.t("unit"), [["€", "€"], ["kWh", "kWh"]] as const, this.unit, (unit) => (this.unit = unit));
  }

  #table(year: words.Year, chosen: words.Month): TemplateResult {
    const { head, rows, total } = words.tableOf(year, chosen, this.locale);
    const colorOf = (key: words.MonthsKey) => COLORS[year.unit][words.PARTS[year.unit].indexOf(key)]!;
    const part = ({ key, name }: words.TableRow) => chartPart(key, colorOf(key), name, this.hiddenParts, (hidden) => (this.hiddenParts = hidden));
    return html`<table class="parts stacks">
      <thead><tr>${columnHeads(head)}</tr></thead>
      <tbody>${rows.map((row) => numberRow(part(row), row.cells))}</tbody>
      ${total ? html`<tfoot>${numberRow(html`<span class="mark"></span>${total.name}`, total.cells)}</tfoot>` : nothing}
    </table>`;
  }
}
