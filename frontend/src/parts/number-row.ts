/** Row of a table that a card always shows. */

import { html, type TemplateResult } from "lit";

/** Return a row of numbers with its name. */
export const numberRow = (name: string | TemplateResult, cells: readonly string[]): TemplateResult =>
  html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>`;
