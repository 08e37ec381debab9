/** Chart of a month's running sum and its reference month. The curves stretch with the card, the labels do not. */

import { html, nothing, type TemplateResult } from "lit";
import type { MediumDrawing } from "../drawing/medium.ts";
import type { Locale } from "../locale.ts";
import { mediumTexts, monthName, writeSum } from "../sentences/medium.ts";
import type { Days } from "../sentences/medium-days.ts";
import type { ChosenBar } from "./pointer.ts";

interface Chart {
  days: Days;
  drawing: MediumDrawing;
  /** Sentence of the chosen day; "" without a choice. */
  reading: string;
}

export function mediumChart({ days, drawing, reading }: Chart, chosen: ChosenBar, locale: Locale): TemplateResult {
  const { standing, units, today } = days;
  const { dot, end, ticks } = drawing;
  const sum = writeSum(standing.sum, units, locale);
  const value = standing.missing ? locale.text(mediumTexts, "at_least", { sum }) : sum;
  const isLeft = (dot?.x ?? 0) < 50;
  const day = chosen.index === undefined ? undefined : chosen.index + 1;
  const place = ({ x, y }: { x: number; y: number }) => `left:${x}%;top:${y}%`;
  return html`<div class="chart">
    <div class="plot">
    <div
      class="touch"
      role="slider"
      tabindex="0"
      aria-label=${locale.common("choose_day")}
      aria-valuemin="1"
      aria-valuemax=${drawing.days}
      aria-valuenow=${day ?? Math.max(1, standing.last)}
      aria-valuetext=${reading || locale.common("nothing_chosen")}
      @keydown=${chosen.key}
      @pointerdown=${chosen.down}
      @pointermove=${chosen.move}
      @pointerup=${chosen.up}
      @pointercancel=${chosen.up}
      @pointerleave=${chosen.leave}
    >
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        <path class="area" d=${drawing.area}></path>
        <path class="reference" d=${drawing.reference}></path>
        <path class="own" d=${drawing.own}></path>
      </svg>
    </div>
      ${day ? html`<span class="at chosen" style="left:${((day - 0.5) / drawing.days) * 100}%"></span>` : nothing}
      ${dot
        ? html`<span class="at point" style=${place(dot)}></span>
            <b class="at value ${isLeft ? "right" : ""}" style="${place(dot)};max-width:${isLeft ? 100 - dot.x : dot.x}%"
              ><span class="hidden">${monthName(standing.month.month, today, locale)}</span> ${value}</b
            >`
        : nothing}
      ${ticks.map((tick) => html`<small class="at tick" aria-hidden="true" style="left:${tick.x}%">${tick.day}</small>`)}
    </div>
    ${end
      ? html`<div class="side">
          <small style="top:clamp(18px,${end.y}%,100% - 18px)"
            >${monthName(standing.reference!.month, today, locale)}
            ${end.total === undefined ? nothing : html`<br />${writeSum(end.total, units, locale)}`}</small
          >
        </div>`
      : nothing}
  </div>`;
}
