/** Rows of the interruptions: a line with marks for each kind, and counts at the right. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { type InterruptionsDrawing, KIND_HEIGHT, markSize, NARROW_KIND_HEIGHT } from "../drawing/quality-interruptions.ts";
import type { Locale } from "../locale.ts";
import { qualityTexts, say } from "../sentences/quality.ts";
import { type Disturbances, KINDS, monthsDrawn } from "../sentences/quality-interruptions.ts";
import type { ChosenBar } from "./pointer.ts";

const MONTHS = 28;

export const interruptionsStyles = css`
  .kinds {
    display: grid;
    grid-template-columns: minmax(0, max-content) minmax(0, 1fr) auto auto;
    grid-template-rows: auto repeat(3, ${KIND_HEIGHT}px) ${MONTHS}px;
    column-gap: 12px;
    margin-top: 12px;
  }
  .kinds > .head {
    align-self: end;
  }
  .kinds > .period {
    padding-left: 10px;
  }
  .kinds > .earlier {
    white-space: nowrap;
  }
  .narrow.kinds > .earlier {
    width: min-content;
    min-width: 7ch;
    text-align: right;
    justify-self: end;
    white-space: normal;
    overflow-wrap: normal;
  }
  .kinds > .kind,
  .kinds > .count {
    display: flex;
    align-items: center;
    padding-top: 16px;
    font-size: 13px;
    line-height: 16px;
  }
  .kinds > .count {
    justify-content: flex-end;
    font-size: 16px;
  }
  .kinds > .quiet {
    color: var(--quiet);
  }
  .kinds .marks {
    grid-column: 2;
    grid-row: 2 / span 4;
    min-width: 0;
  }
  .kinds [role="slider"] {
    cursor: crosshair;
    touch-action: pan-y;
  }
  .kinds .axis {
    stroke: color-mix(in srgb, var(--primary-text-color) 22%, var(--ground));
  }
  .kinds .vague {
    stroke: var(--quiet);
    stroke-width: 5px;
    stroke-dasharray: 2 2;
  }
  .kinds .voltage_sag,
  .kinds .voltage_swell {
    fill: var(--primary-text-color);
  }
  .kinds .power_failure {
    fill: none;
    stroke: var(--excess);
    stroke-width: 2.5px;
    stroke-linecap: round;
  }
  .kinds .marks text {
    text-anchor: middle;
  }
  .kinds .marks text.words {
    text-anchor: start;
  }
  .kinds .chosen {
    fill: none;
    stroke: var(--link);
    stroke-width: 2px;
  }
  /* Narrow layout: names stand above their lines, which then use the whole width. */
  .narrow.kinds {
    grid-template-columns: 0 minmax(0, 1fr) auto auto;
    grid-template-rows: auto repeat(3, ${NARROW_KIND_HEIGHT}px) ${MONTHS}px;
    column-gap: 8px;
  }
  .narrow.kinds > .head {
    margin-bottom: 8px;
  }
  .narrow.kinds > .kind {
    width: max-content;
    padding: 0;
    align-items: start;
  }
  .narrow.kinds > .count {
    padding-top: 32px;
  }
  .narrow.kinds > .period,
  .narrow.kinds .marks,
  .narrow.kinds > .kind {
    grid-column: 1 / 3 !important;
    padding-left: 0;
  }
`;

interface Shown {
  interruptions: Disturbances;
  drawing: InterruptionsDrawing;
  locale: Locale;
  chosen: ChosenBar;
  /** Text of the chosen mark; "" without a choice. */
  reading: string;
}

export function interruptionLines({ interruptions, drawing, locale, chosen, reading }: Shown): TemplateResult {
  const { marks, months, lines, kindHeight } = drawing;
  const height = KINDS.length * kindHeight;
  const number = (value: number | undefined) => (value === undefined ? "–" : locale.number(value));
  const kind = (name: (typeof KINDS)[number], index: number) => {
    const row = `grid-row:${index + 2}`;
    return html`<div class="kind" style="grid-column:1;${row}">${say(locale, name)}</div>
      <div class="count" style="grid-column:3;${row}">${number(interruptions.seen[name])}<span class="hidden">${say(locale, "seen")}</span></div>
      <div class="count quiet" style="grid-column:4;${row}">${number(interruptions.undated[name])}<span class="hidden">${say(locale, "earlier")}</span></div>`;
  };
  const picked = chosen.index === undefined ? undefined : marks[chosen.index];
  const picture = svg`
    ${KINDS.map((name, index) =>
      lines[name] === undefined
        ? svg`<text class="words" x="10" y=${(index + 1) * kindHeight - 10}>${say(locale, "not_counted")}</text>`
        : svg`<path class="axis" d=${`M${drawing.from} ${lines[name]}H${drawing.width - 10}`}></path>`,
    )}
    ${months.map(({ x, time, isNamed }) => svg`<path class="axis" d=${`M${x} ${height}v${isNamed ? 6 : 3}`}></path>
      ${isNamed ? svg`<text x=${x} y=${height + 22}>${locale.shortMonth(time)}</text>` : nothing}`)}
    <path class="vague" d=${drawing.vague}></path>
    ${KINDS.map((name) => svg`<path class=${name} d=${drawing.paths[name]}></path>`)}
    ${drawing.labels.map(({ x, y, text }) => svg`<text x=${x} y=${y}>${locale.number(text)}</text>`)}
    ${picked ? svg`<circle class="chosen" cx=${picked.x} cy=${picked.y} r=${markSize(picked.count) + 4}></circle>` : nothing}`;
  const size = { width: drawing.width, height: height + MONTHS };
  const chart = html`<svg viewBox="0 0 ${size.width} ${size.height}" height=${size.height} aria-hidden="true">${picture}</svg>`;
  return html`<div class="kinds ${kindHeight > KIND_HEIGHT ? "narrow" : ""}">
    <small class="head period" style="grid-column:2">${locale.count(qualityTexts, "months", monthsDrawn(interruptions))}</small>
    <small class="head" aria-hidden="true" style="grid-column:3">${say(locale, "seen")}</small>
    <small class="head earlier" aria-hidden="true" style="grid-column:4">${say(locale, "earlier")}</small>
    ${KINDS.map(kind)}
    ${
      marks.length
        ? html`<div class="marks" role="slider" tabindex="0" aria-label=${locale.common("to_choose", { name: say(locale, "interruptions") })} aria-orientation="horizontal" aria-valuemin="0"
            aria-valuemax=${marks.length - 1} aria-valuenow=${Math.min(chosen.index ?? marks.length - 1, marks.length - 1)} aria-valuetext=${reading || locale.common("nothing_chosen")}
            @pointerdown=${chosen.down} @pointermove=${chosen.move} @pointerup=${chosen.up} @pointercancel=${chosen.up}
            @pointerleave=${chosen.leave} @keydown=${chosen.key}>${chart}</div>`
        : html`<div class="marks">${chart}</div>`
    }
  </div>`;
}
