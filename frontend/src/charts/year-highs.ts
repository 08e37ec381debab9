/** Highest quarter-hours of a year, as buttons that show their day. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { High } from "../data/heat-map-grid.ts";
import { localDay, type Locale } from "../locale.ts";
import { yearTexts } from "../sentences/year.ts";

export const highsStyles = css`
  .highs-name {
    margin-top: 12px;
  }
  .highs {
    display: grid;
  }
  .highs button {
    display: flex;
    flex-direction: row-reverse;
    justify-content: space-between;
    align-items: center;
    gap: 8px;
    padding: 0;
    text-align: start;
    border-top: var(--line);
    border-radius: 0;
  }
  @container (min-width: 800px) {
    .highs {
      grid: none / auto-flow;
      column-gap: 24px;
    }
  }
  .highs b {
    white-space: nowrap;
  }
`;

export function yearHighs(highest: readonly High[], locale: Locale, open: (day: string) => void): TemplateResult | typeof nothing {
  if (!highest.length) return nothing;
  return html`<div>
    <p class="small highs-name">${locale.text(yearTexts, "highest_quarter_hours")}</p>
    <div class="highs">
      ${highest.map(({ time, kw, isAbove }) => {
        const [start, power] = [new Date(time), locale.kW(kw)];
        const when = `${locale.shortDate(start)}, ${locale.time(start)}`;
        return html`<button aria-label=${locale.common("show_day", { value: `${power} ${when}` })} @click=${() => open(localDay(start))}><b class=${isAbove ? "excess" : ""}>${power}</b> <small>${when}</small></button>`;
      })}
    </div>
  </div>`;
}
