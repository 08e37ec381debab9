/** Small templates shared by several cards. */

import { html, nothing, svg, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";

/** Return a text with its **marked** words in bold. New words are new nodes, so they do not count as a shift of the layout. */
export function rich(text: string): TemplateResult {
  const parts = text.split("**");
  return html`${keyed(text, html`${parts.map((part, index) => (index % 2 ? html`<b>${part}</b>` : part))}`)}`;
}

/** Return a line of small text; nothing without a text. */
export const smallLine = (text: string | TemplateResult | null | undefined): TemplateResult | typeof nothing => (text ? html`<p class="small">${text}</p>` : nothing);

/** Return a paragraph with **bold** words; nothing without a text. */
export const paragraph = (text: string): TemplateResult | typeof nothing => (text ? html`<p>${rich(text)}</p>` : nothing);

/** Return a line that a screen reader also reads when it appears. */
export const statusLine = (text: string): TemplateResult => html`<p role="status">${text}</p>`;

/** Return the heads of columns. */
export const columnHeads = (names: readonly (string | TemplateResult)[]): TemplateResult[] => names.map((name) => html`<th scope="col">${name}</th>`);

/** Numbers of a chart. */
export interface Table {
  head: string[];
  rows: (string | number)[][];
}

/** Return the table with the numbers of a chart. */
export function tableBehind(caption: string, { head, rows, sum }: { head: (string | TemplateResult)[]; rows: Table["rows"]; sum?: Table["rows"][number] | undefined }): TemplateResult {
  const line = (row: Table["rows"][number]) => html`<tr>${row.map((cell, index) => (index ? html`<td>${cell}</td>` : html`<th scope="row">${cell}</th>`))}</tr>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table class="behind">
      <thead>
        <tr>${columnHeads(head)}</tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
      ${sum ? html`<tfoot class="sum">${line(sum)}</tfoot>` : nothing}
    </table>
  </div>`;
}

/** Return the hatch pattern of estimated values, for use as fill="url(#id)". */
export function hatch(id: string, color: string): TemplateResult {
  return svg`<pattern id=${id} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
    <rect width="5" height="5" fill=${color} fill-opacity="0.18"></rect>
    <rect width="2.5" height="5" fill=${color}></rect>
  </pattern>`;
}

/** Return a title between two arrow buttons: ◀ earlier, later ▶. */
export function turnOver(
  title: string | TemplateResult,
  words: { earlier: string; later: string },
  to: { earlier?: (() => void) | undefined; later?: (() => void) | undefined },
  menu: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  const arrow = (label: string, sign: string, go?: () => void) =>
    html`<button aria-label=${label} title=${label} aria-disabled=${go ? "false" : "true"} @click=${go}>
      <ha-icon icon=${sign} style="pointer-events:none"></ha-icon>
    </button>`;
  return html`<header class="turn">
    ${arrow(words.earlier, "mdi:chevron-left", to.earlier)}
    <h2>${title}</h2>
    ${arrow(words.later, "mdi:chevron-right", to.later)}${menu}
  </header>`;
}
