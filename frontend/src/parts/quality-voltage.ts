/** Rows of the voltages: present value, curve of 24 hours on the allowed band, highest and lowest. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { PHASE_HEIGHT, ROW_HEIGHT, type VoltageDrawing } from "../drawing/quality-voltage.ts";
import type { Locale } from "../locale.ts";
import { say } from "../sentences/quality.ts";
import { rowTime, volts, type VoltageDay } from "../sentences/quality-voltage.ts";
import type { ChosenBar } from "./pointer.ts";

export const voltageStyles = css`
  .voltage {
    display: grid;
    grid-template-columns: auto auto minmax(0, 1fr) auto;
    column-gap: 8px;
    margin-top: 8px;
  }
  .voltage > div {
    height: ${PHASE_HEIGHT}px;
    display: flex;
    flex-direction: column;
    justify-content: center;
    white-space: nowrap;
  }
  .voltage .ticks {
    position: relative;
    width: 3ch;
  }
  .voltage .ticks small {
    position: absolute;
    right: 0;
    transform: translateY(-50%);
  }
  .voltage .chart {
    grid-column: 3;
    display: block;
    height: auto;
    cursor: crosshair;
    align-self: start;
    touch-action: pan-y;
  }
  .voltage .chart svg {
    overflow: hidden;
  }
  .voltage .line {
    fill: currentColor;
    stroke: currentColor;
    stroke-width: 1.5px;
    stroke-linejoin: round;
    vector-effect: non-scaling-stroke;
  }
  .voltage .beyond {
    color: var(--excess);
  }
  .voltage .reader {
    stroke: var(--link);
    stroke-width: 2px;
    vector-effect: non-scaling-stroke;
  }
  .voltage .axis {
    grid-column: 3;
    flex-direction: row;
    justify-content: space-between;
    gap: 4px;
    height: 20px;
  }
  /* Begin the axis of time below the numbers of the two limits, because only the first row has these numbers. */
  @container (max-width: 280px) {
    .voltage .axis {
      margin-inline-start: -24px;
    }
  }
  @container (max-width: 200px) {
    .voltage .extremes {
      display: none;
    }
  }
  .old {
    color: var(--quiet);
  }
  @container (max-width: 420px) {
    /* Reserve two lines for the reading, so that the chart does not move under the finger. */
    .reserved {
      min-height: 48px;
    }
    .voltage .middle {
      display: none;
    }
  }
`;

interface Shown {
  day: VoltageDay;
  drawing: VoltageDrawing;
  locale: Locale;
  chosen: ChosenBar;
  /** Name of the chart, and the text of the chosen place; "" without a choice. */
  label: string;
  reading: string;
  isOld: boolean;
  /** Return the present voltage of a phase. */
  now: (phase: string) => TemplateResult;
}

export function voltageRows({ day, drawing, locale, chosen, label, reading, isOld, now }: Shown): TemplateResult {
  const { phases, limits, rows } = day;
  const { top, bottom } = drawing.band;
  const height = phases.length * ROW_HEIGHT;
  const bands = phases.map((_, index) => `M0 ${index * ROW_HEIGHT + top}H${rows}V${index * ROW_HEIGHT + bottom}H0Z`).join("");
  const row = ({ name, min, max }: (typeof phases)[number], index: number) => html`
    <div style="grid-column:1;grid-row:${index + 1}" class=${isOld ? "old" : ""}><small>${name}</small>${now(name)}</div>
    ${index ? nothing : html`<div class="ticks" aria-hidden="true" style="grid-column:2;grid-row:1">
      <small style="top:${top}px">${locale.number(limits[1])}</small><small style="top:${bottom}px">${locale.number(limits[0])}</small>
    </div>`}
    <div class="extremes" style="grid-column:4;grid-row:${index + 1}">
      <small class="number">${say(locale, "highest", { value: volts(max, limits, locale) })}</small>
      <small class="number">${say(locale, "lowest", { value: volts(min, limits, locale) })}</small>
    </div>`;
  const clock = (at: number) => locale.time(rowTime(day, at));
  return html`<div class="voltage" style="grid-template-rows:repeat(${phases.length},${ROW_HEIGHT}px) 20px">
    ${phases.map(row)}
    <div class="chart" style="grid-row:1 / span ${phases.length};height:${height}px" role="slider" tabindex="0" aria-label=${locale.common("to_choose", { name: label })}
      aria-orientation="horizontal" aria-valuemin="0" aria-valuemax=${rows - 1} aria-valuenow=${chosen.index ?? rows - 1} aria-valuetext=${reading || locale.common("nothing_chosen")}
      @pointerdown=${chosen.down} @pointermove=${chosen.move} @pointerup=${chosen.up} @pointercancel=${chosen.up}
      @pointerleave=${chosen.leave} @keydown=${chosen.key}>
      <svg viewBox="0 0 ${rows} ${height}" preserveAspectRatio="none" height=${height} aria-hidden="true">
        <path d=${bands} fill="var(--track)"></path>
        ${drawing.paths.map((path) => svg`<path class="line" d=${path}></path>`)}
        ${drawing.beyond ? svg`<clipPath id="beyond"><path d=${drawing.beyond}></path></clipPath>
          <g clip-path="url(#beyond)">${drawing.paths.map((path) => svg`<path class="line beyond" d=${path}></path>`)}</g>` : nothing}
        ${chosen.index === undefined ? nothing : svg`<path class="reader" d=${`M${chosen.index + 0.5} 0V${height}`}></path>`}
      </svg>
    </div>
    <div class="axis" aria-hidden="true" style="grid-row:${phases.length + 1}">
      <small>${clock(0)}</small><small class="middle">${clock(Math.round(rows / 2))}</small><small>${say(locale, "now")}</small>
    </div>
  </div>`;
}
