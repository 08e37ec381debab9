/** Chooser of a reference power: a row for each class, with a bar of its costs. */

import { css, html, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import { radioKeys } from "./meter-chooser.ts";
import { bar } from "../charts/shapes.ts";
import { type ClassRow, leastDifference, yearTexts } from "../sentences/year.ts";

export const chooserStyles = css`
  .classes {
    display: grid;
    gap: 0;
    margin: 0 -8px;
  }
  .classes button {
    display: grid;
    grid-template-columns: 20px 56px 1fr 58px 64px;
    gap: 6px;
    align-items: center;
    width: 100%;
    padding: 0 8px;
    text-align: start;
  }
  .classes [aria-checked="true"] small {
    color: var(--text);
    font-weight: 400;
  }
  .classes small {
    text-align: end;
  }
  .radio {
    box-sizing: border-box;
    width: 20px;
    height: 20px;
    border: 2px solid var(--quiet);
    border-radius: 50%;
  }
  [aria-checked="true"] .radio {
    border: 6px solid var(--text);
  }
  .classes .bar {
    height: 14px;
  }
  @container (min-width: 600px) {
    .classes button {
      grid-template-columns: 20px 64px 1fr 64px 120px;
    }
  }
  @container (max-width: 280px) {
    .classes button {
      grid-template-columns: 20px 1fr auto max(64px, 40%);
      row-gap: 0;
      padding-top: 6px;
    }
    /* A bar is nearer to its own words than to those below. */
    .classes .bar {
      grid-area: 2 / 2 / 3 / 5;
      margin-bottom: 8px;
    }
  }
`;

export function classChooser(
  rows: ClassRow[],
  chosen: number | undefined,
  monthCount: number,
  locale: Locale,
  choose: (kw: number) => void,
): TemplateResult {
  const highest = Math.max(1, ...rows.map(({ fixed, surcharge }) => (fixed ?? 0) + Math.max(0, surcharge ?? 0)));
  const at = rows.findIndex(({ kw }) => kw === chosen);
  const key = radioKeys(Math.max(0, at), rows.length, (index) => choose(rows[index]!.kw));
  const cost = ({ fixed, surcharge }: ClassRow) => {
    const border = Math.max(0, fixed ?? 0) / highest;
    return bar([
      { color: "quiet", from: 0, to: border },
      { color: "excess", from: border, to: border + (surcharge ?? 0) / highest },
    ]);
  };
  return html`<div class="classes" role="radiogroup" aria-label=${locale.text(yearTexts, "classes")} @keydown=${key}>
    ${rows.map(
      (row, index) => html`<button
        role="radio"
        aria-checked=${index === at}
        tabindex=${index === Math.max(0, at) ? 0 : -1}
        @click=${() => choose(row.kw)}
      >
        <span class="radio"></span>
        <span>${locale.referenceKW(row.kw)}</span>
        ${cost(row)}
        <span class="number">${row.total === null ? "–" : locale.euros(row.total)}</span>
        <small>${differenceText(row, monthCount, locale)}</small>
        <span class="hidden">${partsText(row, locale)}</span>
      </button>`,
    )}
  </div>`;
}

/** Return the costs that the bar shows, as text for screen readers. */
function partsText(row: ClassRow, locale: Locale): string {
  const parts = (["fixed", "surcharge"] as const).filter((key) => row[key]).map((key) => `${locale.euros(row[key]!)} ${locale.text(yearTexts, key)}`);
  return parts.length ? `(${parts.join(", ")})` : "";
}

function differenceText({ isOwn, difference }: ClassRow, monthCount: number, locale: Locale): string {
  if (isOwn) return locale.text(yearTexts, "yours");
  if (difference === null) return "";
  if (Math.abs(difference) < leastDifference(monthCount)) return locale.text(yearTexts, "about_the_same");
  return `${locale.signed(difference)}\u00a0€`;
}
