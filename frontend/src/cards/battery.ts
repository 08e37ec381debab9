/** Card that estimates the value of a battery. */

import { css, type CSSResultGroup, html, nothing, type TemplateResult } from "lit";
import { SmartyCard } from "../base-card.ts";
import type { Field } from "../card-host.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { readEuros } from "../euros.ts";
import { localDay } from "../locale.ts";
import { type BatterySize, type BatteryKey, batteryAnswer, batteryTexts, besides, ofHouse } from "../sentences/battery.ts";
import { houseOf } from "../sentences/house.ts";
import { styles } from "../styles.ts";
import type { Meter, WhatIf, WhatIfRefusal } from "../data/websocket-types.ts";

/** Ranges of the sliders: capacity in kWh, power in kW, own consumption in W. */
const SLIDERS = {
  kwh: { min: 2, max: 30, unit: "kWh" },
  kw: { min: 1, max: 15, unit: "kW" },
  standby: { min: 0, max: 60, unit: "W" },
} as const;
const MAX_PRICE = 100_000;
/** For each reason of a refusal, the field whose value is missing. */
const FIELDS: Partial<Record<WhatIfRefusal["reason"], Field>> = {
  no_reference_power: "reference_power",
  no_feed_in_price: "feed_in",
  no_network_price: "network_prices",
};

export class BatteryCard extends SmartyCard {
  static override styles: CSSResultGroup = [
    styles,
    css`
      .sliders {
        display: grid;
        grid-template-columns: auto 1fr auto;
        align-items: center;
        gap: 0 12px;
        margin: 4px 0 8px;
      }
      label {
        display: contents;
      }
      input {
        width: 100%;
        min-width: 0;
        height: 44px;
        margin: 0;
        accent-color: var(--drawn);
        cursor: pointer;
      }
      input[type="text"] {
        justify-self: end;
        box-sizing: border-box;
        max-width: 138px;
        padding: 0 8px;
        font: inherit;
        text-align: end;
        color: inherit;
        background: none;
        border: 1px solid var(--divider-color);
        border-radius: 4px;
        cursor: text;
      }
      /* On a narrow card, a slider needs the whole width. So its name and its value come above it. */
      @container (max-width: 340px) {
        .sliders {
          grid-template-columns: 1fr auto;
          grid-auto-flow: dense;
        }
        .sliders input {
          grid-column: 1 / -1;
        }
      }
      .refused {
        grid-column: 1 / -1;
        margin: 0;
        color: var(--excess);
      }
      .year {
        margin: 8px 0;
      }
      .year th,
      .year td {
        padding: 4px 0 4px 12px;
        font-weight: 400;
        text-align: end;
        border-top: 1px solid var(--divider-color);
      }
      .year tr > :first-child {
        padding-left: 0;
        min-width: 100px;
        text-align: start;
      }
      .year thead > tr > * {
        border: 0;
        font-size: 13px;
        line-height: 18px;
        color: var(--quiet);
      }
      .year tfoot th,
      .year tfoot td {
        font-weight: 500;
      }
    `,
  ];
  static override properties = { ...SmartyCard.properties, chosen: { state: true }, asked: { state: true }, entered: { state: true } };

  declare protected chosen: BatterySize;
  /** Battery of the last request. It differs from `chosen` while a slider moves. */
  declare protected asked: BatterySize;
  /** Price of the battery as typed, empty if not entered. */
  declare protected entered: string;

  constructor() {
    super();
    this.chosen = { kwh: 10, kw: 5, standby: 20 };
    this.asked = this.chosen;
    this.entered = "";
  }

  protected override get label(): string {
    return this.#t("name");
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    // The answer changes only with a new month, an import or a changed contract. So request it only once a day.
    const today = localDay(new Date(feed.now));
    const { value, error } = feed.get("smarty_p1/what_if", { changes: [{ kind: "battery", ...this.asked }] }, today);
    const batteries = houseOf(feed)?.battery ?? [];
    const hasBattery = batteries.length > 0;
    return html`<h2>${this.#t(ofHouse("title", hasBattery))}</h2>
      ${hasBattery ? html`<p class="small">${besides(batteries, this.locale)}</p>` : nothing}
      ${value?.refusal ? this.#refusal(value.refusal, meter) : html`<div class="sliders">${this.#slider("kwh")}${this.#slider("kw")}${this.#slider("standby")}${this.#price()}</div>`}
      ${value?.what_if ? this.#answer(value.what_if, hasBattery, meter, today) : nothing}
      ${value ? nothing : this.waiting(error)}`;
  }

  #t(key: BatteryKey, params: Record<string, string> = {}): string {
    return this.text(batteryTexts, key, params);
  }

  #slider(name: keyof typeof SLIDERS): TemplateResult {
    const { min, max, unit } = SLIDERS[name];
    const shown = this.locale.unit(this.chosen[name], unit);
    const move = ({ target }: Event) => (this.chosen = { ...this.chosen, [name]: Number((target as HTMLInputElement).value) });
    const ask = () => (this.asked = this.chosen);
    return html`<label><span>${this.#t(name)}</span>
      <input type="range" min=${min} max=${max} .value=${String(this.chosen[name])} aria-valuetext=${shown} @input=${move} @change=${ask} />
      <span class="number" aria-hidden="true">${shown}</span></label>`;
  }

  /** Price of the battery in EUR; 0 if no valid price is entered. */
  get #euros(): number {
    const [price = 0, ...others] = readEuros(this.entered);
    return others.length ? 0 : Math.min(Math.max(price, 0), MAX_PRICE);
  }

  #price(): TemplateResult {
    const enter = ({ target }: Event) => (this.entered = (target as HTMLInputElement).value);
    const refused = this.#refusedPrice();
    return html`<label><span>${this.#t("price")}</span>
        <input type="text" inputmode="decimal" autocomplete="off" .value=${this.entered} aria-invalid=${refused ? "true" : "false"} @input=${enter} />
        <span class="number">€</span></label>
      ${refused ? html`<p class="refused" role="alert">${refused}</p>` : nothing}`;
  }

  /** Return why the typed price is refused, or an empty text. */
  #refusedPrice(): string {
    const [first, second] = readEuros(this.entered);
    // Without its group separator, the higher reading is not ambiguous.
    if (first !== undefined && second !== undefined) return this.#t("price_ambiguous", { first: this.locale.number(first, 2), second: String(second) });
    return this.entered.trim() && !(first !== undefined && first >= 0) ? this.#t("price_malformed") : "";
  }

  #answer(estimate: WhatIf, hasBattery: boolean, meter: Meter, today: string): TemplateResult {
    const { sentence, head, rows, notes } = batteryAnswer(estimate, this.asked, this.locale, { price: this.#euros, hasBattery, today });
    this.announce(`${meter.entry_id} ${JSON.stringify(this.asked)} ${this.#euros}`, "", sentence);
    const row = ([name, ...cells]: string[]) =>
      html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
    return html`${this.sentence(sentence)}
      <table class="year stacks">
        <caption class="hidden">${this.#t(ofHouse("caption", hasBattery))}</caption>
        <thead><tr><td></td>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
        <tbody>${rows.slice(0, -1).map(row)}</tbody>
        <tfoot>${rows.slice(-1).map(row)}</tfoot>
      </table>
      <p class="small">${notes.join(" ")}</p>`;
  }

  #refusal({ reason, days, least_days }: WhatIfRefusal, meter: Meter): TemplateResult {
    const text = this.#t(reason, { days: this.locale.number(days), least: this.locale.number(least_days) });
    const isToEnter = reason.startsWith("no_") && this.hass?.user?.is_admin;
    return html`<p role="status">${text}</p>
      ${isToEnter ? html`<div>${this.settings(meter, this.#t("enter"), FIELDS[reason] ?? "energy_price")}</div>` : nothing}`;
  }
}
