/** Menu ⋮ of a card: its table, its picture, and the rows of its table as a file. */

import { onPressOutside } from "./while-drawn.ts";
import { css, html, LitElement, nothing, svg, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import { styles } from "../styles.ts";
import type { Table } from "./markup.ts";
import { download, saveCardPicture } from "./printed-page-and-pictures.ts";

/** Card with a table, as its menu sees it. */
interface TableCard extends LitElement {
  readonly makeTable?: (() => Table) | undefined;
  turnTable(): void;
}

/**
 * Return rows as CSV. A language with a decimal comma separates the fields by semicolons, as spreadsheets in that
 * language expect. Spreadsheets take a number with a typographic minus for a text, and a text that begins with a sign
 * of a formula for a formula. A soft hyphen would be a part of the text.
 */
export function csvOf({ head, rows }: Table, hasComma: boolean): string {
  const cell = (value: string | number): string => {
    const text = String(value).replace(/\u00ad/g, "").replace(/[\u00a0\u202f]/g, " ").replace(/^\u2212(?=\d)/, "-");
    return `"${(/^[=+@]|^-(?!\d)/.test(text) ? `'${text}` : text).replace(/"/g, '""')}"`;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(hasComma ? ";" : ",")}\r\n`).join("");
}

export class CardMenu extends LitElement {
  static override styles = [
    styles,
    css`
      :host {
        position: relative;
      }
      [role="menu"] {
        position: absolute;
        inset-inline-end: 0;
        top: 44px;
        z-index: 3;
        min-width: 180px;
        padding: 4px 0;
        background: var(--ground);
        border: 1px solid var(--quiet);
        border-radius: 8px;
      }
      [role="menuitem"] {
        display: block;
        width: 100%;
        padding: 0 16px;
        text-align: start;
      }
      [role="menuitem"]:hover {
        background: var(--chosen);
      }
      :focus-visible {
        outline-offset: -2px;
      }
    `,
  ];
  static override properties = {
    card: { attribute: false },
    locale: { attribute: false },
    name: { attribute: false },
    isTableShown: { attribute: false },
    isOpen: { state: true },
  };

  declare card: TableCard;
  declare locale: Locale;
  declare name: string;
  declare isTableShown: boolean;
  declare protected isOpen: boolean;
  /** Index of the item that gets the focus; -1 for the button. */
  #focus: number | undefined;

  constructor() {
    super();
    onPressOutside(this, () => (this.isOpen = false));
  }

  protected override render(): TemplateResult {
    const isOpen = Boolean(this.isOpen);
    const name = this.locale.common("more", { name: this.name });
    const items = [
      [this.locale.common(this.isTableShown ? "hide_table" : "show_table"), () => this.card.turnTable()],
      [this.locale.common("save_picture"), () => void saveCardPicture(this.card, this.name)],
      [this.locale.common("save_csv"), this.#saveRows],
    ] as const;
    return html`<div @keydown=${this.#key} @focusout=${this.#left}>
      <button aria-label=${name} title=${name} aria-haspopup="menu" aria-expanded=${isOpen} @click=${() => this.#turn(isOpen ? undefined : 0)}>
        <svg viewBox="0 0 44 44" aria-hidden="true">${[14, 22, 30].map((y) => svg`<circle cx="22" cy=${y} r="2" fill="currentColor"></circle>`)}</svg>
      </button>
      ${isOpen
        ? html`<div role="menu" aria-label=${name}>
            ${items.map(([text, act]) => html`<button role="menuitem" tabindex="-1" @click=${() => (this.#turn(), act())}>${text}</button>`)}
          </div>`
        : nothing}
    </div>`;
  }

  protected override updated(): void {
    if (this.#focus === undefined) return;
    const items = this.renderRoot.querySelectorAll("button");
    items[1 + this.#focus]?.focus();
    this.#focus = undefined;
  }

  /** Open the menu with the focus on an item; without an item, close it with the focus on the button. */
  #turn(item?: number): void {
    this.isOpen = item !== undefined;
    this.#focus = item ?? -1;
    this.requestUpdate();
  }

  readonly #left = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget && !this.renderRoot.contains(relatedTarget as Node)) this.isOpen = false;
  };

  readonly #key = (event: KeyboardEvent): void => {
    const last = this.renderRoot.querySelectorAll("[role=menuitem]").length - 1;
    const at = [...this.renderRoot.querySelectorAll("[role=menuitem]")].indexOf((this.renderRoot as ShadowRoot).activeElement!);
    const steps: Record<string, number> = { ArrowDown: at === last ? 0 : at + 1, ArrowUp: at > 0 ? at - 1 : last, Home: 0, End: last };
    const to = steps[event.key];
    // Tab leaves a menu.
    if (event.key === "Tab") this.isOpen = false;
    else if (event.key === "Escape" && this.isOpen) this.#turn();
    else if (to !== undefined && (this.isOpen || event.key.startsWith("Arrow"))) this.#turn(this.isOpen ? to : event.key === "ArrowUp" ? 2 : 0);
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };

  readonly #saveRows = (): void => {
    const { makeTable } = this.card;
    if (!makeTable) return;
    const csv = csvOf(makeTable(), this.locale.number(0.5, 1).includes(","));
    // The mark tells spreadsheets that the text is UTF-8.
    download(`data:text/csv;charset=utf-8,${encodeURIComponent(`\ufeff${csv}`)}`, `${this.name}.csv`);
  };
}
