/** Where the stacks, ticks and labels of the months are. */

/** Of one month; `parts` above 0 are stacked upwards, those below it downwards. */
export interface Column {
  parts: number[];
  /** Where the black tick is, and what stands beside it. */
  tick: number | null;
  label: string;
  /** Whether the label is that of the whole stack, and stands above it. */
  isOfStack?: boolean;
  /** Up to where it will come: hatched above the stack. */
  estimate: number | null;
  isChosen: boolean;
}

export interface Label {
  x: number;
  y: number;
  text: string;
  isChosen: boolean;
}

export interface Drawing {
  zero: number;
  /** Where the scale ends and the columns begin. */
  axis: number;
  /** Of each column. */
  left: number[];
  step: number;
  /** One path for each part. */
  paths: string[];
  hatched: string;
  ticks: string;
  labels: Label[];
  /** The lines of the scale. */
  lines: { y: number; value: number }[];
}

const AXIS = 34;
const RIGHT = 8;
const TOP = 16;
const BOTTOM = 6;
const LABEL = 13;
/** The width of a digit at 13 px, and of a space beside it. */
const DIGIT = 7.4;
const GAP = 8;
const LINES = 6;
/** Of whole euros and kWh: a scale of less would have the same number at each line. */
const MIN_RANGE = 5;
/** Labels may come so near to each other that only their halos meet. */
const MEETING = 3;

export function monthsDrawing(columns: Column[], width: number, height: number): Drawing {
  const sum = (values: number[]) => values.reduce((one, other) => one + other, 0);
  const up = columns.map(({ parts }) => sum(parts.filter((part) => part > 0)));
  const down = columns.map(({ parts }) => sum(parts.filter((part) => part < 0)));
  const marks = columns.flatMap(({ tick, estimate }) => [tick ?? 0, estimate ?? 0]);
  const most = Math.max(0, ...up, ...marks);
  const lowest = Math.min(0, ...down, ...marks);
  const highest = most > lowest ? Math.max(most, lowest + MIN_RANGE) : most;
  const values = linesOf(lowest, highest);
  const axis = Math.max(AXIS, ...values.map((value) => wide(value.toLocaleString("en")) + GAP));
  const step = Math.max(1, (width - axis - RIGHT) / Math.max(1, columns.length));
  const bar = Math.max(2, Math.round(step * 0.72));
  const range = highest - lowest || 1;
  const scale = (height - TOP - BOTTOM) / range;
  const y = (value: number) => round(TOP + (highest - value) * scale);
  const left = columns.map((_, index) => axis + index * step);

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
    paths,
    hatched,
    ticks,
    labels: labelsOf(columns, { axis, left, step, width, y }),
    lines: values.map((value) => ({ y: y(value), value })),
  };
}

const wide = (text: string): number => text.length * DIGIT;
const round = (value: number): number => Math.round(value * 10) / 10;

/** Round values of the scale, three to six of them. */
function linesOf(lowest: number, highest: number): number[] {
  const wanted = (highest - lowest) / LINES;
  if (!(wanted > 0) || !Number.isFinite(wanted)) return [0];
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= wanted) ?? 10);
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
  y: (value: number) => number;
}

/** Each value stands at its own tick, where it does not seem to be that of the whole stack: below it, or above it near 0. */
function labelsOf(columns: Column[], { axis, left, step, width, y }: Place): Label[] {
  const placed: { from: number; to: number; y: number }[] = [];
  const isCrowded = columns.some(({ label, estimate }) => estimate === null && wide(label) > step + 6);
  const ticks = columns.map(({ tick }) => tick ?? Number.NaN);
  const known = ticks.filter((tick) => !Number.isNaN(tick));
  // Where there is no room for all, it is said what matters.
  const kept = new Set([columns.length - 1, ticks.indexOf(Math.max(...known)), ticks.indexOf(Math.min(...known))]);
  const order = columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ label, tick, isChosen, index }) => label && tick !== null && (!isCrowded || isChosen || kept.has(index)))
    // Those that matter most have the choice.
    .sort((one, other) => Number(other.isChosen) - Number(one.isChosen) || other.index - one.index);
  const labels: Label[] = [];
  for (const { index, label, tick, estimate, isChosen, isOfStack } of order) {
    const half = wide(label) / 2;
    const x = Math.max(axis + half - RIGHT, Math.min(width - half, left[index]! + step / 2));
    const at = y(tick!);
    const isFree = (place: number) =>
      placed.every((other) => Math.abs(other.y - place) >= LABEL || x - half >= other.to - MEETING || x + half <= other.from + MEETING);
    const below = at + LABEL + 2;
    const above = at - 4;
    const isBelow = estimate === null && !isOfStack && y(0) - at > LABEL + 4;
    const places = isBelow ? [below, above] : [above, below];
    const place = places.find(isFree);
    if (place === undefined) continue;
    placed.push({ from: x - half, to: x + half, y: place });
    labels.push({ x: round(x), y: round(place), text: label, isChosen });
  }
  return labels;
}
