/** Chart of a day's quarter-hours: fixed parts, running quarter-hour and chosen bar. */

import { clamp } from "../built-in-replacements.ts";
import { css, nothing, svg, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { type Chart, chartOf, type Quarter, rectangle } from "../data/day-chart-bars.ts";
import type { Locale } from "../locale.ts";
import type { Running } from "../parts/day-quarter-hours.ts";
import { hatch } from "../parts/markup.ts";
import type { Measure } from "../parts/measured-sizes.ts";

const COLORS = { drawn: "var(--drawn)", excess: "var(--excess)", fed: "var(--fed-in)" } as const;
const KINDS = ["drawn", "excess", "fed"] as const;

/** Return whether a card is narrow. The width of the card in px decides, not the width of the window. */
export const isNarrow = (width: number): boolean => width < 420;
export const heightOf = (width: number): number => (isNarrow(width) ? 224 : 272);
/** Space in px that a label keeps from the edge of the chart. */
const EDGE_PX = 2;

export function layOutDay(
  quarters: Quarter[],
  start: number,
  reference: number | null,
  begun: number,
  ended: number,
  drawnRoom: number,
  fedRoom: number,
  width: number,
  locale: Locale,
  widthOf: Measure,
): Chart {
  return chartOf({
    quarters,
    start,
    reference,
    begun,
    ended,
    room: { drawn: drawnRoom, fed: fedRoom },
    width,
    height: heightOf(width),
    isNarrow: isNarrow(width),
    hourWidth: widthOf(locale.hour(12)),
    tickWidth: (kw) => widthOf(locale.short(kw)),
  });
}

/** Return the parts of the chart that `guard` redraws only after a change: all but the running and the chosen bar. */
export function drawFixedParts(
  chart: Chart,
  start: number,
  reference: { kw: number | null; until: number | undefined; name: string },
  locale: Locale,
): unknown {
  return guard([chart, start, reference.kw, reference.until, locale], () => {
    const { left, right, bottom, ticks, hours, paths } = chart;
    const kw = chart.isCalm ? null : reference.kw;
    return svg`<defs>${KINDS.map((kind) => hatch(`hatched-${kind}`, COLORS[kind]))}</defs>
      <path class="gap" d=${chart.gaps}></path>
      ${ticks.map(
        (tick) => svg`<path class=${tick.kw === 0 ? "axis" : "grid"} d="M${left} ${tick.y.toFixed(1)}H${right}"></path>
          <text x=${left - 8} y=${tick.y + 4.5} text-anchor="end">${locale.short(tick.kw)}</text>`,
      )}
      <text x="0" y="12">kW</text>
      ${KINDS.map(
        (kind) => svg`<path d=${paths[kind].measured} fill=${COLORS[kind]}></path>
          <path d=${paths[kind].estimated} fill="url(#hatched-${kind})"></path>`,
      )}
      ${hours.map(
        ({ hour, x }) => svg`<path class="grid" d="M${x} ${bottom}v4"></path>
          <text x=${x} y=${bottom + 28} text-anchor="middle">${locale.hour(hour)}</text>`,
      )}
      ${chart.isCalm ? svg`<text class="strong" x=${right} y="12" text-anchor="end">${locale.referenceKW(reference.kw!)}\u00a0↑</text>` : nothing}
      ${kw === null ? nothing : referenceLine(chart, kw, reference.until === undefined ? right : chart.x(reference.until), reference.name, locale)}`;
  });
}

function referenceLine(chart: Chart, kw: number, to: number, name: string, locale: Locale): TemplateResult {
  const y = chart.y(kw);
  const isRight = chart.isNameRight && to === chart.right;
  return svg`<path class="reference" d="M${chart.left} ${y.toFixed(1)}H${to}"></path>
    <text class="strong" x=${chart.left - 8} y=${y + 4.5} text-anchor="end">${locale.short(kw)}</text>
    <text class="plain" x=${isRight ? to : chart.left} y=${y - 6} text-anchor=${isRight ? "end" : "start"}>${name}</text>`;
}

/**
 * Return the line of the new reference power for a day on which the reference power changes. The line begins at the
 * position `from` and has a label with the new power, because the axis shows only the old power.
 */
export function laterReference(chart: Chart, kw: number, from: number, name: string, locale: Locale): TemplateResult {
  const y = chart.y(kw);
  const text = `${name} ${locale.referenceKW(kw)}`;
  return svg`<path class="reference" d="M${from} ${y.toFixed(1)}H${chart.right}"></path>
    <text class="plain halo" x=${chart.right} y=${(y - 6).toFixed(1)} text-anchor="end">${text}</text>`;
}

/**
 * Return the bar of the running quarter-hour. Its height is the projected power. With `isThin`, the bar is an outline.
 * Otherwise, it is hatched.
 */
export function runningBar(chart: Chart, { index, drawn, fed, reference }: Running, isThin: boolean): TemplateResult {
  const { slot, barWidth } = chart;
  const x = chart.x(index) + Math.max(0, slot - barWidth) / 2;
  const bar = (kind: (typeof KINDS)[number], from: number, to: number) => {
    if (from === to) return nothing;
    const d = rectangle(x, barWidth, chart.y(from), chart.y(to));
    return isThin
      ? svg`<path class="outline" d=${d} stroke=${COLORS[kind]}></path>`
      : svg`<path d=${d} fill="url(#hatched-${kind})"></path>`;
  };
  const within = Math.min(drawn, reference ?? drawn);
  const middle = chart.x(index) + slot / 2;
  return svg`${bar("drawn", 0, within)}${bar("excess", within, drawn)}${bar("fed", 0, -fed)}
    <path class="plain" d="M${middle} ${chart.bottom + 2}l5 9h-10z"></path>`;
}

/** Return the axis of hours with the place of the running quarter-hour, for a day that has no bars yet. */
export function strip({ left, right, slot, x, hours }: Chart, index: number, locale: Locale): TemplateResult {
  return svg`<svg class="strip" viewBox="0 0 ${right} 36" aria-hidden="true">
    <rect x=${left} width=${right - left} height="8"></rect>
    <rect class="running" x=${x(index).toFixed(1)} width=${slot} height="8"></rect>
    ${hours.map((hour) => svg`<text x=${hour.x} y="24" text-anchor="middle">${locale.hour(hour.hour)}</text>`)}
  </svg>`;
}

/** Return the label above the highest bar. */
export function highestLabel(chart: Chart, { x, y, kw, isEstimated }: NonNullable<Chart["highest"]>, locale: Locale, widthOf: Measure): TemplateResult {
  const text = `${isEstimated ? "≈\u00a0" : ""}${locale.kW(kw)}`;
  const half = widthOf(text) / 2 + EDGE_PX;
  const inside = clamp(x, chart.left + half, chart.right - half);
  return svg`<text class="strong halo" x=${inside.toFixed(1)} y=${(y - 7).toFixed(1)} text-anchor="middle">${text}</text>`;
}

/** Return a vertical line above and below the chosen bar. The bar keeps its colour. */
export function chosenLine(chart: Chart, index: number, kw: number): TemplateResult {
  const x = (chart.x(index) + chart.slot / 2).toFixed(1);
  const [above, below] = [chart.y(Math.max(0, kw)), chart.y(Math.min(0, kw))];
  return svg`<path class="chosen" d="M${x} ${chart.top - 8}V${above.toFixed(1)}M${x} ${below.toFixed(1)}V${chart.bottom}"></path>
    <circle class="chosen" cx=${x} cy=${chart.y(kw).toFixed(1)} r="4"></circle>`;
}

/** Styles of the charts with an axis of power. */
export const chartStyles = css`
  svg[role="slider"] {
    border-radius: 8px;
    user-select: none;
    -webkit-user-select: none;
  }
  .grid {
    stroke: var(--divider-color);
  }
  .axis {
    stroke: var(--quiet);
  }
  .reference {
    stroke: var(--text);
    stroke-width: 2;
    stroke-dasharray: 2 2;
  }
  svg .halo {
    paint-order: stroke;
    stroke: var(--ground);
    stroke-width: 4px;
  }
  .chosen {
    stroke: var(--text);
    fill: var(--ground);
    stroke-width: 1.5;
  }
`;

export const dayStyles = css`
  ${chartStyles}
  .said {
    display: grid;
    min-height: 48px;
    margin: 4px 0 8px;
    text-align: center;
  }
  /* The sentence about today can become longer during the day. Reserve room, so that the cards below do not move. */
  .said.today {
    min-height: 72px;
  }
  /* The sentence of a chosen bar replaces the sentence of the day at the same place, so that nothing moves. */
  .said > * {
    grid-area: 1 / 1;
  }
  .behind-chosen {
    visibility: hidden;
  }
  .gap {
    fill: var(--gap);
  }
  .outline {
    fill: none;
    stroke-width: 1;
  }
  .strip {
    height: 36px;
    fill: var(--track);
  }
  .strip .running {
    fill: var(--drawn);
  }
  @container (min-width: 420px) {
    .said,
    .said.today {
      min-height: 24px;
    }
  }
`;
