/** Bars and dots. They are drawings, because forced colours and prints leave backgrounds out. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { hatch } from "../parts/markup.ts";

/**
 * Part of a bar. `color` is a variable of the card, such as "drawn"; the ends are shares of the bar, from 0 to 1. A part
 * has the whole height of the bar, or a `height` below a `top`, both as shares of it.
 */
export interface BarPart {
  color: string;
  from: number;
  to: number;
  top?: number;
  height?: number;
  isEstimate?: boolean;
}

/** Length of the shortest part that is seen, as a share of a bar. */
const MIN_SHARE = 0.008;

/** Part for the whole length of a bar, below the other parts. */
export const TRACK: BarPart = { color: "track", from: 0, to: 1 };

const at = (share: number): string => `${(share * 100).toFixed(2)}%`;

const fillOf = (color: string, isHatched: boolean | undefined): string => (isHatched ? `url(#hatched-${color})` : `var(--${color})`);

type Content = TemplateResult | typeof nothing;

/**
 * Return a bar. Estimated parts are hatched. A limit at the share `line` is a line across the bar, above its `label`.
 * `end` is the label at the end of the scale.
 */
export function bar(parts: readonly BarPart[], line?: number, label: Content = nothing, end: Content = nothing): TemplateResult {
  return html`<div class="bar" aria-hidden="true">
    <svg>${parts.map(
      ({ color, from, to, top = 0, height = 1, isEstimate }) =>
        to > from
          ? svg`${isEstimate ? hatch(`hatched-${color}`, `var(--${color})`) : nothing}
        <rect x=${at(from)} y=${at(top)} width=${at(Math.max(MIN_SHARE, to - from))} height=${at(height)} fill=${fillOf(color, isEstimate)}></rect>`
          : nothing,
    )}</svg>
    ${line === undefined ? nothing : html`<i class="line" style="left:${at(line)}">${label}</i>`}${end}
  </div>`;
}

/**
 * Return the parts of a bar from `begin` to `known`, and hatched from there to `end`. Beyond the `limit`, they have the
 * color `above`. Empty parts are not drawn.
 */
export function splitAtLimit(begin: number, known: number, end: number, limit: number, below: string, above: string): BarPart[] {
  const part = (from: number, to: number, isEstimate: boolean): BarPart[] => {
    const border = Math.min(Math.max(limit, from), to);
    return [{ color: below, isEstimate, from, to: border }, { color: above, isEstimate, from: border, to }];
  };
  return [...part(begin, known, false), ...part(known, end, true)];
}

/** Return a dot before a text, or a square if `isSquare`. */
export const dot = (color: string, isSquare = false, isHatched = false): TemplateResult =>
  html`<svg class="dot" viewBox="0 0 10 10" aria-hidden="true">
    ${isHatched ? hatch(`hatched-${color}`, `var(--${color})`) : nothing}<rect width="10" height="10" rx=${isSquare ? 0 : 5} fill=${fillOf(color, isHatched)}></rect>
  </svg>`;

export const barStyles = css`
  .bar {
    position: relative;
    height: 16px;
  }
  .bar svg {
    height: 100%;
  }
  .line {
    position: absolute;
    top: -6px;
    bottom: -6px;
    margin-left: -1px;
    border-left: 2px solid var(--text);
  }
`;
