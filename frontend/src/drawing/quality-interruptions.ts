/** Marks of a year's interruptions: one line for each kind, x in pixels. */

import { addMonths, dayStart, localDay } from "../locale.ts";
import { type Disturbance, type Disturbances, isVague, KINDS } from "../sentences/quality-interruptions.ts";
import type { DisturbanceKind } from "../websocket-types.ts";

/** Height of a kind's row in px. Narrow cards put the name above the line and need more. */
export const KIND_HEIGHT = 44;
export const NARROW_KIND_HEIGHT = 60;
/** Distance in px from the line of a kind to the bottom of its row. */
const BELOW_LINE = 14;
/** Half size in px of a mark for a single interruption, of the largest mark, and the margin at both edges. */
const SMALLEST = 5;
const LARGEST = 9;
const EDGE = 10;
/** Width of a digit in px, and the gap between two labels. */
const DIGIT = 7.5;
const BETWEEN = 2;
/** Width in px that the name of a month needs. */
const MONTH = 34;

export interface Mark {
  kind: DisturbanceKind;
  x: number;
  y: number;
  count: number;
  joined: Disturbance[];
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
  /** Start of the known period in px; the lines of the kinds begin there. */
  from: number;
  lines: Partial<Record<DisturbanceKind, number>>;
  months: { x: number; time: Date; isNamed: boolean }[];
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
export const markSize = (count: number): number => Math.min(LARGEST, SMALLEST + 1.6 * Math.log2(Math.max(1, count)));

export function interruptionsDrawing(found: Disturbances, width: number, kindHeight = KIND_HEIGHT): InterruptionsDrawing {
  const inner = Math.max(40, width) - 2 * EDGE;
  const x = (time: number) => tenth(EDGE + inner * Math.max(0, Math.min(1, (time - found.start) / (found.end - found.start || 1))));
  const drawing: InterruptionsDrawing = {
    width,
    kindHeight,
    marks: [],
    paths: { power_failure: "", voltage_sag: "", voltage_swell: "" },
    labels: [],
    vague: "",
    from: x(found.since ?? found.end),
    lines: {},
    months: months(found, x, inner),
  };
  KINDS.forEach((kind, row) => {
    if (found.seen[kind] === undefined) return;
    const y = (row + 1) * kindHeight - BELOW_LINE;
    drawing.lines[kind] = y;
    const marks = joined(found.all.filter((each) => each.kind === kind), x).map((all): Mark => {
      return { kind, x: tenth((x(all[0]!.time) + x(all.at(-1)!.time)) / 2), y, count: sum(all), joined: all };
    });
    let free = Number.NEGATIVE_INFINITY;
    for (const mark of marks) {
      drawing.paths[kind] += shape(mark);
      const half = (String(mark.count).length * DIGIT) / 2;
      if (mark.x - half < free) continue;
      free = mark.x + half + BETWEEN;
      drawing.labels.push({ x: mark.x, y: y - 13, text: mark.count });
    }
    for (const each of found.all) {
      if (each.kind !== kind || !isVague(each) || each.after === undefined) continue;
      const [from, to] = [x(each.after), x(each.time)];
      if (to - from > 2) drawing.vague += `M${from} ${y}H${to}`;
    }
    drawing.marks.push(...marks);
  });
  drawing.marks.sort((one, other) => one.x - other.x || one.y - other.y);
  return drawing;
}

const sum = (all: Disturbance[]): number => all.reduce((count, each) => count + each.count, 0);

/** Group interruptions whose marks would overlap, such as those of one day. */
function joined(all: Disturbance[], x: (time: number) => number): Disturbance[][] {
  const groups: { first: number; count: number; all: Disturbance[] }[] = [];
  for (const each of all) {
    const group = groups.at(-1);
    const at = x(each.time);
    if (group && at - group.first < markSize(group.count) + markSize(each.count)) {
      group.all.push(each);
      group.count += each.count;
    } else groups.push({ first: at, count: each.count, all: [each] });
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

function months({ start, end }: Disturbances, x: (time: number) => number, inner: number): InterruptionsDrawing["months"] {
  const found: InterruptionsDrawing["months"] = [];
  let month = addMonths(localDay(new Date(start)).slice(0, 7), 1);
  for (let time = dayStart(`${month}-01`); time.getTime() <= end && found.length < 15; time = dayStart(`${month}-01`)) {
    found.push({ x: x(time.getTime()), time, isNamed: false });
    month = addMonths(month, 1);
  }
  const fitting = inner / MONTH;
  const step = [1, 2, 3, 4, 6].find((each) => found.length / each <= fitting) ?? 12;
  found.forEach((each, index) => (each.isNamed = index % step === 0));
  return found;
}
