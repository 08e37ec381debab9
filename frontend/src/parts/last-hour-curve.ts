/** Drawing of the last hour: curve, marks, labels. All powers are in kW, all lengths in px. */

import { lastOf } from "../built-ins.ts";
import { css, html, nothing, svg, type TemplateResult } from "lit";
import { SLOT_MS, type Slot, SLOTS } from "../data/last-hour.ts";
import { type Locale, QUARTER_HOUR_MS } from "../locale.ts";
import { isNamed } from "../sentences/last-hour.ts";
import { chartStyles } from "./day-chart.ts";
import { pathsOf, phasesOf, scaleOf, type Step } from "../data/last-hour-steps.ts";
import type { Measure } from "./widths.ts";

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

export interface Curve {
  drawing: TemplateResult;
  x: (index: number) => number;
  y: (kw: number) => number;
  /** Return the slot at a share of the width. */
  slotAt: (share: number) => number;
}

/**
 * Draw everything but the chosen time and the last point. `net` are the bridged powers, `start` is the time of the first
 * one in ms. `gapText` and `sinceText` stand in gaps.
 */
export function drawCurve(
  net: readonly Slot[],
  steps: readonly Step[],
  reference: number | null,
  start: number,
  width: number,
  height: number,
  gapText: string,
  sinceText: string,
  locale: Locale,
  widthOf: Measure,
): Curve {
  const { low, high, ticks, hasReference } = scaleOf(net, reference);
  const label = (kw: number) => locale.number(kw, Number.isInteger(kw) ? 0 : 1);
  const left = Math.ceil(Math.max(...(hasReference ? [...ticks, reference!] : ticks).map((kw) => widthOf(label(kw))))) + GAP + 2;
  const [right, bottom] = [width - 2, height - FOOT];
  const x = (index: number) => left + ((right - left) * index) / SLOTS;
  const y = (kw: number) => bottom - ((bottom - TOP) * (kw - low)) / (high - low);
  const [at, zero] = [(time: number) => x((time - start) / SLOT_MS), y(0)];
  const onAxis = (kw: number) => svg`<text x=${left - GAP} y=${y(kw) + 4.5} text-anchor="end" class=${kw === reference ? "strong" : ""}>${label(kw)}</text>`;
  const across = (kw: number, name: string) => svg`<path class=${name} d="M${left} ${y(kw).toFixed(1)}H${right}"></path>${onAxis(kw)}`;

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
      (from) => from > left && from + size < width && taken.every(([l, t, r, b]) => from - 3 >= r || from + size + 3 <= l || y - 11 >= b || y + 4 <= t),
    );
    const hasText = from !== undefined && (isNewest || width >= NARROW);
    if (hasText) taken.push([from, y - 11, from + size, y + 4]);
    const name = isNewest ? "strong" : "";
    return svg`<path class="mark ${name}" d="M${x.toFixed(1)} ${(step.kw > 0 ? y - 7 : y).toFixed(1)}l4.5 ${step.kw > 0 ? 7 : -7}h-9z"></path>
      ${hasText ? svg`<text class="halo ${name}" x=${from.toFixed(1)} y=${y + 1}>${text}</text>` : nothing}`;
  };
  const isRightTaken = marks.some((mark) => mark.y < TOP + 4 && mark.x > right - BEYOND);

  const { line, area, gaps } = pathsOf(net, x, y);
  const writeGap = ([from, to]: [number, number]) => {
    const text = from ? gapText : sinceText;
    const room = x(to) - x(from) - widthOf(text);
    return room < GAP || to === SLOTS ? nothing : svg`<text x=${from ? x(from) + room / 2 : x(to) - widthOf(text) - GAP} y=${zero - 7}>${text}</text>`;
  };

  const timeSize = widthOf(locale.time(new Date(start)));
  const apart = QUARTER_HOUR_MS * (at(start + QUARTER_HOUR_MS) - left < timeSize + 12 ? 2 : 1);
  const times: number[] = [];
  for (let time = Math.ceil(start / apart) * apart; at(time) <= right; time += apart) times.push(time);
  const quarter = Math.max(left, at(Math.floor((start + SLOTS * SLOT_MS - 1) / QUARTER_HOUR_MS) * QUARTER_HOUR_MS));
  const clip = (id: string, top: number, size: number) => svg`<clipPath id=${id}><rect y=${top} width=${width} height=${size}></rect></clipPath>`;

  const drawing = svg`<rect class="ground" x=${quarter} y=${TOP} width=${right - quarter} height=${bottom - TOP}></rect>
    ${ticks.map((kw) => across(kw, kw ? "grid" : "axis"))}
    ${clip("over", 0, zero)}${clip("under", zero, height)}
    ${["over", "under"].map((part) => svg`<g class=${part} clip-path="url(#${part})"><path class="area" d=${area}></path><path class="line" d=${line}></path></g>`)}
    <path class="gap" d=${gaps.map(([from, to]) => `M${x(from).toFixed(1)} ${zero.toFixed(1)}H${x(to).toFixed(1)}`).join("")}></path>
    ${gaps.map(writeGap)}
    ${
      hasReference
        ? svg`${clip("excess", 0, y(reference!))}<path class="line beyond" clip-path="url(#excess)" d=${line}></path>${across(reference!, "reference")}`
        : reference === null
          ? nothing
          : svg`<text class="strong" x=${isRightTaken ? left : right} y=${TOP - 7} text-anchor=${isRightTaken ? "start" : "end"}>${locale.referenceKW(reference)}\u00a0↑</text>`
    }
    ${times.map(
      (time) => svg`<path class="axis" d="M${at(time).toFixed(1)} ${bottom}v4"></path>
        <text x=${Math.min(at(time), right - timeSize / 2)} y=${height - 2} text-anchor="middle">${locale.time(new Date(time))}</text>`,
    )}
    ${marks.map(drawMark)}`;
  const slotAt = (share: number) => Math.max(0, Math.min(SLOTS - 1, Math.floor(((share * width - left) / (right - left)) * SLOTS)));
  return { drawing, x, y, slotAt };
}

/** Return the last point of the curve. It does not beat: an animation would cost more than all the rest of the card. */
export const drawEnd = ({ x, y }: Curve, kw: number): TemplateResult =>
  html`<i class="last" style="left:${x(SLOTS) - 1}px;top:${y(kw)}px"></i>`;

/** Return the crosshair at a chosen slot. */
export function drawCross({ x, y }: Curve, index: number, kw: Slot, height: number): TemplateResult {
  const at = x(index + 0.5);
  return svg`<path class="chosen" d="M${at} ${TOP}V${height - FOOT}"></path>
    ${kw === null ? nothing : svg`<circle class="chosen" cx=${at} cy=${y(kw)} r="4"></circle>`}`;
}

export const curveStyles = [
  chartStyles,
  css`
    .hour {
      display: flex;
      flex-direction: column;
      flex: 1;
      padding-top: 12px;
    }
    .hour .link {
      min-height: 44px;
      margin: -13px 0;
      font-size: 13px;
    }
    .step {
      min-height: 36px;
      color: var(--primary-text-color);
    }
    /* The drawing has the size of this frame, which takes the height that is left. */
    .frame {
      flex: 1;
      position: relative;
      min-height: 138px;
    }
    .frame svg {
      position: absolute;
      height: 100%;
    }
    .ground {
      fill: var(--track);
    }
    .last {
      bottom: auto;
      width: 8px;
      height: 8px;
      margin: -4px;
      border-radius: 50%;
      pointer-events: none;
      box-shadow: 0 0 0 4px color-mix(in srgb, var(--bar) 30%, transparent);
      --bar: var(--drawn);
    }
    .feeding .last {
      --bar: var(--fed-in);
    }
    .over {
      --color: var(--drawn);
    }
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
