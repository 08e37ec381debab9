/**
 * Button in a card that opens one question of the meter's options. Where no question can be shown, words tell the way.
 *
 * A card is drawn anew while its meter is loaded again, and Home Assistant makes all cards anew after a lost connection. So a form
 * that leaves the page is kept, and the next form of the same question goes on with what was typed.
 */

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { CardHost, Field } from "../card-host.ts";
import { type End, type FlowField, type FlowPage, OptionsFlow, type Question, type ShownField, textsOf, type Value, valueOf, WAYS } from "../data/options-flow.ts";
import type { Locale } from "../locale.ts";
import { IDLE_RESET_MS } from "../data/return-to-today.ts";
import { styles } from "../styles.ts";

type Localize = (key: string, values?: Record<string, string | undefined>) => string;

/** Texts of dialogs are Markdown; a card shows them without its marks. */
const withoutMarkup = (text: string): string => text.replace(/\\(.)|\*/g, "$1");

/** Open form. It has no question until the flow has answered. */
interface Form {
  readonly flow: OptionsFlow;
  /** Element that shows the form; undefined while the form is kept, and after it was left. */
  host: SettingsForm | undefined;
  /** Whether the flow has to answer. */
  isBusy?: boolean;
  localize: Localize;
  localizeChoice: Localize;
  question?: Question;
  /** What the form says above its fields, or instead of them. */
  note?: { end: End["end"] | "stale"; reason?: string | undefined } | undefined;
  typed: Record<string, Value>;
  /** Stored values of the fields when the question was shown. */
  stored: Record<string, Value>;
}

/** Forms that have left the page, and the times of this in ms since the page was opened. */
const kept = new Map<string, [Form, number]>();

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
    form: { state: true },
  };

  declare card: CardHost;
  declare locale: Locale;
  declare entryId: string;
  declare field: Field;
  /** Text of the button. */
  declare text: string;
  declare protected form: Form | undefined;
  #key = "";
  #focus = "";

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pagehide", this.#keep);
    this.#goOn();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pagehide", this.#keep);
    this.#keep();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("entryId") && !changed.has("field")) return;
    this.#keep();
    this.#key = `${this.card.localName} ${this.entryId} ${this.field}`;
    this.#goOn();
  }

  protected override render(): TemplateResult {
    if (!WAYS[this.field]) return html`<slot></slot>`;
    const { form } = this;
    return html`<button class="link" aria-label="${this.text}: ${this.card.label}" aria-expanded=${form !== undefined} @click=${form ? this.#cancel : this.#open}>${this.text}</button>
      ${form?.isBusy && !form.question ? html`<p class="small" role="status">${this.locale.common("loading")}</p>` : nothing}
      ${form?.note ? this.#note(form, form.note) : nothing}
      ${form?.question ? this.#form(form, form.question) : nothing}`;
  }

  protected override updated(): void {
    if (!this.#focus || this.form?.isBusy) return;
    this.renderRoot.querySelector<HTMLElement>(this.#focus)?.focus();
    this.#focus = "";
  }

  /** Keep what was typed. A flow that has to answer is closed later. */
  readonly #keep = (): void => {
    const { form } = this;
    if (!form?.question) return this.#leave();
    kept.set(this.#key, [form, performance.now()]);
    if (!form.isBusy) form.flow.close();
    this.form = form.host = undefined;
  };

  /** Show a form that was kept. Its next answer begins another flow. */
  #goOn(): boolean {
    const [form, leftAt] = kept.get(this.#key) ?? [];
    kept.delete(this.#key);
    if (!form || performance.now() - leftAt! > IDLE_RESET_MS) return false;
    form.host = this;
    this.form = form;
    return true;
  }

  #leave(): void {
    if (!this.form) return;
    this.form.flow.close();
    this.form = this.form.host = undefined;
  }

  readonly #cancel = (): void => {
    this.#leave();
    this.#focus = ".link";
  };

  readonly #open = (): void => {
    if (this.#goOn()) return;
    const hass = this.card.hass!;
    const form: Form = { host: this, flow: new OptionsFlow(hass, this.entryId, WAYS[this.field]!), localize: () => "", localizeChoice: () => "", typed: {}, stored: {} };
    this.form = form;
    const load = async () => {
      const localizers = [textsOf(WAYS[this.field]!).split(".")[0]!, "selector"].map((category) => hass.loadBackendTranslation(category, "smarty_p1"));
      [form.localize, form.localizeChoice] = (await Promise.all(localizers)) as [Localize, Localize];
    };
    void this.#run(form, async ({ flow }) => (await Promise.all([flow.open(), load().catch(() => undefined)]))[0]);
  };

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    if (!this.form!.isBusy) void this.#run(this.form!, ({ flow, typed }) => flow.submit(typed));
  };

  async #run(form: Form, step: (form: Form) => Promise<Question | End>): Promise<void> {
    const key = this.#key;
    form.isBusy = true;
    this.requestUpdate();
    const result = await step(form);
    form.isBusy = false;
    const { host } = form;
    if (host) host.requestUpdate();
    else form.flow.close();
    if ("end" in result) {
      form.note = result;
      if (result.end !== "saved") return;
      if (host) {
        host.#cancel();
        host.card.speak(host.locale.common("saved"));
      } else if (kept.get(key)?.[0] === form) kept.delete(key);
      return;
    }
    const { page, fields, isStale } = result;
    const values = Object.fromEntries(fields.map(({ field }) => [field.name, valueOf(field) ?? ""]));
    const isSame = form.question?.page.step_id === page.step_id;
    // What was typed stays, unless the value was changed elsewhere.
    const typed = Object.entries(form.typed).filter(([name]) => isSame && (!isStale || values[name] === form.stored[name]));
    form.typed = { ...values, ...Object.fromEntries(typed) };
    if (!isSame || isStale) form.stored = values;
    form.note = isStale ? { end: "stale" } : undefined;
    form.question = result;
    if (host) host.#focus = fields.some(({ error }) => error) ? "[aria-invalid=true]" : "input, select";
  }

  /** Where the texts of the form are. */
  get #texts(): string {
    return `component.smarty_p1.${textsOf(WAYS[this.field]!)}`;
  }

  #note({ localize, question }: Form, { end, reason }: NonNullable<Form["note"]>): TemplateResult {
    const text = (reason && localize(`${this.#texts}.abort.${reason}`)) || this.locale.common(`form_${end as "late" | "changed" | "stale"}`);
    return html`<p role="alert">${text}</p>${question && end !== "changed" ? nothing : html`<slot></slot>`}`;
  }

  #form(form: Form, { page, fields }: Question): TemplateResult {
    const problem = page.errors?.base;
    // A page of one field chooses what the next one asks for.
    const isChoice = page.data_schema!.length < 2;
    return html`<form aria-label=${this.text} @submit=${this.#submit} @keydown=${this.#press}>
      ${problem ? html`<p class="excess" role="alert">${this.#error(form, page, problem)}</p>` : nothing}
      ${fields.map((field, index) => this.#row(form, page, field, index))}
      <div class="buttons">
        <button type="submit" aria-disabled=${form.isBusy === true}>${this.locale.common(isChoice ? "next" : "save")}</button>
        <button type="button" @click=${this.#cancel}>${this.locale.common("cancel")}</button>
      </div>
    </form>`;
  }

  readonly #press = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Escape") this.#cancel();
  };

  #error({ localize }: Form, { description_placeholders: values }: FlowPage, key: string): string {
    // Errors of amounts are texts.
    return withoutMarkup(localize(`${this.#texts}.error.${key}`, values ?? {}) || key);
  }

  #row(form: Form, page: FlowPage, { field, section, error }: ShownField, index: number): TemplateResult {
    const { localize } = form;
    const at = `${this.#texts}.step.${page.step_id}${section ? `.sections.${section}` : ""}`;
    const name = localize(`${at}.data.${field.name}`) || field.name;
    const help = withoutMarkup(localize(`${at}.data_description.${field.name}`, page.description_placeholders ?? {}));
    const { boolean, text } = field.selector ?? {};
    const entry = this.#entry(form, field, `help-${index}`, error !== undefined);
    return html`<div>
      <label>${boolean ? html`<span class="entry">${entry}${name}</span>` : html`${name}<span class="entry">${entry}${text?.suffix ?? nothing}</span>`}</label>
      <div id="help-${index}">${error ? html`<p class="excess" role="alert">${this.#error(form, page, error)}</p>` : nothing}<p class="small">${help}</p></div>
    </div>`;
  }

  #entry({ typed, localizeChoice }: Form, { name, selector, required }: FlowField, help: string, isRefused: boolean): TemplateResult {
    const value = typed[name] ?? "";
    const enter = ({ target }: Event) => (typed[name] = (target as HTMLInputElement).value);
    const { select, boolean } = selector ?? {};
    const invalid = isRefused ? "true" : "false";
    if (boolean) {
      const turn = ({ target }: Event) => (typed[name] = (target as HTMLInputElement).checked);
      return html`<input type="checkbox" .checked=${value === true} aria-invalid=${invalid} aria-describedby=${help} @change=${turn} />`;
    }
    if (selector?.time) return html`<input type="time" .value=${String(value)} aria-invalid=${invalid} aria-describedby=${help} @input=${enter} />`;
    const isName = required && !selector?.text?.suffix;
    const options = select?.options.map((option) => (typeof option === "string" ? { value: option, label: (select.translation_key && localizeChoice(`component.smarty_p1.selector.${select.translation_key}.options.${option}`)) || option } : option)) ?? [];
    if (select && !select.custom_value) {
      return html`<select aria-invalid=${invalid} aria-describedby=${help} @change=${enter}>
        ${required ? nothing : html`<option value=""></option>`}${options.map((option) => html`<option value=${option.value} .selected=${option.value === value}>${option.label}</option>`)}
      </select>`;
    }
    return html`<input type="text" inputmode=${isName ? "text" : "decimal"} ?required=${required && !select} autocomplete="off" .value=${String(value)} aria-invalid=${invalid} aria-describedby=${help} list=${select ? `of-${help}` : nothing} @input=${enter} />
      ${select ? html`<datalist id="of-${help}">${options.map((option) => html`<option value=${option.value}></option>`)}</datalist>` : nothing}`;
  }
}
