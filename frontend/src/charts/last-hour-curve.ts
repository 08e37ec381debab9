/** Drawing of the last hour: curve, marks, labels. All powers are in kW, all lengths in px. */

import { clamp, lastOf } from "../built-in-replacements.ts";
import { css, nothing, svg, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { MINUTE_SLOTS } from "../data/followed-hour.ts";
import { SLOT_MS, type Slot, SLOTS } from "../data/last-hour.ts";
import { type Locale, QUARTER_HOUR_MS } from "../locale.ts";
import { isNamed } from "../sentences/last-hour.ts";
import { nowTexts } from "../sentences/now.ts";
import { chartStyles } from "./day-chart.ts";
import { extendPaths, heightOf, type Paths, pathsOf, phasesOf, type Scale, type Step } from "../data/last-hour-steps.ts";
import type { Measure } from "../parts/measured-sizes.ts";

const TOP = 20;
const FOOT = 20;
const GAP = 6;
/** Least distance between two marks, and the most marks. */
const MARK = 16;
const MAX_MARKS = 6;
/** A mark needs a step of this share of the scale. */
const MIN_MARK_SHARE = 0.1;
/** From this number of equal steps on, they are a thermostat's: only the first one has a mark. */
const THERMOSTAT = 3;
/** Below this width, only the newest mark has a number. */
const NARROW = 390;
/** Most of the line's width on one side. */
const LINE = 1;
/** A drawing may lag behind by this many slots (3 px), and its newest powers may be off by this many px. */
const MAX_LAG_SLOTS = 2;
const MAX_OFF = 1;
/** Room at the right for the text of a reference power above the scale. */
const BEYOND = 100;

/** Choose the steps with a mark: the newest one, then the largest ones. */
export function chooseMarks(steps: readonly Step[], range: number): Step[] {
  const large = steps.filter(isNamed);
  const newest = lastOf(large);
  const known: string[] = [];
  const worthy = large.filter((step) => {
    if (step === newest) return true;
    if (step.times < THERMOSTAT || Math.abs(step.kw) < MIN_MARK_SHARE * range) return Math.abs(step.kw) >= MIN_MARK_SHARE * range;
    const key = `${Math.round(4 * step.kw)} ${phasesOf(step)}`;
    return step.kw > 0 && !known.includes(key) && known.push(key);
  });
  const size = (step: Step) => (step === newest ? Infinity : Math.abs(step.kw));
  return worthy.sort((a, b) => size(b) - size(a)).slice(0, MAX_MARKS);
}

/** Drawing of an hour. Positions are those at the time of the analysis; the drawing then moves to the left. */
export interface Curve {
  /** Fixed parts, below and above the curve. */
  back: TemplateResult;
  reference: TemplateResult | typeof nothing;
  /** Parts that move with the curve, below and above the line of the reference power. */
  gaps: TemplateResult;
  front: TemplateResult;
  /** Paths of the first `known` slots. */
  paths: Paths;
  known: number;
  hasReference: boolean;
  /** Position at which the running quarter-hour begins. */
  quarter: number;
  /** Number of slots by which the drawing can move. Then, it must be made anew. */
  until: number;
  left: number;
  right: number;
  bottom: number;
  x: (index: number) => number;
  y: (kw: number) => number;
  /** Return the slot of the hour at a share of the width. */
  slotAt: (share: number) => number;
}

/** Lay out an hour in a frame of `width` and `height`. `net` are the bridged powers from `start` on, in ms since 1970. */
export function layOutCurve(
  net: readonly Slot[],
  steps: readonly Step[],
  { low, high, ticks, hasReference }: Scale,
  reference: number | null,
  start: number,
  width: number,
  height: number,
  locale: Locale,
  widthOf: Measure,
): Curve {
  const left = Math.ceil(Math.max(...(hasReference ? [...ticks, reference!] : ticks).map((kw) => widthOf(locale.short(kw))))) + GAP + 2;
  const [right, bottom] = [width - 2, height - FOOT];
  const slot = (right - left) / SLOTS;
  const x = (index: number) => left + slot * index;
  const y = (kw: number) => bottom - ((bottom - TOP) * (kw - low)) / (high - low);
  const [at, zero] = [(time: number) => x((time - start) / SLOT_MS), y(0)];
  const onAxis = (kw: number) => svg`<text x=${left - GAP} y=${y(kw) + 4.5} text-anchor="end" class=${kw === reference ? "strong" : ""}>${locale.short(kw)}</text>`;
  const across = (kw: number, name: string) => svg`<path class=${name} d="M${left} ${y(kw).toFixed(1)}H${right}"></path>${onAxis(kw)}`;
  const shift = Math.max(0, net.length - SLOTS);
  /** Least position of texts and times at the left, so that they do not move out of the drawing. */
  const edge = left + slot * MINUTE_SLOTS;

  const newest = lastOf(steps.filter(isNamed));
  const taken: [left: number, top: number, right: number, bottom: number][] = [];
  const marks = chooseMarks(steps, high - low)
    .map((step) => ({ step, x: x(step.at), y: Math.min(y(Math.max(step.before, step.after)), zero) - 5 }))
    .filter((mark, index, all) => all.every((other, before) => before >= index || Math.abs(other.x - mark.x) >= MARK));
  for (const mark of marks) taken.push([mark.x - 5, mark.y - 8, mark.x + 5, mark.y + 1]);
  const drawMark = ({ step, x, y }: (typeof marks)[number]) => {
    const isNewest = step === newest;
    const text = `${locale.signed(step.kw, 1)}${step.times >= THERMOSTAT && !isNewest ? `\u00a0×${step.times}` : ""}`;
    const size = widthOf(text);
    const from = [x + 8, x - 8 - size].find(
      (from) => from > edge && from + size < width + slot * shift && taken.every(([l, t, r, b]) => from - 3 >= r || from + size + 3 <= l || y - 11 >= b || y + 4 <= t),
    );
    const hasText = from !== undefined && (isNewest || width >= NARROW);
    if (hasText) taken.push([from, y - 11, from + size, y + 4]);
    const name = isNewest ? "strong" : "";
    return svg`<path class="mark ${name}" d="M${x.toFixed(1)} ${(step.kw > 0 ? y - 7 : y).toFixed(1)}l4.5 ${step.kw > 0 ? 7 : -7}h-9z"></path>
      ${hasText ? svg`<text class="halo ${name}" x=${from.toFixed(1)} y=${y + 1}>${text}</text>` : nothing}`;
  };
  const isRightTaken = marks.some((mark) => mark.y < TOP + 4 && mark.x > right + slot * shift - BEYOND);

  // The running slot can still change, so it is no part of the known paths.
  const known = net[net.length - 2] === null ? net.length : net.length - 1;
  const paths = pathsOf(net.slice(0, known), x, y);
  const { gaps } = paths;
  const writeGap = ([from, to]: [number, number]) => {
    const text = from ? locale.text(nowTexts, "no_readings") : locale.text(nowTexts, "since", { time: locale.time(start + to * SLOT_MS) });
    const size = widthOf(text);
    const room = x(to) - Math.max(x(from), edge) - size;
    if (room < GAP || to === net.length) return nothing;
    const left = x(to) - size - (from ? room / 2 : GAP);
    taken.push([left, zero - 18, left + size, zero - 3]);
    return svg`<text x=${left} y=${zero - 7}>${text}</text>`;
  };

  const timeSize = widthOf(locale.time(start));
  const apart = QUARTER_HOUR_MS * (at(start + QUARTER_HOUR_MS) - left < timeSize + 12 ? 2 : 1);
  const end = start + net.length * SLOT_MS;
  const quarterStart = Math.floor((end - 1) / QUARTER_HOUR_MS) * QUARTER_HOUR_MS;
  const times: number[] = [];
  for (let time = Math.ceil(start / apart) * apart; at(time) <= right + slot * shift; time += apart) if (at(time) >= edge) times.push(time);
  const writeTime = (time: number, x: number) => svg`<text x=${x} y=${height - 2} text-anchor="middle">${locale.time(time)}</text>`;
  // The newest time stays at the right edge until there is room for its right half.
  const last = lastOf(times);
  const latest = right - timeSize / 2;
  const stays = last !== undefined && at(last) - slot * shift > latest ? last : undefined;
  /** Greatest position of the other times, so that none stands on the newest one. */
  const free = stays === undefined ? Infinity : latest - timeSize - GAP;
  const clip = (id: string, top: number, size: number) => svg`<clipPath id=${id}><rect x=${left} y=${top} width=${width} height=${size}></rect></clipPath>`;
  return {
    back: svg`${ticks.map((kw) => across(kw, kw ? "grid" : "axis"))}
      ${clip("over", 0, zero)}${clip("under", zero, height)}${clip("inside", 0, height)}
      ${stays === undefined ? nothing : writeTime(stays, latest)}`,
    gaps: svg`<path class="gap" d=${gaps.map(([from, to]) => `M${x(from).toFixed(1)} ${zero.toFixed(1)}H${x(to).toFixed(1)}`).join("")}></path>${gaps.map(writeGap)}`,
    reference: hasReference
      ? svg`${clip("excess", 0, y(reference!))}${across(reference!, "reference")}`
      : reference === null
        ? nothing
        : svg`<text class="strong" x=${isRightTaken ? left : right} y=${TOP - 7} text-anchor=${isRightTaken ? "start" : "end"}>${locale.referenceKW(reference)}\u00a0↑</text>`,
    front: svg`${times.map((time) => svg`<path class="axis" d="M${at(time).toFixed(1)} ${bottom}v4"></path>${at(time) - slot * shift > free ? nothing : writeTime(time, at(time))}`)}
      ${marks.map(drawMark)}`,
    paths,
    known,
    hasReference,
    quarter: at(quarterStart),
    until: Math.min(
      MINUTE_SLOTS,
      shift + (quarterStart + QUARTER_HOUR_MS - end) / SLOT_MS,
      stays === undefined ? MINUTE_SLOTS : Math.ceil((at(stays) - latest) / slot) - 1,
    ),
    left,
    right,
    bottom,
    x,
    y,
    slotAt: (share) => clamp(Math.floor((share * width - left) / slot), 0, SLOTS - 1),
  };
}

/** A drawn curve, with the number of its powers and the height of the last one. */
export interface Drawn {
  curve: Curve;
  count: number;
  height: number;
  drawing: TemplateResult;
}

/**
 * Draw a curve with the readings that `net` has now, from `lowest` to `highest`. While the power stays the same, the drawing
 * `before` does for some slots more, because drawing costs more than all the rest of a telegram.
 */
export function drawCurve(curve: Curve, net: readonly Slot[], lowest: number, highest: number, before: Drawn | undefined): Drawn {
  const isLevel = (kw: Slot) => kw !== null && Math.abs(curve.y(kw) - before!.height) <= MAX_OFF;
  if (before?.curve === curve && net.length <= before.count + MAX_LAG_SLOTS && net.slice(before.count - 1).every(isLevel)) return before;
  const { left, right, bottom, x, y, known, hasReference } = curve;
  const shift = Math.max(0, net.length - SLOTS);
  const moved = shift * (x(0) - x(1));
  const { line, area } = known < net.length ? extendPaths(curve.paths, net, known, x, y) : curve.paths;
  const quarter = Math.max(left, curve.quarter + moved);
  const moving = (content: unknown) => svg`<g transform="translate(${moved.toFixed(2)})">${content}</g>`;
  const still = (content: unknown) => guard([content], () => content);
  const zero = y(0);
  const part = (name: string, isThere: boolean) => isThere ? svg`<g class=${name} clip-path="url(#${name})">${moving(svg`<path class="area" d=${area}></path><path class="line" d=${line}></path>`)}</g>` : nothing;
  const drawing = svg`<rect class="ground" x=${quarter} y=${TOP} width=${right - quarter} height=${bottom - TOP}></rect>
    ${still(curve.back)}
    ${part("over", y(highest) < zero + LINE)}${part("under", y(lowest) > zero - LINE)}
    <g clip-path="url(#inside)">${moving(still(curve.gaps))}</g>
    ${hasReference ? svg`<g clip-path="url(#excess)">${moving(svg`<path class="line beyond" d=${line}></path>`)}</g>` : nothing}
    ${still(curve.reference)}
    ${moving(still(curve.front))}`;
  return { curve, count: net.length, height: heightOf(y(lastOf(net) ?? 0)), drawing };
}

/** Return the last point of the curve. It does not beat: an animation would cost more than all the rest of the card. */
export const drawEnd = ({ curve, height }: Drawn): TemplateResult =>
  svg`<circle class="last" cx=${curve.right - 1} cy=${height} r="6"></circle>`;

/** Return the crosshair at a chosen slot of the hour. */
export function drawCross({ x, y, bottom }: Curve, index: number, kw: Slot): TemplateResult {
  const at = x(index + 0.5);
  return svg`<path class="chosen" d="M${at} ${TOP}V${bottom}"></path>
    ${kw === null ? nothing : svg`<circle class="chosen" cx=${at} cy=${y(kw)} r="4"></circle>`}`;
}

export const curveStyles = [
  chartStyles,
  css`
    .hour {
      padding-top: 12px;
    }
    .step {
      min-height: 36px;
      color: var(--text);
    }
    .frame {
      min-height: 138px;
      /* A layer of its own: otherwise, a browser paints the curve again whenever a number of the card changes. */
      will-change: transform;
    }
    .ground {
      fill: var(--track);
    }
    .last {
      fill: var(--color);
      stroke: var(--color);
      stroke-width: 4;
      stroke-opacity: 0.3;
    }
    .frame,
    .over {
      --color: var(--drawn);
    }
    .feeding .frame,
    .under {
      --color: var(--fed-in);
    }
    .beyond {
      --color: var(--excess);
    }
    .old .frame * {
      --color: var(--quiet);
    }
    .area {
      fill: var(--color);
      opacity: 0.16;
    }
    svg .line {
      fill: none;
      stroke: var(--color);
      stroke-width: 1.75;
    }
    .gap {
      stroke: var(--quiet);
      stroke-dasharray: 1.5 2.5;
    }
    .mark {
      fill: var(--quiet);
    }
    @container (min-width: 420px) {
      .step {
        min-height: 18px;
      }
      .frame {
        min-height: 160px;
      }
    }
  `,
];
