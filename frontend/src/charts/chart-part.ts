/** Name of a part of a chart, which hides the part and shows it again, as a legend of the Energy dashboard does. */

import { css, html, type TemplateResult } from "lit";
import { dot } from "./shapes.ts";

export const partStyles = css`
  .plain[aria-pressed="false"] {
    text-decoration: line-through;
  }
  [aria-pressed="false"] .dot {
    opacity: 0.3;
  }
`;

/** Return the name of `part` as a button. `hide` gets the parts that are hidden after a press. */
export function chartPart<Part>(part: Part, color: string, name: string, hidden: readonly Part[], hide: (hidden: readonly Part[]) => void): TemplateResult {
  const others = hidden.filter((other) => other !== part);
  const isShown = others.length === hidden.length;
  return html`<button class="plain" aria-pressed=${isShown} @click=${() => hide(isShown ? [...others, part] : others)}>${dot(color)}${name}</button>`;
}
