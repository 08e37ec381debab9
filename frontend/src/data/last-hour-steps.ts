/** Steps and scale of the last hour. Pure functions; all powers are in kW. */

import { lastOf } from "../built-in-replacements.ts";
import type { Slot } from "./last-hour.ts";

export interface Step {
  /** Index of the first slot with the new power. */
  at: number;
  /** Index of the last slot of the change, which may take several slots. */
  end: number;
  kw: number;
  before: number;
  after: number;
  /** Change of each phase; [] if the phases are unknown. */
  phases: number[];
  /** Number of steps in this hour with about the same power on the same phases. */
  times: number;
}

/** A smaller change is no step. */
export const MIN_STEP_KW = 0.1;
/** A step must be this many times larger than the usual change of the last five minutes. */
const NOISE_FACTOR = 4.5;
const NOISE_SLOTS = 30;
const NOISE_SHARE = 0.1;
/** Steps whose powers differ by less than this share have the same power. */
const SAME = 0.08;
/** From this share of a step on, its change of a phase counts. */
const MIN_PHASE_SHARE = 0.25;

/**
 * Return the powers without short holes. A hole of at most `hold` slots keeps the value before. A longer hole stays.
 */
export function bridge(slots: readonly Slot[], hold: number): Slot[] {
  const bridged = [...slots];
  let known = -1;
  for (let index = 0; index <= bridged.length; index++) {
    if (index < bridged.length && slots[index] === null) continue;
    if (known >= 0 && index - known - 1 <= hold) bridged.fill(slots[known]!, known + 1, index);
    known = index;
  }
  return bridged;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * Return the steps of an hour. A step is a run of changes of one sign, each of them larger than the noise. It counts if
 * the next reading keeps at least half of it. So it is known with the reading after it. `hold` is the number of slots
 * after which a missing reading is a gap.
 */
export function findSteps(net: readonly Slot[], phases: readonly (readonly Slot[])[], hold: number): Step[] {
  // Compare only slots with a reading: a held value changes nothing, so it would hide the noise.
  const read: number[] = [];
  net.forEach((kw, index) => kw !== null && read.push(index));
  const isJoined = (n: number) => n > 0 && n < read.length && read[n]! - read[n - 1]! <= hold + 1;
  const change = (n: number): number => (isJoined(n) ? net[read[n]!]! - net[read[n - 1]!]! : 0);
  const steps: Step[] = [];
  for (let n = 1; n < read.length - 1; n++) {
    const sign = Math.sign(change(n));
    if (sign * change(n) < MIN_STEP_KW) continue;
    const least = leastStep(n, read, change);
    if (sign * change(n) < least) continue;
    let first = n;
    while (sign * change(n + 1) >= least) n += 1;
    // A little noise before a large change is not its beginning.
    while (first < n && sign * change(first) < NOISE_SHARE * sign * change(first + 1)) first += 1;
    if (!isJoined(n + 1)) continue;
    const [before, after] = [mean(net, read[first - 1]!, isJoined(first - 1) ? read[first - 2] : undefined, least), mean(net, read[n]!, read[n + 1], least)];
    const kw = after - before;
    // A power of one reading only is no step, neither its rise nor its fall.
    if (sign * kw < least || [change(first - 1), change(n + 1)].some((near) => -sign * near > Math.abs(kw) / 2)) continue;
    const moved = phases.map((phase) => (phase[read[n]!] ?? 0) - (phase[read[first - 1]!] ?? 0));
    steps.push({ at: read[first]!, end: read[n]!, kw, before, after, phases: moved, times: 1 });
  }
  return countAlike(steps);
}

/** Return the steps, each with the number of those that are like it. */
export function countAlike(steps: readonly Step[]): Step[] {
  const phases = steps.map((step) => String(phasesOf(step)));
  const isAlike = ({ kw }: Step, index: number, other: Step, at: number) => Math.abs(other.kw - kw) < SAME * Math.abs(kw) && phases[index] === phases[at];
  return steps.map((step, index) => ({ ...step, times: steps.filter((other, at) => isAlike(step, index, other, at)).length }));
}

function leastStep(n: number, read: number[], change: (n: number) => number): number {
  const noise: number[] = [];
  for (let before = n - 1; before > 0 && read[before]! >= read[n]! - NOISE_SLOTS; before--) noise.push(Math.abs(change(before)));
  return Math.max(MIN_STEP_KW, NOISE_FACTOR * median(noise));
}

/** Return the mean of two readings of the same power; the first one, if the second one belongs to another step. */
function mean(net: readonly Slot[], near: number, far: number | undefined, least: number): number {
  const [kw, other] = [net[near]!, far === undefined ? null : net[far]!];
  return other === null || Math.abs(other - kw) >= least ? kw : (kw + other) / 2;
}

/** Return the numbers of the phases on which a step happened; [] if unknown. */
export const phasesOf = ({ phases, kw }: Step): number[] =>
  phases.map((change, index) => (change / kw >= MIN_PHASE_SHARE ? index + 1 : 0)).filter(Boolean);

export interface Scale {
  low: number;
  high: number;
  ticks: number[];
  /** Whether the reference power is in view. */
  hasReference: boolean;
}

const NICE = [0.5, 1, 2, 4, 5, 10, 20, 50, 100];
const MAX_TICK_SPANS = 4.4;
/** Ticks nearer to the reference power than this share of the scale are left out. */
const MIN_TICK_SHARE = 0.16;

/**
 * Return the scale of a curve between two powers. Zero is always in view. The reference power is, if the curve
 * exceeds half of it.
 */
export function scaleOf(from: number, to: number, reference: number | null): Scale {
  const [lowest, highest] = [Math.min(0, from), Math.max(0.5, to)];
  const hasReference = reference !== null && highest > reference / 2;
  const top = hasReference ? Math.max(highest, reference * 1.06) : highest;
  const tick = NICE.find((kw) => (top - lowest) / kw <= MAX_TICK_SPANS) ?? lastOf(NICE)! * 10;
  const low = Math.floor(lowest / tick + 1e-9) * tick;
  const high = hasReference ? top : Math.ceil(top / tick - 1e-9) * tick;
  const ticks: number[] = [];
  for (let kw = low; kw <= high + 1e-9; kw += tick) {
    const isFree = !hasReference || kw === 0 || Math.abs(kw - reference) >= MIN_TICK_SHARE * (high - low);
    if (isFree) ticks.push(kw);
  }
  return { low, high, ticks, hasReference };
}

export interface Paths {
  line: string;
  /** Area between the curve and zero. */
  area: string;
  /** Gaps, each as the indexes of its first slot and of the slot after it. */
  gaps: [from: number, to: number][];
}

/** Half pixels are fine enough. Most readings then differ from the one before by nothing, and a short path costs little. */
export const heightOf = (px: number): number => Math.round(2 * px) / 2;

/** Return the paths of the curve, a step line with gaps. `x` and `y` return positions in px. */
export function pathsOf(net: readonly Slot[], x: (index: number) => number, y: (kw: number) => number): Paths {
  const heights = net.map((kw) => (kw === null ? null : heightOf(y(kw))));
  const [zero, gaps]: [number, Paths["gaps"]] = [heightOf(y(0)), []];
  let [line, area, from] = ["", "", 0];
  for (let to = 1; to <= net.length; to++) {
    const height = heights[from]!;
    if (to < net.length && heights[to] === height) continue;
    if (height === null) gaps.push([from, to]);
    else {
      const [begin, end] = [x(from).toFixed(1), x(to).toFixed(1)];
      const isJoined = from > 0 && heights[from - 1] !== null;
      line += `${isJoined ? "V" : `M${begin} `}${height}H${end}`;
      area += `${isJoined ? "" : `M${begin} ${zero}`}V${height}H${end}`;
      if (to === net.length || heights[to] === null) area += `V${zero}Z`;
    }
    from = to;
  }
  return { line, area, gaps };
}

/** Return the paths with further slots of `net`, from index `from` on. Neither they nor the slot before are in a gap. */
export function extendPaths({ line, area, gaps }: Paths, net: readonly Slot[], from: number, x: (index: number) => number, y: (kw: number) => number): Paths {
  let [more, last] = ["", heightOf(y(net[from - 1]!))];
  for (let index = from; index < net.length; index++) {
    const height = heightOf(y(net[index]!));
    more += `${height === last ? "" : `V${height}`}H${x(index + 1).toFixed(1)}`;
    last = height;
  }
  const end = `V${heightOf(y(0))}Z`;
  return { line: line + more, area: area.slice(0, -end.length) + more + end, gaps };
}
