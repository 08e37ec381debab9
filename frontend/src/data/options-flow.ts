/**
 * Run of a meter's options flow, or of a flow that adds a load, from a card, up to one question. The flow has the checks,
 * the texts and the rights, so a card repeats none of them. Every page of the flow is answered with its own values, except
 * for the shown fields; a page without a shown field is answered unseen.
 */

import type { Field } from "../card-host.ts";
import type { Hass } from "../hass.ts";

export type Value = string | boolean | number | string[];

/** Field of a page of the flow, or a section of fields. */
export interface FlowField {
  name: string;
  default?: Value | null;
  description?: { suggested_value?: Value | null };
  schema?: FlowField[];
  required?: boolean;
  selector?: {
    text?: { suffix?: string } | null;
    time?: object | null;
    boolean?: object | null;
    select?: { options: (string | { value: string; label: string })[]; translation_key?: string; custom_value?: boolean; multiple?: boolean };
  };
}

export interface FlowPage {
  type: string;
  flow_id: string;
  step_id: string;
  data_schema?: FlowField[];
  errors?: Record<string, string> | null;
  description_placeholders?: Record<string, string> | null;
  menu_options?: string[] | Record<string, string>;
  reason?: string;
}

/** Field to show, and the section that has it. */
export interface ShownField {
  field: FlowField;
  section: string | undefined;
  error: string | undefined;
}

export interface Question {
  page: FlowPage;
  fields: ShownField[];
  /** Whether the stored values have changed since the question was shown. */
  isStale: boolean;
}

/** End of a run: saved, no answer in time, or a flow that cannot be shown, with the reason that it gave. */
export interface End {
  end: "saved" | "late" | "changed";
  reason?: string | undefined;
}

interface Way {
  /** Choices in the menus of the flow. */
  menu: readonly string[];
  /** Fields of the question. The choice of a contract or a device is a question before it. */
  names: readonly string[];
  /** Type of the subentry that the flow adds. Without it, the flow is that of the options. */
  subentry?: string;
}

const contract = (...names: string[]): Way => ({ menu: ["contracts", "contract_edit"], names: ["contract", ...names] });

const load = (kind: string, ...names: string[]): Way => ({ menu: [kind], names: ["device", "name", "kwh", ...names], subentry: "load" });

/** Return where the texts of a flow are, behind the name of the integration. */
export const textsOf = ({ subentry }: Way): string => (subentry ? `config_subentries.${subentry}` : "options");

/** Fields of the options and loads that a card asks for. All others have too much to read for a card. */
export const WAYS: Partial<Record<Field, Way>> = {
  reference_power: contract("reference_power"),
  energy_price: contract("energy_price", "energy_fee", "energy_fee_per"),
  feed_in: contract("feed_in_price"),
  energy_sharing: contract("community_price"),
  network_prices: contract("network_fixed_price", "network_variable_price", "meter_fee", "surcharge_price"),
  goal: { menu: ["goal_and_messages"], names: ["goal", "goal_amount"] },
  add_car: load("car", "max_kw", "by_workdays", "by_weekend"),
  add_appliance: load("appliance", "hours", "by"),
  add_pausing: load("pausing", "max_kw", "by"),
};

const PATH = "/api/config/config_entries";
const MAX_ANSWER_MS = 30_000;
/** Maximum number of pages from the first menu to the question, and from the question to the end. */
const MAX_PAGES = 8;

/** Return the value of a field as the flow has it; undefined for an empty one. */
export const valueOf = ({ default: usual, description }: FlowField): Value | undefined => description?.suggested_value ?? usual ?? undefined;

const isKnown = ({ selector = {} }: FlowField): boolean => "text" in selector || "time" in selector || "boolean" in selector || selector.select?.multiple === false;

export class OptionsFlow {
  readonly #hass: Hass;
  readonly #entryId: string;
  readonly #way: Way;
  readonly #path: string;
  #id: string | undefined;
  /** Last answer to the question. */
  #typed: Readonly<Record<string, Value>> = {};
  /** Whether the last answer was repeated, because the flow has asked for a field that is not shown. */
  #isRepeated = false;
  /** Fields of the question with the stored values, as JSON. */
  #stored = "";
  #isClosed = false;
  /** Answers to the questions before the last one, by step, for a flow that begins anew. */
  readonly #earlier: Record<string, Readonly<Record<string, Value>>> = {};

  constructor(hass: Hass, entryId: string, way: Way) {
    this.#hass = hass;
    this.#entryId = entryId;
    this.#way = way;
    this.#path = `${PATH}/${way.subentry ? "subentries" : "options"}/flow`;
  }

  /** Begin the flow, and return its question. */
  open(): Promise<Question | End> {
    return this.#try(async () => this.#advance(await this.#begin()));
  }

  /**
   * Answer the question. If its values were changed elsewhere since it was shown, answer nothing and return the question
   * with the new values. An answer that was saved although its confirmation got lost is saved only once.
   */
  submit(typed: Readonly<Record<string, Value>>): Promise<Question | End> {
    return this.#try(async () => {
      const before = this.#stored;
      this.#typed = typed;
      this.#isRepeated = false;
      // A flow is lost if Home Assistant has restarted, or if an answer was saved without a confirmation.
      const now = await this.#advance((this.#id && (await this.#request("GET", this.#id))) || (await this.#begin()));
      if ("end" in now) return now;
      const { page, fields } = now;
      const isSaved = fields.every(({ field }) => (valueOf(field) ?? "") === (typed[field.name] ?? ""));
      if (!isSaved && !this.#way.subentry && this.#stored !== before) return { ...now, isStale: true };
      const next = await this.#advance(await this.#request("POST", this.#id, this.#values(page.data_schema!, typed, fields)));
      if ("page" in next && next.page.step_id !== page.step_id) this.#earlier[page.step_id] = typed;
      return next;
    });
  }

  /** End the flow, until the next answer. A page that is left may still send this request. */
  close(): void {
    this.#isClosed = true;
    const id = this.#id;
    this.#id = undefined;
    if (id) void this.#hass.fetchWithAuth(`${this.#path}/${id}`, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }

  async #try(run: () => Promise<Question | End>): Promise<Question | End> {
    this.#isClosed = false;
    try {
      return await run();
    } catch {
      return { end: "late" };
    }
  }

  #begin(): Promise<FlowPage | undefined> {
    const { subentry } = this.#way;
    return this.#request("POST", undefined, { handler: subentry ? [this.#entryId, subentry] : this.#entryId });
  }

  /** Go through menus and unseen pages, to the question or to the end. */
  async #advance(first: FlowPage | undefined): Promise<Question | End> {
    let page = first;
    for (let count = 0; page && count < MAX_PAGES; count += 1) {
      const { type, step_id: step, menu_options: options = [], data_schema: schema = [] } = page;
      if (type === "create_entry") return { end: "saved" };
      let answer: object | undefined;
      if (type === "menu") {
        const names = Array.isArray(options) ? options : Object.keys(options);
        const next = this.#way.menu.find((name) => names.includes(name));
        if (next) answer = { next_step_id: next };
      } else if (type === "form") {
        const errors = page.errors ?? {};
        const all = this.#shown(schema, errors);
        // A flow of a load asks once for a sensor, which a card cannot show.
        const fields = this.#way.subentry ? all.filter(({ field, section }) => !section && isKnown(field)) : all;
        const isAsked = fields.length < all.length && !fields.some(({ error }) => error);
        const earlier = Object.keys(errors).length ? undefined : this.#earlier[step];
        if (isAsked) {
          if (this.#isRepeated) break;
          this.#isRepeated = true;
          answer = this.#values(schema, this.#typed, fields);
        } else if (earlier) answer = this.#values(schema, earlier, fields);
        else if (fields.length || errors.base) {
          if (!fields.every(({ field }) => isKnown(field))) break;
          if (!Object.keys(errors).length) this.#stored = JSON.stringify([step, schema]);
          return { page, fields, isStale: false };
        } else answer = this.#values(schema, {}, []);
      }
      if (!answer) break;
      page = await this.#request("POST", this.#id, answer);
    }
    this.close();
    return { end: "changed", reason: page?.reason };
  }

  /** Return the fields of a page to show: those of the question, and those with an error. */
  #shown(schema: FlowField[], errors: Record<string, string>, section?: string): ShownField[] {
    return schema.flatMap((field) => {
      const { name, schema: inner } = field;
      if (inner) return this.#shown(inner, errors, name);
      const error = errors[name] ?? (section === undefined ? undefined : errors[section]);
      return error === undefined && !this.#way.names.includes(name) ? [] : [{ field, section, error }];
    });
  }

  /**
   * Return the answer to a page: typed values, and for all other fields the values of the flow. Empty fields are left
   * out, and so are sections without a shown field: the flow keeps their stored values.
   */
  #values(schema: FlowField[], typed: Readonly<Record<string, Value>>, shown: ShownField[]): Record<string, unknown> {
    return Object.fromEntries(
      schema.flatMap((field): [string, unknown][] => {
        const { name, schema: inner } = field;
        if (inner) return shown.some(({ section }) => section === name) ? [[name, this.#values(inner, typed, shown)]] : [];
        const value = name in typed ? typed[name] : valueOf(field);
        return value === undefined || value === "" ? [] : [[name, value]];
      }),
    );
  }

  /** Return the page that the flow answers; undefined if the flow is lost, or refuses the answer or the user. */
  async #request(method: string, id: string | undefined, body?: object): Promise<FlowPage | undefined> {
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), MAX_ANSWER_MS);
    try {
      const init = { method, signal: stop.signal, headers: { "Content-Type": "application/json" }, ...(body && { body: JSON.stringify(body) }) };
      const response = await this.#hass.fetchWithAuth(id ? `${this.#path}/${id}` : this.#path, init);
      if (response.status >= 500) throw new Error(String(response.status));
      if (!response.ok) return undefined;
      const page = (await response.json()) as FlowPage;
      this.#id = page.type === "abort" || page.type === "create_entry" ? undefined : page.flow_id;
      if (!this.#isClosed) return page;
      // The card was left while it waited.
      this.close();
      return undefined;
    } finally {
      clearTimeout(late);
    }
  }
}
