/** The bars of a day: where they stand, in pixels. Energies are in Wh, powers in kW. */

import { localParts, QUARTER_HOUR_MS } from "../locale.ts";
import type { QuarterHours } from "../wire.ts";

/** 100 on the day when the clock is put back; what claims to be longer is wrong. */
const MAX_QUARTERS = 100;

/** What is known of a quarter-hour that has ended. */
export interface Quarter {
  imported: number | null;
  exported: number | null;
  origin: "platform" | "platform_estimated" | undefined;
}

const UNKNOWN: Quarter = { imported: null, exported: null, origin: undefined };
/** No connection of a house carries more: what is above it is not known. */
export const MAX_KW = 4_000;
export const kwOf = (wh: number | null): number => (wh ?? 0) / 250;

/** How many quarter-hours a day has. */
export const countOf = (start: number, end: number): number =>
  Math.max(1, Math.min(MAX_QUARTERS, Math.round((end - start) / QUARTER_HOUR_MS) || 1));

/** Return the quarter-hours of a day from answers that may begin and end at any other time. */
export function quartersOf(start: number, count: number, imported?: QuarterHours, exported?: QuarterHours): Quarter[] {
  const quarters: Quarter[] = Array.from({ length: count }, () => ({ ...UNKNOWN }));
  const each = (answer: QuarterHours | undefined, use: (quarter: Quarter, wh: number, index: number) => void) => {
    if (!answer || !Array.isArray(answer.values)) return;
    const first = Math.round((Date.parse(answer.start) - start) / QUARTER_HOUR_MS);
    answer.values.forEach((wh, index) => {
      const quarter = quarters[first + index];
      if (quarter && typeof wh === "number" && Math.abs(wh) <= MAX_KW * 250) use(quarter, Math.max(0, wh), index);
    });
  };
  each(imported, (quarter, wh) => (quarter.imported = wh));
  each(exported, (quarter, wh) => (quarter.exported = wh));
  for (const [index, length, origin] of imported?.origins ?? []) {
    each(imported, (quarter, _wh, at) => at >= index && at < index + length && (quarter.origin = origin));
  }
  return quarters;
}

/** What of a day is asked for, and how large it is drawn. */
export interface Wanted {
  start: number;
  quarters: readonly Quarter[];
  reference: number | null;
  /** Those before it have ended: what is not known of them is a gap. */
  ended: number;
  /** The first of which anything can be known. */
  begun: number;
  /** What the running one is heading for, and where the line may be then, by `roomFor`: in the scale. */
  room: { drawn: number; fed: number };
  width: number;
  height: number;
  isNarrow: boolean;
  /** How wide the label of a tick and that of an hour may be. */
  tickWidth: number;
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
  tickDecimals: number;
  hours: { index: number; x: number }[];
  paths: Record<"drawn" | "excess" | "fed", { measured: string; estimated: string }>;
  gaps: string;
  /** The highest above the reference power. */
  highest: { x: number; y: number; kw: number; isEstimated: boolean } | undefined;
  /** Whether the words at the line of the reference power stand at its end: bars are in their way. */
  isNameRight: boolean;
}

/** Room for a label above the highest bar, and for the hours below the axis. */
const TOP = 22;
const BOTTOM = 34;

export function chartOf(wanted: Wanted): Chart {
  const { quarters, reference, width, height } = wanted;
  const count = quarters.length;
  const left = wanted.tickWidth + 8;
  const right = Math.max(left + count, width);
  const bottom = height - BOTTOM;
  const slot = (right - left) / count;
  const barWidth = Math.max(2, Math.round(slot * 0.85 * 2) / 2);
  const x = (index: number) => left + index * slot;
  const { high, low } = scaleOf(wanted);
  const y = (kw: number) => TOP + ((high - kw) / (high - low)) * (bottom - TOP);
  const paths = { drawn: pair(), excess: pair(), fed: pair() };
  let gaps = "";
  let highest: Chart["highest"];
  quarters.forEach(({ imported, exported, origin }, index) => {
    const at = round(x(index) + Math.max(0, slot - barWidth) / 2);
    const isEstimated = origin === "platform_estimated";
    const kind = isEstimated ? "estimated" : "measured";
    const bar = (from: number, to: number) => rectangle(at, barWidth, y(from), y(to));
    if (imported === null) {
      if (index < wanted.ended && index >= wanted.begun) gaps += dot(round(x(index) + slot / 2), y(0));
      return;
    }
    const kw = kwOf(imported);
    const within = reference === null ? kw : Math.min(kw, reference);
    if (within > 0) paths.drawn[kind] += bar(0, within);
    if (kw > within) {
      paths.excess[kind] += bar(within, kw);
      if (!highest || kw > highest.kw) highest = { x: x(index) + slot / 2, y: y(kw), kw, isEstimated };
    }
    if (exported) paths.fed[kind] += bar(0, -kwOf(exported));
  });
  const { ticks, decimals } = ticksOf(high, low, reference, y);
  const isInTheWay = (from: number, to: number) =>
    quarters.slice(count * from, count * to).some((each) => kwOf(each.imported) > (reference ?? Number.POSITIVE_INFINITY));
  const share = wanted.isNarrow ? 0.55 : 0.2;
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
    tickDecimals: decimals,
    hours: hoursOf(wanted, x, right - left),
    paths,
    gaps,
    highest,
    isNameRight: isInTheWay(0, share) && !isInTheWay(1 - share, 1),
  };
}

const pair = () => ({ measured: "", estimated: "" });
const round = (pixels: number): number => Math.round(pixels * 2) / 2;

/** A bar between two heights: thin rather than invisible. */
export function rectangle(x: number, width: number, one: number, other: number): string {
  const top = Math.min(one, other);
  const height = Math.max(1, Math.abs(one - other));
  return `M${x} ${(other > one ? top : one - height).toFixed(1)}h${width}v${height.toFixed(1)}h${-width}z`;
}

const dot = (x: number, y: number): string => `M${x - 1.5} ${y.toFixed(1)}a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0`;

/** The whole kW that what changes with each telegram needs: the scale stays while it hardly changes. */
export const roomFor = (kw: number): number => (kw > 0 ? Math.ceil(kw + 0.6) : 0);

/** 0 and the reference power are always in view. */
function scaleOf({ quarters, reference, room }: Wanted): { high: number; low: number } {
  let peak = 0;
  let fed = 0;
  for (const { imported, exported } of quarters) {
    peak = Math.max(peak, kwOf(imported));
    fed = Math.max(fed, kwOf(exported));
  }
  const high = Math.max(reference === null ? 1 : reference + 1, peak + 0.6, room.drawn);
  return { high, low: -Math.max(fed > 0 ? fed + 0.3 : 0, room.fed) || 0 };
}

/** How far ticks are apart at least, and from the line of the reference power, in pixels. */
const APART = 44;
const BELOW = 18;
const ABOVE = 26;
/** More than any connection has: where a search for something rounder ends. */
const ROUNDEST = 1e9;

function ticksOf(high: number, low: number, reference: number | null, y: Chart["y"]) {
  const perKw = y(0) - y(1);
  const isWide = (step: number) => step * perKw >= APART;
  let step = [0.2, 0.5, 1, 2, 4].find(isWide);
  for (let ten = 10; step === undefined; ten *= 10) {
    step = [1, 2, 4].map((each) => each * ten).find(isWide) ?? (ten > ROUNDEST ? ten : undefined);
  }
  const ticks: Chart["ticks"] = [];
  for (let number = Math.ceil(low / step); number * step <= high && ticks.length < 20; number += 1) {
    const kw = number * step;
    const aboveLine = reference === null ? Number.NaN : y(reference) - y(kw);
    if (kw !== 0 && aboveLine > -BELOW && aboveLine < ABOVE) continue;
    ticks.push({ kw, y: y(kw) });
  }
  return { ticks, decimals: step < 1 ? 1 : 0 };
}

/** Each third hour by the clock, or each sixth or twelfth where there is little room. */
function hoursOf({ start, quarters, isNarrow, hourWidth }: Wanted, x: Chart["x"], width: number): Chart["hours"] {
  const steps = isNarrow ? [6, 12] : [3, 6, 12];
  const step = steps.find((each) => (width * each) / 24 > hourWidth * 1.5 + 4) ?? 12;
  const hours: Chart["hours"] = [];
  for (let index = 0; index < quarters.length; index += 4) {
    if (localParts(new Date(start + index * QUARTER_HOUR_MS)).hour % step === 0) hours.push({ index, x: x(index) });
  }
  return hours;
}

/** The bars of the days one may choose: drawn up, fed in down, all by the same scale. */
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
  const most = (values: (number | null | undefined)[]) => Math.max(0, ...values.map((value) => value || 0));
  const up = most(days.map((day) => day?.imported_wh));
  const down = most(days.map((day) => day?.exported_wh));
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
