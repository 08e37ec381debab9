/** Card of the plan: when each entered load runs, such as a car, and what a further load would cost. */

import { smallLine, statusLine } from "../parts/markup.ts";
import { css, type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { SmartyCard } from "../base-card.ts";
import { bar, barStyles, dot, TRACK } from "../charts/shapes.ts";
import type { MeterFeed, SharedSubscription } from "../data/meter-feed.ts";
import { readAmount } from "../typed-euros.ts";
import { capital } from "../locale.ts";
import { dayAndTime, type LoadRow, type PlanKey, planTexts, type ShownPlan, shownPlan } from "../sentences/plan.ts";
import { styles } from "../styles.ts";
import type { HousePlan, Meter } from "../data/websocket-types.ts";

/** Translation keys of the buttons of a load. */
const BUTTONS = ["ready", "start_now", "skip_today", "by_plan"] as const;
const NEW_LOADS = ["add_car", "add_appliance", "add_pausing"] as const;
/** Amounts of a tried load, with their limits, and the beginnings of its units in all languages. */
const FIELDS = {
  kwh: { limits: [0.0125, 200], units: [[/^$|^kwh/i, 1], [/^wh/i, 0.001]] },
  hours: { limits: [0.25, 24], units: [[/^$|^(h|st)/i, 1], [/^m/i, 1 / 60]] },
} as const;
type Field = keyof typeof FIELDS;
/** Highest power of a tried load, in kW. */
const MAX_KW = 50;
/** Cost in EUR on top of the plan from which on a press must be repeated. */
const ASK_FROM_EUR = 0.5;

export class PlanCard extends SmartyCard<PlanKey> {
  static override readonly texts = planTexts;
  static override styles: CSSResultGroup = [
    styles,
    barStyles,
    css`
      :host {
        --sun: var(--energy-solar-color, #ff9800);
      }
      .load {
        padding: 8px 0;
      }
      .bar {
        margin: 4px 0;
      }
      .axis {
        position: relative;
        height: 18px;
      }
      .axis span {
        position: absolute;
        transform: translateX(-50%);
        white-space: nowrap;
      }
      .when,
      .tints,
      .buttons,
      .fields {
        display: flex;
        flex-wrap: wrap;
        gap: 0 16px;
      }
      .when {
        justify-content: space-between;
      }
      .when .number {
        white-space: normal;
      }
      .buttons button,
      .fields button {
        text-align: start;
        color: var(--link);
        font-weight: 500;
      }
      .fields label {
        flex: 1 1 120px;
      }
      input {
        width: 100%;
        height: 44px;
      }
      @media (forced-colors: active) {
        :host {
          --sun: LinkText;
        }
        :not(pattern) > [fill="var(--sun)"] {
          fill: Canvas;
          stroke: LinkText;
        }
      }
    `,
  ];
  static override properties: PropertyDeclarations = { asked: { state: true }, isTrying: { state: true }, result: { state: true }, typed: { state: true } };

  /** Id of the button that must be pressed again. */
  declare protected asked: string;
  /** Whether the fields of a tried load are open. */
  declare protected isTrying: boolean;
  /** Result of the last press of a button. */
  declare protected result: string;
  declare protected typed: Record<Field, string>;

  constructor() {
    super();
    this.asked = "";
    this.isTrying = false;
    this.result = "";
    this.typed = { kwh: "", hours: "" };
  }

  protected override otherFeeds(): SharedSubscription[] {
    const feed = this.feed;
    return feed ? [feed.planFeed] : [];
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const { plan, error } = feed.planFeed;
    if (!plan) return html`<h2>${this.t("plan")}</h2>${this.waiting(error)}`;
    const shown = shownPlan(plan, meter, new Date(feed.now), this.locale);
    const last = shown.rows.reduce((found, { parts }, index) => (parts.length ? index : found), -1);
    const { table } = shown;
    return html`<header><h2>${shown.title}</h2>${table ? this.menu(this.t("plan")) : nothing}</header>
      ${shown.notes.map(smallLine)}
      ${shown.rows.map((row, index) => this.#row(row, index === last ? shown.labels : []))}
      ${this.#legend(shown, meter)}
      ${this.isTrying ? this.#fields(meter) : nothing}
      ${this.result ? statusLine(this.result) : nothing}
      ${this.isAdmin ? NEW_LOADS.map((kind) => html`<div>${this.settings(meter, this.t(kind), kind)}</div>`) : nothing}
      <footer>
        ${this.addLoad(meter, this.t("all_fields"))}
        <button class="link" aria-expanded=${this.isTrying} @click=${() => (this.isTrying = !this.isTrying)}>${this.t("try")}</button>
      </footer>
      ${table ? this.table(this.t("table"), () => table) : nothing}`;
  }

  /** Return a load. The last bar has the labels of the axis. */
  #row(row: LoadRow, labels: ShownPlan["labels"]): TemplateResult {
    const { load, when, notes, parts } = row;
    const buttons = BUTTONS.flatMap((key) => {
      const entity_id = this.entityOf(key, load.device_id);
      if (!entity_id) return [];
      const button = entity_id === this.asked ? this.t("start_for", { button: this.t(key), cost: this.locale.cents(row.more) }) : this.t(key);
      return html`<button aria-label=${this.t("button", { name: load.name, button })} @click=${() => void this.#press(key, entity_id, row)}>${button}</button>`;
    });
    return html`<div class="load">
      <div class="when"><b>${load.name}</b><span class="number">${when}</span></div>
      ${parts.length ? bar([TRACK, ...parts]) : nothing}
      ${labels.length ? html`<div class="axis small" aria-hidden="true">${labels.map(({ at, text }) => html`<span style="left:${(100 * at).toFixed(1)}%">${text}</span>`)}</div>` : nothing}
      ${notes.length ? html`<div class="small">${capital(notes.join("\u00a0· "))}</div>` : nothing}
      <div class="buttons">${buttons}</div>
    </div>`;
  }

  /** Press a button of a load, and say so. A dear start is asked once. */
  async #press(key: (typeof BUTTONS)[number], entity_id: string, { load: { name, is_switched: isSwitched }, more }: LoadRow): Promise<void> {
    const isDear = key === "start_now" && more >= ASK_FROM_EUR && entity_id !== this.asked;
    this.asked = isDear ? entity_id : "";
    if (isDear) {
      this.result = this.t("press_again", { cost: this.locale.cents(more) });
      return;
    }
    await this.#call("button", "press", { entity_id });
    if (!this.result) this.result = key === "start_now" && !isSwitched ? this.t("button", { name, button: this.t("yours") }) : this.t("pressed", { name, button: this.t(key) });
  }

  #legend({ tints }: ShownPlan, { reference_kw: reference }: Meter): TemplateResult {
    const kw = reference === null ? "" : this.locale.referenceKW(reference);
    return html`<div class="tints small">${tints.map((tint) => html`<span>${dot(tint, true)}${this.t(tint, { kw })}</span>`)}</div>`;
  }

  #fields(meter: Meter): TemplateResult {
    const field = (key: Field) => html`<label><span class="small">${this.t(key)}</span>
      <input type="text" inputmode="decimal" autocomplete="off" .value=${this.typed[key]} @input=${({ target }: Event) => (this.typed[key] = (target as HTMLInputElement).value)} /></label>`;
    return html`<div class="fields">
      ${field("kwh")}${field("hours")}<button @click=${() => void this.#try(meter)}>${this.t("calculate")}</button>
    </div>`;
  }

  /** Return a typed amount, which may have a unit; undefined if it is none, or beyond its limits. */
  #amount(key: Field): number | undefined {
    const { limits: [min, max], units } = FIELDS[key];
    const [, number, typed] = /^(.*?)\s*(\p{L}*)\.?\s*$/u.exec(this.typed[key])!;
    const [, factor] = units.find(([unit]) => unit.test(typed!)) ?? [];
    const amount = factor && readAmount(number!, min / factor, max / factor);
    return amount && factor * amount;
  }

  /** Let the integration plan the typed load. */
  async #try(meter: Meter): Promise<void> {
    const [kwh, hours] = [this.#amount("kwh"), this.#amount("hours")];
    if (!kwh || !hours || kwh > MAX_KW * hours) {
      const unit = (value: number, name: string) => this.locale.unit(value, name);
      const [short, long] = FIELDS.hours.limits;
      const limits = { kwh: unit(FIELDS.kwh.limits[1], "kWh"), short: unit(60 * short, "min"), long: unit(long, "h"), kw: unit(MAX_KW, "kW") };
      this.result = this.t("to_enter", limits);
      return;
    }
    const loads = [{ kwh, hours }];
    const answer = await this.#call<{ response: HousePlan }>("smarty_p1", "get_plan", { config_entry: meter.entry_id, loads }, true);
    const [load] = answer?.response.loads ?? [];
    if (!load?.start || !load.end) return;
    const cost = this.locale.cents(load.cost);
    const range = dayAndTime(new Date(load.start), new Date(this.feed!.now), this.locale, this.locale.timeRange(load.start, load.end));
    this.result = answer!.response.can_differ ? this.t("tried", { range, cost, saving: this.locale.cents(load.saving) }) : this.t("tried_same", { cost });
  }

  /** Call an action. Show the reason of a refusal. */
  async #call<T>(domain: string, service: string, service_data: object, return_response = false): Promise<T | undefined> {
    this.result = "";
    try {
      return await this.hass!.callWS<T>({ type: "call_service", domain, service, service_data, return_response });
    } catch (error) {
      this.result = (error as Error | null)?.message || this.locale.common("not_answered");
      return undefined;
    }
  }
}
