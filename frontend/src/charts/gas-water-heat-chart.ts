/**
 * Chart of the gas, water or heat used since the first day of the month, with the reference month for comparison.
 *
 * The curves lie in a stretchable square of 100 × 100. They stretch with the card, the labels do not.
 */

import { lastOf } from "../built-in-replacements.ts";
import { html, nothing, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import type { Month, Standing } from "../data/gas-water-heat-amounts.ts";
import { type ChosenBar, pointer } from "./chosen-bar.ts";
import type { Days } from "../sentences/gas-water-heat-days.ts";
import { mediumTexts, monthName, writeSum } from "../sentences/gas-water-heat-month.ts";

const SIZE = 100;

export interface Point {
  x: number;
  y: number;
}

export interface MediumDrawing {
  own: string;
  area: string;
  reference: string;
  /** Point of the curve at the end of the last whole day. */
  dot: Point | undefined;
  /**
   * End of the curve of the reference month. `total` is the amount of the reference month; undefined if any day of the
   * reference month is unknown.
   */
  end: (Point & { total: number | undefined }) | undefined;
  ticks: { day: number; x: number }[];
  /** Number of days on the horizontal axis. */
  days: number;
}

/** Return the running sums: 0 for the day before `first`, then the sum at the end of each day. */
function sums({ amounts }: Month, first: number, last: number): number[] {
  let sum = 0;
  return [0, ...amounts.slice(first - 1, last).map((amount) => (sum += amount ?? 0))];
}

export function drawMedium({ month, first, last, reference }: Standing): MediumDrawing {
  const days = Math.max(month.length, reference?.length ?? 0);
  const own = last >= first ? sums(month, first, last) : [];
  const gap = reference?.isWhole.indexOf(false) ?? 0;
  const until = gap < 0 ? reference!.length : gap;
  const before = reference ? sums(reference, 1, until) : [];
  const highest = Math.max(...own, ...before) || 1;
  const at = (day: number, sum: number): Point => ({ x: (day / days) * SIZE, y: SIZE - (sum / highest) * SIZE });
  const write = ({ x, y }: Point) => `${Number(x.toFixed(2))} ${Number(y.toFixed(2))}`;

  let line = "";
  let area = "";
  let start: Point | undefined;
  own.forEach((sum, index) => {
    if (!index) return;
    const day = first - 1 + index;
    const [from, to] = [at(day - 1, own[index - 1]!), at(day, sum)];
    // The amount of a partly known day may be too low. So the curve has a gap at this day, although the sums at all
    // following days include its amount.
    if (!month.isWhole[day - 1]) {
      if (start) area += `L${write({ x: from.x, y: SIZE })}Z`;
      start = undefined;
      return;
    }
    if (!start) {
      line += `M${write(from)}`;
      area += `M${write({ x: from.x, y: SIZE })}L${write(from)}`;
      start = from;
    }
    line += `L${write(to)}`;
    area += `L${write(to)}`;
    if (index === own.length - 1) area += `L${write({ x: to.x, y: SIZE })}Z`;
  });
  const dashed = before.map((sum, day) => `${day ? "L" : "M"}${write(at(day, sum))}`).join("");
  const total = lastOf(before) ?? 0;
  return {
    own: line,
    area,
    reference: until ? dashed : "",
    dot: own.length > 1 ? at(last, lastOf(own)!) : undefined,
    end: reference && until ? { ...at(until, total), total: gap < 0 ? total : undefined } : undefined,
    ticks: [1, 7, 14, 21, 28].map((day) => ({ day, x: (day / days) * SIZE })),
    days,
  };
}

interface Chart {
  /** Name of the meter. */
  name: string;
  days: Days;
  drawing: MediumDrawing;
  /** Sentence about the chosen day; "" if no day is chosen. */
  reading: string;
}

export function mediumChart({ name, days, drawing, reading }: Chart, chosen: ChosenBar, locale: Locale): TemplateResult {
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
      aria-label=${locale.common("to_choose", { name })}
      aria-valuemin="1"
      aria-valuemax=${drawing.days}
      aria-valuenow=${day ?? Math.max(1, standing.last)}
      aria-valuetext=${reading || locale.common("nothing_chosen")}
      @keydown=${chosen.key}
      ${pointer(chosen)}
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
