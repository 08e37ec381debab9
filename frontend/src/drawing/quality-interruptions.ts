/** Marks of a year's interruptions: one line for each kind, x in pixels. */

import { addMonths, dayStart, type Locale, localDay } from "../locale.ts";
import { type Disturbance, type Disturbances, isVague, KINDS } from "../sentences/quality-interruptions.ts";
import type { DisturbanceKind } from "../websocket-types.ts";

/** Height of a kind's row in px. Narrow cards put the name above the line and need more. */
export const KIND_HEIGHT = 44;
export const NARROW_KIND_HEIGHT = 60;
/** Distance in px from the line of a kind to the bottom of its row. */
const BELOW_LINE_PX = 14;
/** In px: half size of a mark for a single interruption, half size of the largest mark, margin at both edges. */
const MIN_MARK_PX = 5;
const MAX_MARK_PX = 9;
const MARGIN_PX = 10;
/** Gaps in px: between two counts, and between the names of two months. */
const LABEL_GAP_PX = 3;
const MONTH_GAP_PX = 8;


export interface Mark {
  kind: DisturbanceKind;
  x: number;
  y: number;
  count: number;
  disturbances: Disturbance[];
}

export interface InterruptionsDrawing {
  width: number;
  kindHeight: number;
  /** All marks, and for each kind one path of its marks. */
  marks: Mark[];
  paths: Record<DisturbanceKind, string>;
  labels: { x: number; y: number; text: number }[];
  /** Dashed lines over the times without readings in which an interruption happened. */
  vague: string;
  /** Position in px where the known period and the lines of the kinds begin. */
  from: number;
  lines: Partial<Record<DisturbanceKind, number>>;
  months: { x: number; time: Date; isNamed: boolean }[];
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
export const markSize = (count: number): number => Math.min(MAX_MARK_PX, MIN_MARK_PX + 1.6 * Math.log2(Math.max(1, count)));

export function interruptionsDrawing(interruptions: Disturbances, width: number, kindHeight: number, locale: Locale, widthOf: (text: string) => number): InterruptionsDrawing {
  const inner = Math.max(40, width) - 2 * MARGIN_PX;
  const x = (time: number) => tenth(MARGIN_PX + inner * Math.max(0, Math.min(1, (time - interruptions.start) / (interruptions.end - interruptions.start || 1))));
  const drawing: InterruptionsDrawing = {
    width,
    kindHeight,
    marks: [],
    paths: { power_failure: "", voltage_sag: "", voltage_swell: "" },
    labels: [],
    vague: "",
    from: x(interruptions.since ?? interruptions.end),
    lines: {},
    months: monthTicks(interruptions, x, inner, (time) => widthOf(locale.shortMonth(time)) + MONTH_GAP_PX),
  };
  KINDS.forEach((kind, row) => {
    if (interruptions.seen[kind] === undefined) return;
    const y = (row + 1) * kindHeight - BELOW_LINE_PX;
    drawing.lines[kind] = y;
    const marks = groupOverlapping(interruptions.all.filter((interruption) => interruption.kind === kind), x).map((all): Mark => {
      return { kind, x: tenth((x(all[0]!.time) + x(all.at(-1)!.time)) / 2), y, count: sum(all), disturbances: all };
    });
    let free = Number.NEGATIVE_INFINITY;
    for (const mark of marks) {
      drawing.paths[kind] += shape(mark);
      const half = widthOf(String(mark.count)) / 2;
      if (mark.x - half < free) continue;
      free = mark.x + half + LABEL_GAP_PX;
      drawing.labels.push({ x: mark.x, y: y - 13, text: mark.count });
    }
    for (const interruption of interruptions.all) {
      if (interruption.kind !== kind || !isVague(interruption) || interruption.after === undefined) continue;
      const [from, to] = [x(interruption.after), x(interruption.time)];
      if (to - from > 2) drawing.vague += `M${from} ${y}H${to}`;
    }
    drawing.marks.push(...marks);
  });
  drawing.marks.sort((a, b) => a.x - b.x || a.y - b.y);
  return drawing;
}

const sum = (all: Disturbance[]): number => all.reduce((count, interruption) => count + interruption.count, 0);

/** Group interruptions whose marks would overlap, such as interruptions on the same day. */
function groupOverlapping(all: Disturbance[], x: (time: number) => number): Disturbance[][] {
  const groups: { first: number; count: number; all: Disturbance[] }[] = [];
  for (const interruption of all) {
    const group = groups.at(-1);
    const at = x(interruption.time);
    if (group && at - group.first < markSize(group.count) + markSize(interruption.count)) {
      group.all.push(interruption);
      group.count += interruption.count;
    } else groups.push({ first: at, count: interruption.count, all: [interruption] });
  }
  return groups.map((group) => group.all);
}

function shape({ kind, x, y, count }: Mark): string {
  const r = tenth(markSize(count));
  const [left, right, above, below] = [tenth(x - r), tenth(x + r), tenth(y - r), tenth(y + r)];
  if (kind === "power_failure") return `M${left} ${above}L${right} ${below}M${left} ${below}L${right} ${above}`;
  const [base, tip] = kind === "voltage_sag" ? [above, below] : [below, above];
  return `M${left} ${base}L${right} ${base}L${x} ${tip}Z`;
}

function monthTicks({ start, end }: Disturbances, x: (time: number) => number, inner: number, roomOf: (time: Date) => number): InterruptionsDrawing["months"] {
  const ticks: InterruptionsDrawing["months"] = [];
  let month = addMonths(localDay(new Date(start)).slice(0, 7), 1);
  for (let time = dayStart(`${month}-01`); time.getTime() <= end && ticks.length < 15; time = dayStart(`${month}-01`)) {
    ticks.push({ x: x(time.getTime()), time, isNamed: false });
    month = addMonths(month, 1);
  }
  const fitting = inner / Math.max(1, ...ticks.map(({ time }) => roomOf(time)));
  const step = [1, 2, 3, 4, 6].find((months) => ticks.length / months <= fitting) ?? 12;
  ticks.forEach((tick, index) => (tick.isNamed = index % step === 0));
  return ticks;
}
