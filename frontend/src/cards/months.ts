/** Is it getting better? A year of months, of which one turns the bill to it. */

import { css, type CSSResultGroup, html, nothing, type PropertyValues, svg, type TemplateResult } from "lit";
import { SmartyCard } from "../card.ts";
import { AXIS, type Drawing, monthsDrawing } from "../drawing/months.ts";
import type { Feed } from "../feed.ts";
import { billsOf, refusal, showMonth, shownOf, toEnter } from "../parts/bills.ts";
import { hatch } from "../parts/markup.ts";
import { type BillKey, billTexts, isGridAlone } from "../sentences/bill.ts";
import * as words from "../sentences/months.ts";
import { styles } from "../styles.ts";
import type { Bill, Meter } from "../wire.ts";

const HEIGHT = 196;
const LETTERS = 20;
/** The strength of each part's colour in %, and of which colour; by the order of the parts. */
const COLORS: Record<words.Unit, string[]> = {
  "€": ["var(--drawn)", "var(--drawn-70)", "var(--drawn-44)", "var(--excess)", "var(--fed-in)"],
  kWh: ["var(--drawn)", "var(--excess)", "var(--fed-in)"],
};

interface Drawn {
  deps: unknown[];
  year: words.Year;
  drawing: Drawing;
  shown: TemplateResult;
}

export class MonthsCard extends SmartyCard {
  static override styles: CSSResultGroup = [
    styles,
    css`
      :host {
        --drawn-70: color-mix(in srgb, var(--drawn) 70%, var(--ground));
        --drawn-44: color-mix(in srgb, var(--drawn) 44%, var(--ground));
      }
      header {
        align-items: center;
      }
      fieldset {
        display: flex;
        flex: none;
        margin: 0;
        padding: 0;
        border: 1px solid var(--divider-color);
        border-radius: 22px;
        overflow: hidden;
      }
      label {
        display: grid;
        place-items: center;
        min-width: 56px;
        height: 44px;
        font-size: 13px;
        cursor: pointer;
      }
      label:has(:checked) {
        background: var(--chosen);
        font-weight: 500;
      }
      label:has(:focus-visible) {
        outline: 2px solid var(--link);
        outline-offset: -2px;
        border-radius: 22px;
      }
      .chart {
        margin-top: 4px;
        cursor: pointer;
        touch-action: pan-y;
      }
      .line {
        stroke: var(--divider-color);
      }
      .zero {
        stroke: var(--quiet);
      }
      .tick {
        stroke: var(--primary-text-color);
        stroke-width: 2.5;
      }
      .halo {
        stroke: var(--ground);
        stroke-width: 4;
      }
      .value {
        fill: var(--primary-text-color);
        stroke: var(--ground);
        stroke-width: 3.5;
        stroke-linejoin: round;
        paint-order: stroke;
      }
      .chosen {
        font-weight: 500;
        fill: var(--primary-text-color);
      }
      .column {
        fill: var(--chosen);
      }
      .parts {
        margin-top: 8px;
      }
      .parts th,
      .parts td {
        font-size: 13px;
        line-height: 18px;
        padding: 3px 0 3px 8px;
        font-weight: 400;
        text-align: right;
        vertical-align: top;
      }
      .parts tr > :first-child {
        text-align: left;
        padding-left: 0;
      }
      .parts thead {
        color: var(--quiet);
      }
      .parts tfoot th,
      .parts tfoot td {
        border-top: 1px solid var(--divider-color);
        font-weight: 500;
      }
      .mark {
        display: inline-block;
        width: 10px;
        height: 3px;
        margin: 0 8px 4px 0;
        background: var(--primary-text-color);
      }
    `,
  ];
  static override properties = { ...SmartyCard.properties, unit: { state: true }, width: { state: true } };

  declare protected unit: words.Unit;
  declare protected width: number;
  #drawn: Drawn | undefined;
  #sizes: ResizeObserver | undefined;

  constructor() {
    super();
    this.unit = "€";
    this.width = 0;
  }

  override getCardSize(): number {
    return 9;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sizes = new ResizeObserver(() => this.#measure());
    this.#sizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sizes?.disconnect();
  }

  protected override updated(_changed: PropertyValues): void {
    this.#measure();
  }

  #measure(): void {
    const width = this.renderRoot.querySelector(".chart")?.clientWidth;
    if (width) this.width = width;
  }

  protected content(meter: Meter, feed: Feed): TemplateResult {
    const { bills, error } = billsOf(feed);
    if (!bills) return this.#without(meter, error);
    const chosen = shownOf(bills, feed).month;
    // With each telegram it is asked for again, and made again when something is another.
    const deps = [bills, chosen, this.unit, this.width, this.locale, this.isTableShown, meter, this.hass?.user?.is_admin];
    if (!this.#drawn?.deps.every((each, index) => each === deps[index])) {
      const year = words.yearOf(bills, this.unit);
      const drawing = this.#drawing(year, chosen);
      this.#drawn = { deps, year, drawing, shown: this.#show(meter, feed, bills, year, drawing, chosen) };
    }
    return this.#drawn!.shown;
  }

  #drawing({ months }: words.Year, chosen: string): Drawing {
    const columns = months.map((month) => ({
      parts: month.parts,
      tick: month.estimate ?? month.value,
      label: words.labelOf(month, this.locale),
      estimate: month.estimate,
      isChosen: month.month === chosen,
    }));
    return monthsDrawing(columns, this.width || 320, HEIGHT);
  }

  #show(meter: Meter, feed: Feed, bills: Bill[], year: words.Year, drawing: Drawing, month: string): TemplateResult {
    const { locale } = this;
    const head = words.headOf(year, locale);
    const chosen = year.months.find((each) => each.month === month)!;
    const isAlone = this.unit === "€" && isGridAlone(bills.at(-1)!);
    const all = words.allMonths(year, locale);
    return html`<header>
        <h2>${head.title}</h2>
        ${this.#units()}
      </header>
      <div class="big">${head.value} <small>${head.label}</small></div>
      ${head.sentence ? this.sentence(head.sentence) : nothing}
      ${isAlone ? html`<p class="small">${this.text(words.monthsTexts, "grid_alone")}</p>` : nothing}
      ${isAlone ? this.#toEnter(meter, "enter_prices") : nothing}
      ${this.#chart(feed, bills, year, drawing, chosen)} ${this.#table(year, chosen)}
      ${this.table(head.title, all.head, () => all.rows)}
      <footer>${this.tableButton()}</footer>`;
  }

  #units(): TemplateResult {
    const option = (unit: words.Unit) =>
      html`<label
        ><input class="hidden" type="radio" name="unit" .checked=${this.unit === unit} @change=${() => (this.unit = unit)} />${unit}</label
      >`;
    return html`<fieldset aria-label=${this.text(words.monthsTexts, "unit")}>${option("€")}${option("kWh")}</fieldset>`;
  }

  #chart(feed: Feed, bills: Bill[], year: words.Year, drawing: Drawing, chosen: words.Month): TemplateResult {
    const { months } = year;
    const at = months.indexOf(chosen);
    const width = this.width || 320;
    const choose = (month: string | undefined) => showMonth(bills, feed, month);
    const point = (event: PointerEvent | MouseEvent) => {
      const box = (event.currentTarget as Element).getBoundingClientRect();
      choose(nearest(months, (event.clientX - box.left - AXIS) / drawing.step)?.month);
    };
    const move = (event: PointerEvent) => event.buttons && point(event);
    const key = (event: KeyboardEvent) => {
      const known = months.filter(({ bill }) => bill);
      const here = known.indexOf(chosen);
      const steps: Record<string, number> = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: known.length - 1, Escape: known.length - 1 };
      const to = steps[event.key];
      if (to === undefined) return;
      event.preventDefault();
      choose(known[Math.max(0, Math.min(known.length - 1, to))]?.month);
    };
    const middle = (index: number) => drawing.left[index]! + drawing.step / 2;
    return html`<div
      class="chart"
      role="slider"
      tabindex="0"
      aria-label=${this.text(words.monthsTexts, "chart")}
      aria-valuemin="1"
      aria-valuemax=${months.length}
      aria-valuenow=${at + 1}
      aria-valuetext=${words.choiceOf(chosen, this.unit, this.locale)}
      @click=${point}
      @pointermove=${move}
      @keydown=${key}
    >
      <svg width=${width} height=${HEIGHT + LETTERS} aria-hidden="true">
        <defs>${hatch("coming", "var(--drawn)")}</defs>
        <rect class="column" x=${drawing.left[at]!} y="0" width=${drawing.step} height=${HEIGHT + LETTERS} rx="6"></rect>
        ${drawing.lines.map(
          ({ y, value }) => svg`<line class="line" x1=${AXIS} x2=${width} y1=${y} y2=${y}></line>
            <text x=${AXIS - 6} y=${y + 4} text-anchor="end">${this.locale.number(value)}</text>`,
        )}
        ${drawing.paths.map((path, index) => svg`<path d=${path} fill=${COLORS[this.unit][index]}></path>`)}
        <path d=${drawing.hatched} fill="url(#coming)"></path>
        <line class="zero" x1=${AXIS} x2=${width} y1=${drawing.zero} y2=${drawing.zero}></line>
        <text x=${AXIS - 6} y=${drawing.zero + 4} text-anchor="end">0</text>
        ${this.unit === "€" ? svg`<path class="halo" d=${drawing.ticks}></path><path class="tick" d=${drawing.ticks}></path>` : nothing}
        ${drawing.labels.map(
          ({ x, y, text, isChosen }) => svg`<text class="value ${isChosen ? "chosen" : ""}" x=${x} y=${y} text-anchor="middle">${text}</text>`,
        )}
        ${months.map(
          ({ start }, index) => svg`<text class=${index === at ? "chosen" : ""} x=${middle(index)} y=${HEIGHT + 14} text-anchor="middle"
            >${this.locale.month(start).charAt(0).toUpperCase()}</text>`,
        )}
      </svg>
    </div>`;
  }

  #table(year: words.Year, chosen: words.Month): TemplateResult {
    const { head, rows, total } = words.tableOf(year, chosen, this.locale);
    const dot = (key: words.MonthsKey) =>
      html`<span class="dot" style="background:${COLORS[this.unit][words.PARTS[this.unit].indexOf(key)]}"></span>`;
    const line = ({ name, cells }: words.TableRow, mark: TemplateResult) =>
      html`<tr><th scope="row">${mark}${name}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
    return html`<table class="parts">
      <thead><tr>${head.map((each) => html`<th scope="col">${each}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => line(row, dot(row.key)))}</tbody>
      ${total ? html`<tfoot>${line(total, html`<span class="mark"></span>`)}</tfoot>` : nothing}
    </table>`;
  }

  #toEnter(meter: Meter, key: "enter_prices" | "enter_reference"): TemplateResult {
    return toEnter({ hass: this.hass, link: (path, text) => this.link(path, text) }, meter, this.locale, key);
  }

  #without(meter: Meter, error: string | undefined): TemplateResult {
    const key: BillKey | undefined = refusal(error);
    return html`<h2>${this.text(words.monthsTexts, "title_few")}</h2>
      ${key ? html`<p role="status">${this.text(billTexts, key)}</p>` : this.waiting(error)}
      ${key === "no_reference_power" ? this.#toEnter(meter, "enter_reference") : nothing}`;
  }
}

/** The known month that is nearest to a place. */
function nearest(months: words.Month[], place: number): words.Month | undefined {
  const distance = (month: words.Month) => Math.abs(months.indexOf(month) + 0.5 - place);
  return months.filter(({ bill }) => bill).sort((one, other) => distance(one) - distance(other))[0];
}
