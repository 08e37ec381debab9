/** Card of the best hours: when a load, such as a washing machine, costs least. */

import { css, type CSSResultGroup, html, nothing, svg, type TemplateResult } from "lit";
import { type CardConfig, pageLocale, SmartyCard } from "../base-card.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { QUARTER_HOUR_MS } from "../locale.ts";
import { chooser } from "../parts/meter-chooser.ts";
import { ChosenBar } from "../charts/pointer.ts";
import { Width } from "../parts/widths.ts";
import { bestHours, hourLabels, type HoursKey, hoursTexts, type Load, readLoads, sizeOf, timeOf, usualLoads } from "../sentences/hours.ts";
import { styles } from "../styles.ts";
import type { Meter, StartCosts } from "../data/websocket-types.ts";

const HEIGHT_PX = 90;
const LABELS_PX = 24;

export class HoursCard extends SmartyCard {
  static override styles: CSSResultGroup = [
    styles,
    css`
      :host([hidden]) {
        display: none;
      }
      .chooser {
        margin: 4px -7px 8px;
      }
      .chart {
        margin-top: auto;
        padding-top: 8px;
        cursor: pointer;
      }
      rect {
        fill: color-mix(in srgb, var(--primary-text-color) 22%, var(--ground));
      }
      rect.now {
        fill: var(--quiet);
      }
      rect.best,
      rect.chosen {
        fill: var(--primary-text-color);
      }
      line {
        stroke: var(--quiet);
      }
    `,
  ];
  static override properties = { ...SmartyCard.properties, place: { state: true } };

  /** Index of the chosen load. */
  declare protected place: number;
  readonly #width = new Width(this, ".chart");
  /** Whether the start has made a difference since the page was opened. */
  #hasDiffered = false;
  #costs: StartCosts | undefined;
  #loads: Load[] | undefined;
  readonly #bar = new ChosenBar(this, () => {
    const count = this.#costs?.costs.length ?? 0;
    return { count, page: 4, at: (x) => Math.max(0, Math.min(count - 1, Math.floor(x * count))) };
  });

  constructor() {
    super();
    this.place = 0;
  }

  static override getConfigForm(): object {
    const t = (key: HoursKey) => pageLocale().text(hoursTexts, key);
    const number = (max: number) => ({ number: { min: 0, max, step: "any", mode: "box" } });
    const fields = {
      name: { label: t("load_name"), selector: { text: {} } },
      kwh: { label: t("load_kwh"), required: true, selector: number(1000) },
      hours: { label: t("load_hours"), required: true, selector: number(24) },
    };
    return {
      schema: [
        { name: "entry_id", selector: { config_entry: { integration: "smarty_p1" } } },
        { name: "loads", selector: { object: { multiple: true, label_field: "name", fields } } },
      ],
      computeLabel: ({ name }: { name: string }) => (name === "loads" ? t("loads") : pageLocale().common("meter")),
    };
  }

  override setConfig(config: CardConfig): void {
    super.setConfig(config);
    this.#loads = readLoads(config.loads);
    this.place = 0;
  }

  protected override get label(): string {
    return this.#t("name");
  }

  protected override render(): TemplateResult | typeof nothing {
    const card = super.render();
    // Until the costs are known, a card that may leave itself out shows nothing: most homes have one price at all hours.
    return this.config?.hides && !this.#hasDiffered ? nothing : card;
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const loads = this.#loads ?? usualLoads(this.locale);
    const load = loads[this.place] ?? loads[0]!;
    const { value, error } = feed.get("smarty_p1/start_costs", { kw: load.kwh / load.hours, hours: load.hours }, feed.quarterNow);
    const costs = (this.#costs = value?.start_costs ?? undefined);
    this.#hasDiffered ||= costs?.can_differ ?? false;
    if (value && !costs?.can_differ && this.config.hides) this.#hide();
    const title = html`<h2>${this.#t("title")}</h2>`;
    const choices = loads.map((each, index) => ({ id: String(index), name: each.name, detail: sizeOf(each, this.locale) }));
    const choice = loads.length > 1 ? chooser(this.#t("loads"), choices, String(this.place), (id) => this.#choose(Number(id))) : nothing;
    if (!value || !costs) return html`${title}${choice}${value?.lack ? html`<p role="status">${this.#t(value.lack)}</p>` : this.waiting(error)}`;
    this.#bar.follow(Date.parse(costs.start) / QUARTER_HOUR_MS, costs.costs.length);
    const now = new Date(feed.now);
    const shown = bestHours(costs, load, meter.reference_kw, now, this.locale);
    const sentence = costs.can_differ ? shown.sentence : this.#t("no_difference");
    this.announce(`${meter.entry_id} ${this.place}`, load.name, sentence);
    const isChosen = this.#bar.index !== undefined && shown.hasChart;
    const text = isChosen ? this.#valueAt(costs, this.#bar.index!) : sentence;
    return html`<header>${title}<small class="number">${shown.until}</small></header>
      ${choice}${this.sentence(text, "", isChosen)}
      ${shown.reason && !isChosen ? html`<p class="small">${shown.reason}</p>` : nothing}
      ${shown.hasChart
        ? html`${this.#chart(costs, shown.best)}
            ${this.table(this.#t("chart"), [this.#t("start"), this.#t("cost")], () => costs.costs.map((cost, index) => [this.#time(costs, index), this.locale.cents(cost)]))}
            <footer>${this.tableButton()}</footer>`
        : nothing}`;
  }

  #t(key: HoursKey, params: Record<string, string> = {}): string {
    return this.text(hoursTexts, key, params);
  }

  #choose(place: number): void {
    this.#bar.clear();
    this.place = place;
  }

  /** Leave the card out of the dashboard: where one price holds at all hours, it has nothing to say. */
  #hide(): void {
    if (this.hidden) return;
    this.hidden = true;
    this.dispatchEvent(new CustomEvent("card-visibility-changed", { bubbles: true, composed: true, detail: { value: false } }));
  }

  #time(costs: StartCosts, index: number): string {
    const time = timeOf(costs, index);
    return `${this.locale.shortWeekday(time)}, ${this.locale.time(time)}`;
  }

  #valueAt(costs: StartCosts, index: number): string {
    return this.#t("starts", { time: this.#time(costs, index), cost: this.locale.cents(costs.costs[index]!) });
  }

  #chart(costs: StartCosts, best: number): TemplateResult {
    const width = this.#width.value || 300;
    const { index: chosen } = this.#bar;
    const values = costs.costs;
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    const [step, scale] = [width / values.length, HEIGHT_PX / (high - low || 1)];
    const y = (value: number) => LABELS_PX + (high - value) * scale;
    const at = chosen ?? best;
    const middle = (at + 0.5) * step;
    const number = (value: number) => this.locale.number(value, 2);
    const anchor = middle < 24 ? "start" : middle > width - 24 ? "end" : "middle";
    const nowText = this.#t("now", { cost: number(values[0]!) });
    const bottom = LABELS_PX + HEIGHT_PX;
    return html`<div class="small">${this.#t("axis")}</div><div class="chart"
      role="slider" tabindex="0" aria-label=${this.#t("chart")} aria-valuemin="0" aria-valuemax=${values.length - 1} aria-valuenow=${at}
      aria-valuetext=${this.#valueAt(costs, at)} aria-orientation="horizontal"
      @pointerdown=${this.#bar.down} @pointermove=${this.#bar.move} @pointerup=${this.#bar.up} @pointercancel=${this.#bar.up} @pointerleave=${this.#bar.leave} @keydown=${this.#bar.key}>
      <svg viewBox="0 0 ${width} ${bottom + 24}" height=${bottom + 24} aria-hidden="true">
        ${values.map((value, index) => {
          const kind = index === chosen ? "chosen" : index === best && chosen === undefined ? "best" : index ? "" : "now";
          return svg`<rect class=${kind} x=${(index * step).toFixed(1)} y=${y(Math.max(0, value)).toFixed(1)} width=${Math.max(1, step - 1).toFixed(1)} height=${Math.max(1, Math.abs(value) * scale).toFixed(1)}></rect>`;
        })}
        ${middle > nowText.length * 8 + 20 ? svg`<text x="0" y="14">${nowText}</text>` : nothing}
        <line x1=${middle} x2=${middle} y1="18" y2=${y(Math.max(0, values[at]!)) - 1}></line>
        <text x=${middle} y="14" text-anchor=${anchor} style="font-weight:500;fill:var(--primary-text-color)">${number(values[at]!)}</text>
        <line x1="0" x2=${width} y1=${y(0)} y2=${y(0)}></line>
        ${hourLabels(costs, this.locale).map(({ index, text }) => svg`<line x1=${index * step} x2=${index * step} y1=${y(low)} y2=${bottom + 4}></line>
          <text x=${index * step} y=${bottom + 18} text-anchor=${index * step < 24 ? "start" : index * step > width - 24 ? "end" : "middle"}>${text}</text>`)}
      </svg>
    </div>`;
  }
}
