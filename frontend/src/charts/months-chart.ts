/** Chart of the months as stacks. A month is chosen by touch, mouse or keyboard. */

import { clamp, lastOf, sumOf } from "../built-in-replacements.ts";
import { css, html, nothing, svg, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import { hatch } from "../parts/markup.ts";
import type { Measure } from "../parts/measured-sizes.ts";
import { choiceOf, labelOf, type Month, type MonthsKey, monthsTexts, PARTS, type Unit, type Year } from "../sentences/months.ts";

/** Column of one month. Positive `parts` are stacked upwards, negative parts downwards. */
export interface Column {
  parts: number[];
  /** Value at which the black tick is drawn; null for no tick. `label` is its text above the chart. */
  tick: number | null;
  label: string;
  /** Expected value at the end of the month, hatched above the stack. */
  estimate: number | null;
  isChosen: boolean;
}

export interface Label {
  x: number;
  text: string;
  isChosen: boolean;
}

export interface Drawing {
  zero: number;
  /** Horizontal position where the scale ends and the columns begin. */
  axis: number;
  /** Left edge of each column. */
  left: number[];
  step: number;
  /**
   * Horizontal position of the line that divides the current month from earlier months; undefined if no earlier month
   * is whole.
   */
  divider: number | undefined;
  /** SVG paths of the stacks: one path for each kind of part, for all months together. */
  paths: string[];
  hatched: string;
  ticks: string;
  labels: Label[];
  /** Horizontal lines of the scale. */
  lines: { y: number; value: number; text: string }[];
}

/** Width in px below which the chart has no scale, so that the months have room. */
const MIN_WIDTH_WITH_AXIS_PX = 288;
/** Margin in px at the left of a chart without a scale. */
const NO_AXIS_PX = 4;
const RIGHT_PX = 8;
/** Room in px above the columns: a row that names the values, and the row of the values. */
const TOP_PX = 38;
const NAME_PX = 12;
const VALUES_PX = 28;
const BOTTOM_PX = 6;
/** Gap in px between the numbers of the scale and the columns. */
const GAP_PX = 8;
/** Gap before the current month, in px. */
const DIVIDER_PX = 12;
const MAX_LINES = 6;
/** Minimum range of the scale, in euros or kWh. In a smaller range, two lines could have the same rounded number. */
const MIN_RANGE = 5;
/** Gap between neighbouring labels, in px. */
const MIN_LABEL_GAP_PX = 4;

/** Size of the chart in px, and functions that write and measure its texts. */
export interface Frame {
  width: number;
  height: number;
  /** Whether a line divides the current month from the months before it. */
  isDivided: boolean;
  /** Return the width of a text in px. */
  widthOf: (text: string) => number;
  /** Return a value of the scale as text. */
  write: (value: number) => string;
}

export function monthsDrawing(columns: Column[], { width, height, isDivided, widthOf, write }: Frame): Drawing {
  const up = columns.map(({ parts }) => sumOf(parts.filter((part) => part > 0)));
  const down = columns.map(({ parts }) => sumOf(parts.filter((part) => part < 0)));
  const marks = columns.flatMap(({ tick, estimate }) => [tick ?? 0, estimate ?? 0]);
  const maximum = Math.max(0, ...up, ...marks);
  const lowest = Math.min(0, ...down, ...marks);
  const highest = Math.max(maximum, lowest + MIN_RANGE);
  const values = linesOf(lowest, highest);
  const hasAxis = width >= MIN_WIDTH_WITH_AXIS_PX;
  const axis = hasAxis ? Math.ceil(Math.max(...values.map((value) => widthOf(write(value))))) + GAP_PX : NO_AXIS_PX;
  const gap = isDivided ? DIVIDER_PX : 0;
  const step = Math.max(1, (width - axis - RIGHT_PX - gap) / Math.max(1, columns.length));
  const bar = Math.max(2, Math.round(step * 0.72));
  const range = highest - lowest;
  const scale = (height - TOP_PX - BOTTOM_PX) / range;
  const y = (value: number) => round(TOP_PX + (highest - value) * scale);
  const left = columns.map((_, index) => axis + index * step + (index === columns.length - 1 ? gap : 0));

  const paths: string[] = [];
  let hatched = "";
  let ticks = "";
  columns.forEach(({ parts, tick, estimate }, index) => {
    const x = round(left[index]! + (step - bar) / 2);
    const box = (from: number, to: number) => `M${x} ${y(from)}h${bar}V${y(to)}h${-bar}z`;
    let above = 0;
    let below = 0;
    parts.forEach((part, n) => {
      const from = part > 0 ? above : below;
      paths[n] ??= "";
      if (!part) return;
      paths[n] += box(from, from + part);
      if (part > 0) above += part;
      else below += part;
    });
    if (estimate !== null && estimate > above) hatched += box(above, estimate);
    if (tick !== null) ticks += `M${round(left[index]! + 1)} ${y(tick)}H${round(left[index]! + step - 1)}`;
  });
  return {
    zero: y(0),
    axis,
    left,
    step,
    divider: isDivided ? lastOf(left)! - gap / 2 : undefined,
    paths,
    hatched,
    ticks,
    labels: labelsOf(columns, { axis, left, step, width, widthOf }),
    lines: values.map((value) => ({ y: y(value), value, text: hasAxis ? write(value) : "" })),
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Return round values for the lines of the scale, two to seven of them. */
function linesOf(lowest: number, highest: number): number[] {
  const minStep = (highest - lowest) / MAX_LINES;
  if (!(minStep > 0) || !Number.isFinite(minStep)) return [0];
  const power = 10 ** Math.floor(Math.log10(minStep));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= minStep) ?? 10);
  const values: number[] = [];
  for (let value = Math.ceil(lowest / step) * step; value <= highest; value += step) {
    values.push(Math.abs(value) < step / 2 ? 0 : value);
  }
  return values;
}

interface Place {
  axis: number;
  left: number[];
  step: number;
  width: number;
  widthOf: Frame["widthOf"];
}

/**
 * Place the labels in a row above their columns. Without room for every label, keep those of the current month, of the
 * chosen month and of the months with the highest and the lowest value, in this order.
 */
function labelsOf(columns: Column[], { axis, left, step, width, widthOf }: Place): Label[] {
  const shown = columns.map((column, index) => ({ ...column, index })).filter(({ label, tick }) => label && tick !== null);
  const isCrowded = shown.some(({ label, estimate }) => estimate === null && widthOf(label) + MIN_LABEL_GAP_PX > step);
  const byValue = shown.filter(({ index }) => index < columns.length - 1).sort((a, b) => b.tick! - a.tick!);
  const first = [...shown.filter(({ index }) => index === columns.length - 1), ...shown.filter(({ isChosen }) => isChosen), ...byValue.slice(0, 1), ...byValue.slice(-1)];
  const placed = new Map<number, Label & { from: number; to: number }>();
  for (const { index, label, isChosen } of isCrowded ? first : [...first, ...shown]) {
    const half = widthOf(label) / 2;
    const x = clamp(left[index]! + step / 2, axis + half - RIGHT_PX, width - half);
    const [from, to] = [x - half - MIN_LABEL_GAP_PX, x + half + MIN_LABEL_GAP_PX];
    if ([...placed.values()].every((other) => x - half >= other.to || x + half <= other.from)) placed.set(index, { x: round(x), text: label, isChosen, from, to });
  }
  return [...placed.keys()].sort((a, b) => a - b).map((index) => placed.get(index)!);
}

/** Height in px until the card has been measured. */
const DEFAULT_HEIGHT_PX = 254;
const MONTH_NAMES_PX = 20;
/** Number of months by which the keys PageUp and PageDown move. */
const MONTHS_A_PAGE = 3;
const SO_FAR_PX = 18;
/** Gap between the letters of neighbouring months, in px. */
const MIN_LETTER_GAP_PX = 2;

/** Colours in the order of the parts of a stack. */
export const COLORS: Record<Unit, string[]> = {
  "€": ["drawn", "pale", "excess", "fed-in"],
  kWh: ["drawn", "excess", "fed-in"],
};

export const chartStyles = css`
  .chart {
    margin-top: 4px;
    min-height: ${DEFAULT_HEIGHT_PX}px;
    cursor: pointer;
  }
  .line {
    stroke: var(--divider-color);
  }
  .zero,
  .divider {
    stroke: var(--quiet);
  }
  .tick {
    stroke: var(--text);
    stroke-width: 2.5;
  }
  .halo {
    stroke: var(--ground);
    stroke-width: 4;
  }
  .divider {
    stroke-dasharray: 2 3;
  }
  .column {
    fill: var(--chosen);
  }
`;

export interface MonthsChart {
  year: Year;
  chosen: Month;
  /** Parts that are not drawn. If there are any, the chart has no totals. */
  hidden: readonly MonthsKey[];
  locale: Locale;
  width: number;
  /** Height that the card has left for the chart; undefined on paper. */
  height?: number;
  widthOf: Measure;
  choose: (month: string) => void;
}

export function monthsChart({ year, chosen, hidden, locale, width, height: left, widthOf, choose }: MonthsChart): TemplateResult {
  // Until the card is laid out, the chart has no width.
  if (left === 0) return html`<div class="chart frame"><svg height=${DEFAULT_HEIGHT_PX}></svg></div>`;
  const { months, unit } = year;
  const at = months.indexOf(chosen);
  const last = lastOf(months)!;
  const soFar = !hidden.length && last.isRunning && last.value !== null && year.whole.length ? locale.text(monthsTexts, "so_far_short", { value: locale.whole(last.value) }) : "";
  const height = left || DEFAULT_HEIGHT_PX;
  const bottom = height - (soFar ? SO_FAR_PX : 0);
  const top = bottom - MONTH_NAMES_PX;
  const drawing = drawingOf(year, chosen, hidden, width, top, widthOf, locale);
  // On a narrow card, only every second or third month has its letter.
  const every = Math.ceil((widthOf("M") + MIN_LETTER_GAP_PX) / drawing.step);
  const knownMonths = months.filter(({ bill }) => bill);
  const point = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const place = (event.clientX - box.left - drawing.axis) / drawing.step - 0.5;
    const distance = (month: Month) => Math.abs(months.indexOf(month) - place);
    choose(knownMonths.reduce((best, month) => (distance(month) < distance(best) ? month : best), chosen).month);
  };
  const key = (event: KeyboardEvent) => {
    const here = knownMonths.indexOf(chosen);
    const last = knownMonths.length - 1;
    const steps: Record<string, number> = {
      ArrowLeft: here - 1,
      ArrowDown: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      PageUp: here + MONTHS_A_PAGE,
      PageDown: here - MONTHS_A_PAGE,
      Home: 0,
      End: last,
      Escape: last,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(knownMonths[clamp(to, 0, last)]!.month);
  };
  return html`<div
    class="chart ${left === undefined ? "" : "frame"}"
    role="slider"
    tabindex="0"
    aria-label=${locale.common("to_choose", { name: locale.text(monthsTexts, "title_few") })}
    aria-valuemin="1"
    aria-valuemax=${months.length}
    aria-valuenow=${at + 1}
    aria-valuetext=${choiceOf(chosen, unit, locale)}
    @click=${point}
    @pointermove=${(event: PointerEvent) => event.buttons && point(event)}
    @keydown=${key}
  >
    <svg viewBox="0 0 ${width} ${height}" height=${height} aria-hidden="true">
      <defs>${hatch("coming", "var(--drawn)")}</defs>
      <rect class="column" x=${drawing.left[at]!} y="0" width=${drawing.step} height=${bottom} rx="6"></rect>
      ${drawing.lines.map(
        ({ y, value, text }) => svg`<line class=${value ? "line" : "zero"} x1=${drawing.axis} x2=${width} y1=${y} y2=${y}></line>
          <text x=${drawing.axis - 6} y=${y + 4} text-anchor="end">${text}</text>`,
      )}
      ${drawing.paths.map((path, index) => svg`<path d=${path} fill="var(--${COLORS[unit][index]})"></path>`)}
      <path d=${drawing.hatched} fill="url(#coming)"></path>
      ${drawing.divider === undefined ? nothing : svg`<line class="divider" x1=${drawing.divider} x2=${drawing.divider} y1=${TOP_PX} y2=${bottom}></line>`}
      ${soFar ? svg`<text x=${width} y=${bottom + 12} text-anchor="end">${soFar}</text>` : nothing}
      <line class="zero" x1=${drawing.axis} x2=${width} y1=${drawing.zero} y2=${drawing.zero}></line>
      ${unit === "€" && !hidden.length ? svg`<path class="halo" d=${drawing.ticks}></path><path class="tick" d=${drawing.ticks}></path>` : nothing}
      <text y=${NAME_PX}>${hidden.length ? "" : `${locale.text(monthsTexts, unit === "€" ? "pay" : "drawn")}, `}${unit}</text>
      ${drawing.labels.map(
        ({ x, text, isChosen }) =>
          svg`<text class="value ${isChosen ? "strong" : "plain"}" x=${x} y=${VALUES_PX} text-anchor="middle">${text}</text>`,
      )}
      ${months.map(
        ({ start }, index) =>
          svg`<text class=${index === at ? "strong" : ""} x=${drawing.left[index]! + drawing.step / 2} y=${top + 14}
            text-anchor="middle">${(months.length - 1 - index) % every ? "" : locale.month(start).charAt(0).toUpperCase()}</text>`,
      )}
    </svg>
  </div>`;
}

/** Return a month whose value is that of its shown parts. In kWh, the value is the energy from the grid, if it is shown. */
function withoutParts(month: Month, hidden: readonly MonthsKey[], unit: Unit): Month {
  const parts = month.parts.map((part, index) => (hidden.includes(PARTS[unit][index]!) ? 0 : part));
  const value = (unit === "kWh" && sumOf(parts.filter((part) => part > 0))) || sumOf(parts);
  return { ...month, parts, value: month.value === null ? null : value, estimate: null };
}

function drawingOf({ months, whole, unit }: Year, chosen: Month, hidden: readonly MonthsKey[], width: number, height: number, widthOf: Measure, locale: Locale): Drawing {
  const columns = months.map((month) => {
    const shown = hidden.length ? withoutParts(month, hidden, unit) : month;
    return { parts: shown.parts, tick: shown.estimate ?? shown.value, label: labelOf(shown, locale), estimate: shown.estimate, isChosen: month === chosen };
  });
  return monthsDrawing(columns, {
    width,
    height,
    isDivided: lastOf(months)!.isRunning && whole.length > 0,
    widthOf,
    write: (value) => locale.number(value),
  });
}
