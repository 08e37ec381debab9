/** Card with the last year as it would have been with changes: a battery, a car, another contract and more. */

import { columnHeads, smallLine, statusLine } from "../parts/markup.ts";
import { numberRow } from "../parts/number-row.ts";
import { css, type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { SmartyCard } from "../base-card.ts";
import type { Field } from "../card-host.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { keepSaving } from "../data/planned-car-saving.ts";
import { readAmount, readEuros } from "../typed-euros.ts";
import { localDay } from "../locale.ts";
import { besides, canPayBack, type Kind, savingOfCar, type WhatIfKey, whatIfAnswer, whatIfTexts } from "../sentences/what-if.ts";
import { houseOf } from "../sentences/house.ts";
import { styles } from "../styles.ts";
import type { Change, Market, Meter, WhatIf, WhatIfDevice, WhatIfRefusal } from "../data/websocket-types.ts";

const KINDS = ["battery", "panels", "car", "plan", "heat_pump", "contract", "sharing_key"] as const satisfies readonly Kind[];
/** Positions of a slider: from `min` to `max`, or one of `values`. */
interface Slider {
  key?: WhatIfKey;
  min?: number;
  max?: number;
  step?: number;
  values?: readonly number[];
  first: number;
  unit?: string;
  names?: readonly WhatIfKey[];
}
/** Sliders of a car: the plan of a car has them, too. */
const CAR = {
  kwh: { key: "car_kwh", min: 1, max: 60, first: 8, unit: "kWh" },
  kw: { key: "car_kw", values: [2.3, 3.7, 4.6, 7.4, 11, 22], first: 11, unit: "kW" },
} as const;
/** Sliders by kind and name. Without a `key`, the text has the key of both, such as "battery_kwh". */
const SLIDERS: Partial<Record<Kind, Record<string, Slider>>> = {
  battery: {
    kwh: { min: 2, max: 30, first: 10, unit: "kWh" },
    kw: { min: 1, max: 15, first: 5, unit: "kW" },
    standby: { max: 60, first: 20, unit: "W" },
  },
  panels: {
    kwp: { min: 0.5, max: 20, step: 0.5, first: 6, unit: "kWp" },
    direction: { values: [90, 135, 180, 225, 270], first: 180, names: ["east", "south_east", "south", "south_west", "west"] },
  },
  car: { ...CAR, begin_hour: { max: 23, first: 22 } },
  plan: { ...CAR, begin_hour: { max: 23, first: 18 }, end_hour: { max: 23, first: 7 } },
  heat_pump: { kwh: { min: 500, max: 15_000, step: 500, first: 4000, unit: "kWh" } },
  sharing_key: {
    kwp: { values: [5, 10, 15, 20, 30, 50, 75, 100, 150, 200], first: 30, unit: "kWp" },
    key: { min: 1, max: 100, first: 10, unit: "%" },
  },
};
type Tariff = "one_price" | "two_prices" | "market_price";
/** Amounts that are typed: those of a contract by its kind of price, the price of a shared kWh, and that of all changes. */
type Price = "energy_price" | "second_energy_price" | "energy_margin" | "energy_fee" | "sharing_key_price" | "price";
const PRICES_OF: Record<Tariff, readonly Price[]> = {
  one_price: ["energy_price", "energy_fee"],
  two_prices: ["energy_price", "second_energy_price", "energy_fee"],
  market_price: ["energy_margin", "energy_fee"],
};
/** Unit and limits of a typed amount. */
const LIMITS: Record<Price, readonly [unit: "per_kwh" | "per_month" | "euros", min: number, max: number]> = {
  energy_price: ["per_kwh", 0, 1],
  second_energy_price: ["per_kwh", 0, 1],
  energy_margin: ["per_kwh", -1, 1],
  energy_fee: ["per_month", -100, 100],
  sharing_key_price: ["per_kwh", 0, 1],
  price: ["euros", 0, 100_000],
};
/** Reasons of a refusal that another choice in the card cures. */
const CURABLE: readonly WhatIfRefusal["reason"][] = ["no_market_prices", "download_failed", "no_car"];
/** For each reason of a refusal, the field whose value is missing. */
const FIELDS: Partial<Record<WhatIfRefusal["reason"], Field>> = {
  no_reference_power: "reference_power",
  no_feed_in_price: "feed_in",
  no_network_price: "network_prices",
};

export class WhatIfCard extends SmartyCard<WhatIfKey> {
  static override readonly texts = whatIfTexts;
  static override styles: CSSResultGroup = [
    styles,
    css`
      .kinds {
        display: flex;
        flex-wrap: wrap;
        gap: 0 8px;
        margin: 4px 0;
      }
      .kinds button span {
        display: inline-block;
        padding: 4px 12px;
        border: 1px solid var(--quiet);
        border-radius: 18px;
      }
      .kinds [aria-pressed="true"] span {
        --outline: var(--text);
      }
      @container (min-width: 800px) {
        .sides {
          display: grid;
          grid-template-columns: 1fr 1fr;
          gap: 40px;
        }
      }
      .fields {
        display: grid;
        grid-template-columns: fit-content(45%) minmax(0, 1fr) auto;
        align-items: center;
        gap: 0 12px;
        margin: 0 0 8px;
        padding: 0;
        border: 0;
        min-width: 0;
      }
      legend {
        padding: 0;
        font-weight: 500;
      }
      label {
        display: contents;
      }
      input,
      select {
        width: 100%;
        min-width: 0;
        height: 44px;
        margin: 0;
        accent-color: var(--drawn);
        cursor: pointer;
      }
      input:not([type="range"]),
      select {
        justify-self: end;
        max-width: 138px;
        margin: 2px 0;
        text-align: end;
      }
      select,
      input[type="time"] {
        grid-column: 2 / -1;
      }
      select {
        width: auto;
        max-width: 100%;
      }
      /* On a narrow card, a slider needs the whole width. So its name and its value come above it. */
      @container (max-width: 340px) {
        .fields {
          grid-template-columns: 1fr auto;
          grid-auto-flow: dense;
        }
        .fields input,
        .fields select,
        label > :nth-last-child(2) {
          grid-column: 1 / -1;
          max-width: 100%;
        }
      }
      .excess {
        grid-column: 1 / -1;
      }
      .year {
        margin: 8px 0;
      }
      .year th,
      .year td {
        border-top: var(--line);
      }
      .year tr > :first-child {
        min-width: 100px;
      }
      .year thead > tr > * {
        border: 0;
        font-size: 13px;
        line-height: 18px;
        color: var(--quiet);
      }
    `,
  ];
  static override properties: PropertyDeclarations = {
    kinds: { state: true },
    moved: { state: true },
    asked: { state: true },
    typed: { state: true },
    tariff: { state: true },
    times: { state: true },
    market: { state: true },
    device: { state: true },
    downloads: { state: true },
  };

  /** Chosen kinds of changes. */
  declare protected kinds: ReadonlySet<Kind>;
  /** Positions of the sliders, by names such as "battery.kwh". */
  declare protected moved: Readonly<Record<string, number>>;
  /** Positions of the last request. They differ from `moved` while a slider moves. */
  declare protected asked: Readonly<Record<string, number>>;
  /** Amounts as typed, empty if not entered. */
  declare protected typed: Readonly<Partial<Record<Price, string>>>;
  declare protected tariff: Tariff;
  /** Times of the second price. */
  declare protected times: { from: string; to: string };
  /** Chosen market, undefined for the first one. */
  declare protected market: string | undefined;
  /** Chosen device of the Energy dashboard that is the planned car, empty for a typed energy. */
  declare protected device: string;
  /** Whether the user wants missing prices to be downloaded. */
  declare protected downloads: boolean;
  /** Markets of the last answer. */
  #markets: readonly Market[] = [];
  #devices: readonly WhatIfDevice[] = [];
  /** Whether the last answer lacks prices because their download has failed. */
  #hasFailed = false;

  constructor() {
    super();
    this.kinds = new Set<Kind>(["battery"]);
    this.moved = this.asked = {};
    this.typed = {};
    this.tariff = "one_price";
    this.times = { from: "22:00", to: "06:00" };
    this.market = undefined;
    this.device = "";
    this.downloads = false;
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    // The answer changes only with a new month, an import or a changed contract. So request it only once a day.
    const today = localDay(feed.now);
    const changes = this.#changes();
    // Only a failed download is asked for again, a quarter-hour later.
    const { value, error } = feed.ask("smarty_p1/what_if", { changes }, this.#hasFailed ? feed.quarterNow : today);
    if (value) {
      this.#markets = value.markets;
      this.#devices = value.devices;
      this.#hasFailed = value.refusal?.reason === "download_failed";
    }
    const batteries = houseOf(feed)?.battery ?? [];
    const refusal = value?.refusal;
    // Without the data of a year, no change has an answer. So show no fields.
    const isHopeless = refusal && !CURABLE.includes(refusal.reason);
    const fields = () => html`<div>${this.#chips()}${KINDS.filter((kind) => this.kinds.has(kind)).map((kind) => this.#fields(kind))}
      ${smallLine(this.kinds.has("battery") ? besides(batteries, this.locale) : "")}
      ${this.#canPayBack ? html`<div class="fields">${this.#price("price")}</div>` : nothing}</div>`;
    return html`<h2>${this.t("title")}</h2>
      <div class="sides">${isHopeless ? nothing : fields()}<div>
        ${refusal ? this.#refusal(refusal, meter) : nothing}
        ${!changes.length && !isHopeless ? statusLine(this.t(this.kinds.size ? "to_enter" : "choose")) : nothing}
        ${value?.what_if && changes.length ? this.#answer(value.what_if, changes, batteries.length > 0, meter, today) : nothing}
        ${value ? nothing : this.waiting(error)}
      </div></div>`;
  }

  get #canPayBack(): boolean {
    return canPayBack([...this.kinds]);
  }

  /** Return the changes of the request. A contract without its price is left out. */
  #changes(): Change[] {
    return KINDS.filter((kind) => this.kinds.has(kind)).flatMap((kind): Change[] => {
      if (kind === "contract") return this.#contract();
      const fields = this.#sliders(kind).map(([name, { first }]) => [name, this.asked[`${kind}.${name}`] ?? first] as const);
      const price = kind === "sharing_key" ? this.#amount("sharing_key_price") : undefined;
      const device = kind === "plan" ? this.#chosenDevice : "";
      return [{ kind, ...Object.fromEntries(fields), ...(price === undefined ? {} : { price }), ...(device ? { device } : {}) } as Change];
    });
  }

  #contract(): Change[] {
    const amounts = Object.fromEntries(PRICES_OF[this.tariff].map((name) => [name, this.#amount(name)] as const).filter(([, amount]) => amount !== undefined));
    const needed = PRICES_OF[this.tariff].slice(0, -1);
    if (needed.some((name) => !(name in amounts))) return [];
    const market = this.#chosenMarket?.id;
    if (this.tariff === "market_price" && market === undefined) return [];
    return [
      {
        kind: "contract",
        ...amounts,
        ...(this.tariff === "two_prices" ? { second_price_from: this.times.from, second_price_to: this.times.to } : {}),
        ...(this.tariff === "market_price" ? { market: market!, ...(this.downloads ? { download: true } : {}) } : {}),
      },
    ];
  }

  /** The chosen market, or the first one: another meter may not have the chosen one. */
  get #chosenMarket(): Market | undefined {
    return this.#markets.find(({ id }) => id === this.market) ?? this.#markets[0];
  }

  /** The chosen device, or an empty text: another meter may not have it. */
  get #chosenDevice(): string {
    return this.#devices.some(({ id }) => id === this.device) ? this.device : "";
  }

  /** Return the sliders of a kind. A plan for a device has the energy of the device, and a plan beside a car is for this car. */
  #sliders(kind: Kind): [string, Slider][] {
    const hidden = kind !== "plan" ? [] : this.#chosenDevice ? ["kwh"] : this.kinds.has("car") ? Object.keys(SLIDERS.car!) : [];
    return Object.entries(SLIDERS[kind] ?? {}).filter(([name]) => !hidden.includes(name));
  }

  #chips(): TemplateResult {
    const turn = (kind: Kind) => {
      const kinds = new Set(this.kinds);
      if (!kinds.delete(kind)) kinds.add(kind);
      this.kinds = kinds;
    };
    return html`<div class="kinds" role="group" aria-label=${this.t("kinds")}>
      ${KINDS.map((kind) => html`<button aria-pressed=${this.kinds.has(kind) ? "true" : "false"} @click=${() => turn(kind)}><span>${this.t(kind)}</span></button>`)}
    </div>`;
  }

  #fields(kind: Kind): TemplateResult {
    return html`<fieldset class="fields">
      <legend class=${this.kinds.size > 1 ? "" : "hidden"}>${this.t(kind)}</legend>
      ${kind === "plan" && this.#devices.length
        ? this.#select("plan_device", [["", this.t("entered")], ...this.#devices.map(({ id, name }) => [id, name] as const)], this.#chosenDevice, (id) => (this.device = id))
        : nothing}
      ${this.#sliders(kind).map(([name, slider]) => this.#slider(`${kind}.${name}`, slider, slider.key ?? (`${kind}_${name}` as WhatIfKey)))}
      ${kind === "sharing_key" ? this.#price("sharing_key_price") : nothing}${kind === "contract" ? this.#contractFields() : nothing}
    </fieldset>`;
  }

  #slider(name: string, { min = 0, max = 0, step = 1, values, first, unit, names }: Slider, key: WhatIfKey): TemplateResult {
    const value = this.moved[name] ?? first;
    const at = values ? values.indexOf(value) : value;
    const shown = names && values ? this.t(names[at]!) : this.#shown(value, unit);
    const valueAt = ({ target }: Event) => {
      const position = Number((target as HTMLInputElement).value);
      return values ? values[Math.min(Math.max(0, position), values.length - 1)]! : position;
    };
    const move = (event: Event) => (this.moved = { ...this.moved, [name]: valueAt(event) });
    const ask = () => (this.asked = this.moved);
    return html`<label><span>${this.t(key)}</span>
      <input type="range" min=${values ? 0 : min} max=${values ? values.length - 1 : max} step=${step} .value=${String(at)} aria-valuetext=${shown} @input=${move} @change=${ask} />
      <span class="number" aria-hidden="true">${shown}</span></label>`;
  }

  #shown(value: number, unit: string | undefined): string {
    if (unit === undefined) return this.locale.clock(value);
    return unit === "%" ? this.locale.percent(value / 100) : this.locale.unit(value, unit, Number.isInteger(value) ? 0 : 1);
  }

  #contractFields(): TemplateResult {
    const time = (end: "from" | "to") => html`<label><span>${this.t(`second_price_${end}`)}</span>
      <input type="time" .value=${this.times[end]} @change=${({ target }: Event) => (this.times = { ...this.times, [end]: (target as HTMLInputElement).value || this.times[end] })} /></label>`;
    const tariffs = Object.keys(PRICES_OF) as Tariff[];
    return html`${this.#select("tariff", tariffs.map((tariff) => [tariff, this.t(tariff)] as const), this.tariff, (tariff) => (this.tariff = tariff))}
      ${PRICES_OF[this.tariff].map((name) => this.#price(name))}
      ${this.tariff === "two_prices" ? html`${time("from")}${time("to")}` : nothing}
      ${this.tariff === "market_price" && this.#markets.length
        ? this.#select("market", this.#markets.map(({ id }) => [id, this.#nameOf(id)] as const), this.#chosenMarket!.id, (id) => (this.market = id))
        : nothing}`;
  }

  #select<Value extends string>(key: WhatIfKey, options: readonly (readonly [Value, string])[], chosen: Value, choose: (value: Value) => void): TemplateResult {
    const change = ({ target }: Event) => {
      const option = options.find(([value]) => value === (target as HTMLSelectElement).value);
      if (option) choose(option[0]);
    };
    return html`<label><span>${this.t(key)}</span>
      <select @change=${change}>
        ${options.map(([value, name]) => html`<option value=${value} .selected=${value === chosen}>${name}</option>`)}
      </select></label>`;
  }

  /** Return the typed amount; undefined if it is not entered, not an amount or beyond its limits. */
  #amount(name: Price): number | undefined {
    const [, min, max] = LIMITS[name];
    return readAmount(this.typed[name] ?? "", min, max);
  }

  #price(name: Price): TemplateResult {
    const [unit] = LIMITS[name];
    const enter = ({ target }: Event) => (this.typed = { ...this.typed, [name]: (target as HTMLInputElement).value });
    const refused = this.#refusedAmount(name);
    // The price of all changes needs no request, so it counts at once. Others count when the field is left.
    return html`<label><span>${this.t(name)}</span>
        <input type="text" inputmode="decimal" autocomplete="off" .value=${this.typed[name] ?? ""} aria-invalid=${refused ? "true" : "false"}
          @input=${name === "price" ? enter : nothing} @change=${name === "price" ? nothing : enter} />
        <span class="number">${unit === "euros" ? "€" : this.t(unit)}</span></label>
      ${refused ? html`<p class="excess" role="alert">${refused}</p>` : nothing}`;
  }

  /** Return why a typed amount is refused, or an empty text. */
  #refusedAmount(name: Price): string {
    const typed = this.typed[name] ?? "";
    const [first, second] = readEuros(typed);
    // Without its group separator, the higher reading is not ambiguous.
    if (first !== undefined && second !== undefined) return this.t("price_ambiguous", { first: this.locale.number(first, 2), second: String(second) });
    if (!typed.trim() || this.#amount(name) !== undefined) return "";
    return this.t(LIMITS[name][0] === "per_kwh" ? "kwh_price_malformed" : "price_malformed");
  }

  /** Return the name of a price entity, or of a price zone. */
  #nameOf(id: string): string {
    const name = this.hass?.states[id]?.attributes.friendly_name;
    return typeof name === "string" ? name : id;
  }

  #answer(found: WhatIf, changes: readonly Change[], hasBattery: boolean, meter: Meter, today: string): TemplateResult {
    keepSaving(meter, savingOfCar(found, changes), today);
    const price = this.#canPayBack ? (this.#amount("price") ?? 0) : 0;
    const nameOf = (id: string) => this.#nameOf(id);
    const { sentence, head, rows, notes } = whatIfAnswer(found, changes, this.locale, { price, hasBattery, today, markets: this.#markets, nameOf });
    this.announce(`${meter.entry_id} ${JSON.stringify(changes)} ${price}`, "", sentence);
    const row = ([name = "", ...cells]: string[]) => numberRow(name, cells);
    if (!rows.length) return this.sentence(sentence);
    return html`${this.sentence(sentence)}
      <table class="year stacks">
        <caption class="hidden">${this.t("caption", { kw: head[0]! })}</caption>
        <thead><tr>${columnHeads(head)}</tr></thead>
        <tbody>${rows.slice(0, -1).map(row)}</tbody>
        <tfoot>${rows.slice(-1).map(row)}</tfoot>
      </table>
      ${this.why(this.t("title"), () => html`${smallLine(notes.join(" "))}`)}`;
  }

  #refusal({ reason, days, least_days }: WhatIfRefusal, meter: Meter): TemplateResult {
    const text = this.t(reason, { days: this.locale.number(days), least: this.locale.number(least_days) });
    const isToEnter = reason.startsWith("no_") && !CURABLE.includes(reason);
    const market = this.#chosenMarket;
    const canDownload = reason === "no_market_prices" && market?.can_download && !this.downloads;
    return html`${statusLine(text)}
      ${canDownload ? html`<button class="link" @click=${() => (this.downloads = true)}>${this.t("download")}</button>${smallLine(market.credit)}` : nothing}
      ${isToEnter ? this.toEnter(meter, FIELDS[reason] ?? "energy_price") : nothing}`;
  }
}
