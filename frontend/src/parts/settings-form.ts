/** Button in a card that opens one question of the meter's options. Where no question can be shown, words tell the way. */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { CardHost, Field } from "../card-host.ts";
import { type End, type FlowField, OptionsFlow, type Question, type ShownField, type Value, valueOf, WAYS } from "../data/options-flow.ts";
import type { Locale } from "../locale.ts";
import { styles } from "../styles.ts";

type Localize = (key: string, values?: Record<string, string | undefined>) => string;

/** Texts of dialogs are Markdown; a card shows them without its marks. */
const withoutMarkup = (text: string): string => text.replace(/\\(.)|\*/g, "$1");

export class SettingsForm extends LitElement {
  static override styles = [
    styles,
    css`
      :host {
        height: auto;
      }
      form {
        display: grid;
        gap: 12px;
        margin: 4px 0 12px;
      }
      label {
        display: grid;
        gap: 4px;
        font-weight: 500;
      }
      label + div {
        margin-top: 4px;
      }
      .entry {
        display: flex;
        align-items: center;
        gap: 8px;
      }
      input:not([type="checkbox"]),
      select {
        flex: 1;
        width: 100%;
        min-width: 0;
        height: 44px;
        font-weight: 400;
        border-color: var(--quiet);
      }
      [type="checkbox"] {
        width: 24px;
        height: 24px;
        margin: 10px;
        accent-color: var(--drawn);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .buttons button {
        padding: 0 16px;
        border: 1px solid var(--quiet);
        font-weight: 500;
      }
      .buttons [type="submit"] {
        border: 2px solid var(--link);
      }
    `,
  ];
  static override properties = {
    card: { attribute: false },
    locale: { attribute: false },
    entryId: { attribute: false },
    field: { attribute: false },
    text: { attribute: false },
    shown: { state: true },
    note: { state: true },
    isBusy: { state: true },
  };

  declare card: CardHost;
  declare locale: Locale;
  declare entryId: string;
  declare field: Field;
  /** Text of the button. */
  declare text: string;
  declare protected shown: Question | End | undefined;
  /** Text above the form, by its key. */
  declare protected note: "form_late" | "form_stale" | undefined;
  declare protected isBusy: boolean;
  #flow: OptionsFlow | undefined;
  #localize: Localize = () => "";
  #localizeChoice: Localize = () => "";
  #typed: Record<string, Value> = {};
  #focus = "";

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pagehide", this.#leave);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pagehide", this.#leave);
    this.#leave();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.#flow && (changed.has("entryId") || changed.has("field"))) this.#leave();
  }

  protected override render(): TemplateResult {
    if (!WAYS[this.field]) return html`<slot></slot>`;
    const isOpen = this.#flow !== undefined || this.shown !== undefined;
    return html`<button class="link" aria-label="${this.text}: ${this.card.label}" aria-expanded=${isOpen} @click=${isOpen ? this.#cancel : this.#open}>${this.text}</button>
      ${this.isBusy && !this.shown ? html`<p class="small" role="status">${this.locale.common("loading")}</p>` : nothing}
      ${!this.shown ? nothing : "end" in this.shown ? this.#instead(this.shown) : this.#form(this.shown)}`;
  }

  protected override updated(): void {
    if (!this.#focus || this.isBusy) return;
    this.renderRoot.querySelector<HTMLElement>(this.#focus)?.focus();
    this.#focus = "";
  }

  /** Close the flow, and forget what was typed. */
  readonly #leave = (): void => {
    this.#flow?.close();
    this.#flow = this.shown = this.note = undefined;
    this.isBusy = false;
  };

  readonly #cancel = (): void => {
    this.#leave();
    this.#focus = ".link";
  };

  readonly #open = (): void => {
    const hass = this.card.hass!;
    this.#flow = new OptionsFlow(hass, this.entryId, WAYS[this.field]!);
    const load = async () => {
      const localizers = ["options", "selector"].map((category) => hass.loadBackendTranslation(category, "smarty_p1"));
      [this.#localize, this.#localizeChoice] = (await Promise.all(localizers)) as [Localize, Localize];
    };
    void this.#run(async (flow) => (await Promise.all([flow.open(), load().catch(() => undefined)]))[0]);
  };

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    if (!this.isBusy) void this.#run((flow) => flow.submit(this.#typed));
  };

  async #run(step: (flow: OptionsFlow) => Promise<Question | End>): Promise<void> {
    const flow = this.#flow!;
    this.isBusy = true;
    const result = await step(flow);
    // The form was left in the meantime.
    if (flow !== this.#flow) return;
    this.isBusy = false;
    const before = this.shown && "page" in this.shown ? this.shown.page.step_id : undefined;
    if ("end" in result) {
      if (result.end === "saved") {
        this.#cancel();
        this.card.speak(this.locale.common("saved"));
      } else if (result.end === "late" && before) this.note = "form_late";
      else this.shown = result;
      return;
    }
    const values = Object.fromEntries(result.fields.map(({ field }) => [field.name, valueOf(field) ?? ""]));
    this.#typed = before !== result.page.step_id || result.isStale ? values : { ...values, ...this.#typed };
    this.note = result.isStale ? "form_stale" : undefined;
    this.shown = result;
    this.#focus = result.fields.some(({ error }) => error) ? "[aria-invalid=true]" : "input, select";
  }

  #instead({ end, reason }: End): TemplateResult {
    const text = (reason && this.#localize(`component.smarty_p1.options.abort.${reason}`)) || this.locale.common(end === "late" ? "form_late" : "form_changed");
    return html`<p role="status">${text}</p><slot></slot>`;
  }

  #form(question: Question): TemplateResult {
    const { page, fields } = question;
    const problem = page.errors?.base;
    return html`<form aria-label=${this.text} @submit=${this.#submit} @keydown=${this.#key}>
      ${this.note ? html`<p role="alert">${this.locale.common(this.note)}</p>` : nothing}
      ${problem ? html`<p class="excess" role="alert">${this.#error(page, problem)}</p>` : nothing}
      ${fields.map((field, index) => this.#row(question, field, index))}
      <div class="buttons">
        <button type="submit" aria-disabled=${this.isBusy}>${this.locale.common(page.step_id === "contract_edit" ? "next" : "save")}</button>
        <button type="button" @click=${this.#cancel}>${this.locale.common("cancel")}</button>
      </div>
    </form>`;
  }

  readonly #key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape") this.#cancel();
  };

  #error({ description_placeholders: values }: Question["page"], key: string): string {
    // Errors of amounts are texts.
    return withoutMarkup(this.#localize(`component.smarty_p1.options.error.${key}`, values ?? {}) || key);
  }

  #row({ page }: Question, { field, section, error }: ShownField, index: number): TemplateResult {
    const at = `component.smarty_p1.options.step.${page.step_id}${section ? `.sections.${section}` : ""}`;
    const name = this.#localize(`${at}.data.${field.name}`) || field.name;
    const help = withoutMarkup(this.#localize(`${at}.data_description.${field.name}`, page.description_placeholders ?? {}));
    const { boolean, text } = field.selector ?? {};
    const entry = this.#entry(field, `help-${index}`, error !== undefined);
    return html`<div>
      <label>${boolean ? html`<span class="entry">${entry}${name}</span>` : html`${name}<span class="entry">${entry}${text?.suffix ?? nothing}</span>`}</label>
      <div id="help-${index}">${error ? html`<p class="excess" role="alert">${this.#error(page, error)}</p>` : nothing}<p class="small">${help}</p></div>
    </div>`;
  }

  #entry({ name, selector }: FlowField, help: string, isRefused: boolean): TemplateResult {
    const value = this.#typed[name] ?? "";
    const enter = ({ target }: Event) => (this.#typed[name] = (target as HTMLInputElement).value);
    const { select, boolean } = selector ?? {};
    const invalid = isRefused ? "true" : "false";
    if (boolean) {
      const turn = ({ target }: Event) => (this.#typed[name] = (target as HTMLInputElement).checked);
      return html`<input type="checkbox" .checked=${value === true} aria-invalid=${invalid} aria-describedby=${help} @change=${turn} />`;
    }
    const options = select?.options.map((option) => (typeof option === "string" ? { value: option, label: this.#labelOf(select.translation_key, option) } : option)) ?? [];
    if (select && !select.custom_value) {
      return html`<select aria-invalid=${invalid} aria-describedby=${help} @change=${enter}>
        ${options.map((option) => html`<option value=${option.value} .selected=${option.value === value}>${option.label}</option>`)}
      </select>`;
    }
    return html`<input type="text" inputmode="decimal" autocomplete="off" .value=${String(value)} aria-invalid=${invalid} aria-describedby=${help} list=${select ? `of-${help}` : nothing} @input=${enter} />
      ${select ? html`<datalist id="of-${help}">${options.map((option) => html`<option value=${option.value}></option>`)}</datalist>` : nothing}`;
  }

  #labelOf(key: string | undefined, option: string): string {
    return (key && this.#localizeChoice(`component.smarty_p1.selector.${key}.options.${option}`)) || option;
  }
}
