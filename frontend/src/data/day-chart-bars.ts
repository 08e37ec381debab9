/** Positions of a day's bars in pixels. Energies are in Wh, powers in kW. */

import { clamp } from "../built-in-replacements.ts";
import { localParts, QUARTER_HOUR_MS } from "../locale.ts";
import type { QuarterHours } from "./websocket-types.ts";

/** Number of quarter-hours on the day on which the clocks are put back. A longer day is an error. */
const MAX_QUARTERS = 100;

/** Energies of a quarter-hour that has ended, in Wh; null if unknown. */
export interface Quarter {
  imported: number | null;
  exported: number | null;
  origin: "leneda" | "leneda_estimated" | undefined;
}

const UNKNOWN: Quarter = { imported: null, exported: null, origin: undefined };
/** Higher values are no measurement, and count as unknown. The integration stores at most 1,000 kW. */
export const MAX_KW = 4_000;
export const kwOf = (wh: number | null): number => (wh ?? 0) / 250;

/** Return the length of a day in quarter-hours, from 1 to MAX_QUARTERS. */
export const countOf = (start: number, end: number): number =>
  clamp(Math.round((end - start) / QUARTER_HOUR_MS) || 1, 1, MAX_QUARTERS);

/** Return the quarter-hours of a day. `imported` and `exported` can cover more or less than the day. */
export function quartersOf(start: number, count: number, imported?: QuarterHours, exported?: QuarterHours): Quarter[] {
  const quarters: Quarter[] = Array.from({ length: count }, () => ({ ...UNKNOWN }));
  const forEachValue = (answer: QuarterHours | undefined, use: (quarter: Quarter, wh: number, index: number) => void) => {
    if (!answer || !Array.isArray(answer.values)) return;
    const first = Math.round((Date.parse(answer.start) - start) / QUARTER_HOUR_MS);
    answer.values.forEach((wh, index) => {
      const quarter = quarters[first + index];
      if (quarter && typeof wh === "number" && Math.abs(wh) <= MAX_KW * 250) use(quarter, Math.max(0, wh), index);
    });
  };
  forEachValue(imported, (quarter, wh) => (quarter.imported = wh));
  forEachValue(exported, (quarter, wh) => (quarter.exported = wh));
  for (const [index, length, origin] of imported?.origins ?? []) {
    forEachValue(imported, (quarter, _wh, at) => at >= index && at < index + length && (quarter.origin = origin));
  }
  return quarters;
}

/** Data and size of a day's chart. */
export interface ChartRequest {
  start: number;
  quarters: readonly Quarter[];
  reference: number | null;
  /** Number of quarter-hours that have ended. If such a quarter-hour is unknown, it is drawn as a gap. */
  ended: number;
  /** Index of the quarter-hour in which the records begin. Earlier quarter-hours are not drawn as gaps. */
  begun: number;
  /**
   * Powers in kW that the scale must reach: `drawn` upwards, `fed` downwards. They leave room for the bar of the
   * running quarter-hour, and for the line of a reference power that begins later in the day.
   */
  room: { drawn: number; fed: number };
  width: number;
  height: number;
  isNarrow: boolean;
  /** Return the width in px of a tick's label. */
  tickWidth: (kw: number) => number;
  /** Width in px of the longest label of an hour. */
  hourWidth: number;
}

export interface Chart {
  left: number;
  right: number;
  top: number;
  bottom: number;
  slot: number;
  barWidth: number;
  x: (index: number) => number;
  y: (kw: number) => number;
  ticks: { kw: number; y: number }[];
  hours: { hour: number; x: number }[];
  paths: Record<"drawn" | "excess" | "fed", { measured: string; estimated: string }>;
  /** Path of the gaps: a band over the whole height of the chart for every quarter-hour that was not measured. */
  gaps: string;
  /**
   * Whether all powers of the day are below half of the reference power. The scale then fits these powers, and the line
   * of the reference power is not visible.
   */
  isCalm: boolean;
  /** Highest bar above the reference power. If `isCalm`, the highest bar of the day. */
  highest: { x: number; y: number; kw: number; isEstimated: boolean } | undefined;
  /** Whether the name of the reference power stands at the right end of its line, because bars cover the left end. */
  isNameRight: boolean;
}

/** Room in px: TOP for the unit and the label of the highest bar, BOTTOM for the hours below the axis. */
const TOP = 32;
const BOTTOM = 34;

export function chartOf(request: ChartRequest): Chart {
  const { quarters, reference, width, height } = request;
  const count = quarters.length;
  const bottom = height - BOTTOM;
  const { high, low, step, isCalm } = scaleOf(request, bottom - TOP);
  const y = (kw: number) => TOP + ((high - kw) / (high - low)) * (bottom - TOP);
  const line = isCalm ? null : reference;
  const ticks = ticksOf(high, low, step, line, y);
  const tickWidths = ticks.map(({ kw }) => request.tickWidth(kw));
  const left = Math.ceil(Math.max(...tickWidths, line === null ? 0 : request.tickWidth(line))) + 8;
  const right = Math.max(left + count, Math.floor(width - request.hourWidth / 2));
  const slot = (right - left) / count;
  const barWidth = Math.max(2, Math.round(slot * 0.85 * 2) / 2);
  const x = (index: number) => left + index * slot;
  const paths = { drawn: pair(), excess: pair(), fed: pair() };
  let gaps = "";
  let highest: Chart["highest"];
  quarters.forEach(({ imported, exported, origin }, index) => {
    const at = round(x(index) + Math.max(0, slot - barWidth) / 2);
    const isEstimated = origin === "leneda_estimated";
    const kind = isEstimated ? "estimated" : "measured";
    const bar = (from: number, to: number) => rectangle(at, barWidth, y(from), y(to));
    if (imported === null) {
      if (index < request.ended && index >= request.begun) gaps += rectangle(round(x(index)), slot, TOP, bottom);
      return;
    }
    const kw = kwOf(imported);
    const within = reference === null ? kw : Math.min(kw, reference);
    if (within > 0) paths.drawn[kind] += bar(0, within);
    if (kw > within) paths.excess[kind] += bar(within, kw);
    if (kw > (highest?.kw ?? 0) && (isCalm || kw > within)) highest = { x: x(index) + slot / 2, y: y(kw), kw, isEstimated };
    if (exported) paths.fed[kind] += bar(0, -kwOf(exported));
  });
  const isInTheWay = (from: number, to: number) =>
    quarters.slice(count * from, count * to).some((quarter) => kwOf(quarter.imported) > (reference ?? Infinity));
  const share = request.isNarrow ? 0.55 : 0.2;
  return {
    left,
    right,
    top: TOP,
    bottom,
    slot,
    barWidth,
    x,
    y,
    ticks,
    hours: hoursOf(request, x, right - left),
    paths,
    gaps,
    isCalm,
    highest,
    isNameRight: isInTheWay(0, share) && !isInTheWay(1 - share, 1),
  };
}

const pair = () => ({ measured: "", estimated: "" });
const round = (pixels: number): number => Math.round(pixels * 2) / 2;

/** Return the path of a bar between two heights, at least 1 px high so that small values stay visible. */
export function rectangle(x: number, width: number, from: number, to: number): string {
  const top = Math.min(from, to);
  const height = Math.max(1, Math.abs(from - to));
  return `M${x} ${(to > from ? top : from - height).toFixed(1)}h${width}v${height.toFixed(1)}h${-width}z`;
}

/** Return the next whole kW at least 0.6 kW above a power, so that the scale does not move with every telegram. */
export const roomFor = (kw: number): number => (kw > 0 ? Math.ceil(kw + 0.6) : 0);

/** End of the scale in kW, for a day with neither data nor a reference power. */
const EMPTY_KW = 4;

/**
 * Return the ends of the scale, and the distance between its ticks, in kW. Both ends are ticks. Zero is always visible.
 * The reference power is visible, too, unless all powers of the day are below half of it.
 */
function scaleOf({ quarters, reference, room }: ChartRequest, height: number): { high: number; low: number; step: number; isCalm: boolean } {
  let peak = 0;
  let fed = 0;
  const isEmpty = quarters.every(({ imported }) => imported === null);
  for (const { imported, exported } of quarters) {
    peak = Math.max(peak, kwOf(imported));
    fed = Math.max(fed, kwOf(exported));
  }
  const isCalm = !isEmpty && reference !== null && Math.max(peak, fed, room.drawn, room.fed) < reference / 2;
  const up = isCalm || reference === null ? Math.max(isEmpty ? EMPTY_KW : 1, peak, room.drawn) : Math.max(reference + 1, peak, room.drawn);
  const down = Math.max(fed, room.fed);
  const [above, below, step] = stepsOf(up, down, height);
  return { high: above * step, low: -below * step || 0, step, isCalm };
}

/** Minimum distance between two ticks in px. */
const MIN_TICK_GAP_PX = 26;
/**
 * Largest power of ten in kW that is tried as the distance between two ticks. In a chart without height, no distance
 * would be large enough, so the search would not end without this limit.
 */
const MAX_TICK_STEP = 1e9;

/** Return the number of steps above and below 0 that reach two powers, and the length of a step in kW. */
function stepsOf(up: number, down: number, height: number): [above: number, below: number, step: number] {
  for (let ten = 0.1; ; ten *= 10) {
    for (const factor of ten < 1 ? [5] : [1, 2, 4]) {
      const step = factor * ten;
      const [above, below] = [Math.ceil(up / step), Math.ceil(down / step)];
      if ((above + below) * MIN_TICK_GAP_PX <= height || step > MAX_TICK_STEP) return [above, below, step];
    }
  }
}

/**
 * A tick that is too near to the line of the reference power is left out. BELOW_LINE_PX is the minimum distance below
 * the line, and ABOVE_LINE_PX the minimum distance above it.
 */
const BELOW_LINE_PX = 18;
const ABOVE_LINE_PX = 24;

function ticksOf(high: number, low: number, step: number, reference: number | null, y: Chart["y"]) {
  const ticks: Chart["ticks"] = [];
  for (let number = Math.round(low / step); number * step <= high; number += 1) {
    const kw = number * step;
    const aboveLine = reference === null ? NaN : y(reference) - y(kw);
    if (kw !== 0 && aboveLine > -BELOW_LINE_PX && aboveLine < ABOVE_LINE_PX) continue;
    ticks.push({ kw, y: y(kw) });
  }
  return ticks;
}

/**
 * Return the hours with a label on the axis. Every sixth hour of the day has a label, or every twelfth if space is
 * short.
 */
function hoursOf({ start, quarters, hourWidth }: ChartRequest, x: Chart["x"], width: number): Chart["hours"] {
  const step = width / 4 > 1.3 * hourWidth + 4 ? 6 : 12;
  const hours: Chart["hours"] = [];
  for (let index = 0; index < quarters.length; index += 4) {
    const { hour } = localParts(start + index * QUARTER_HOUR_MS);
    if (hour % step === 0) hours.push({ hour, x: x(index) });
  }
  return [...hours, { hour: 24, x: x(quarters.length) }];
}

/**
 * Small bar on the button of a day. Imported energy points upwards, exported energy downwards. All days have the same
 * scale.
 */
export interface SmallBar {
  zero: number;
  drawn: string;
  excess: string;
  fed: string;
}

interface Sums {
  imported_wh: number | null;
  exported_wh: number | null;
  above_wh: number;
}

export function smallBars(days: readonly (Sums | undefined)[], width: number, height: number): SmallBar[] {
  const maximum = (values: (number | null | undefined)[]) => Math.max(0, ...values.map((value) => value || 0));
  const up = maximum(days.map((day) => day?.imported_wh));
  const down = maximum(days.map((day) => day?.exported_wh));
  const scale = height / (up + down || 1);
  const zero = up || down ? up * scale : height;
  return days.map((day) => {
    const drawn = day?.imported_wh || 0;
    const above = Math.min(drawn, day?.above_wh || 0);
    const fed = day?.exported_wh || 0;
    const bar = (from: number, to: number) => (from === to ? "" : rectangle(0, width, zero - from * scale, zero - to * scale));
    return { zero, drawn: bar(0, drawn - above), excess: bar(drawn - above, drawn), fed: bar(0, -fed) };
  });
}
