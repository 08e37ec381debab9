/** Positions of the stacks, ticks and labels in the chart of months. */

/** Column of one month. Positive `parts` are stacked upwards, negative parts downwards. */
export interface Column {
  parts: number[];
  /** Value of the black tick; `label` is the text beside it. */
  tick: number | null;
  label: string;
  /** Whether the label gives the height of the whole stack and stands above the stack. */
  isOfStack?: boolean;
  /** Expected value at the end of the month, hatched above the stack. */
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
  /** Horizontal position where the scale ends and the columns begin. */
  axis: number;
  /** Left edge of each column. */
  left: number[];
  step: number;
  /** Horizontal position of the line before the running month; undefined without whole months before it. */
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
const TOP_PX = 16;
const BOTTOM_PX = 6;
const LABEL_HEIGHT_PX = 13;
/** Gap beside a number, in px. */
const GAP_PX = 8;
/** Gap before the running month, in px. */
const DIVIDER_PX = 12;
const MAX_LINES = 6;
/** Smallest range of the scale, in whole euros or kWh. In a smaller range, rounded numbers would repeat. */
const MIN_RANGE = 5;
/** Gap between neighbouring labels, in px. */
const MIN_LABEL_GAP_PX = 4;

/** Size of the chart in px, and functions that write and measure its texts. */
export interface Frame {
  width: number;
  height: number;
  /** Whether a line divides the running month from the months before it. */
  isDivided: boolean;
  /** Return the width of a text in px. */
  widthOf: (text: string) => number;
  /** Return the text of a value of the scale. */
  write: (value: number) => string;
}

export function monthsDrawing(columns: Column[], { width, height, isDivided, widthOf, write }: Frame): Drawing {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const up = columns.map(({ parts }) => sum(parts.filter((part) => part > 0)));
  const down = columns.map(({ parts }) => sum(parts.filter((part) => part < 0)));
  const marks = columns.flatMap(({ tick, estimate }) => [tick ?? 0, estimate ?? 0]);
  const maximum = Math.max(0, ...up, ...marks);
  const lowest = Math.min(0, ...down, ...marks);
  const highest = maximum > lowest ? Math.max(maximum, lowest + MIN_RANGE) : maximum;
  const values = linesOf(lowest, highest);
  const hasAxis = width >= MIN_WIDTH_WITH_AXIS_PX;
  const axis = hasAxis ? Math.ceil(Math.max(...values.map((value) => widthOf(write(value))))) + GAP_PX : NO_AXIS_PX;
  const gap = isDivided ? DIVIDER_PX : 0;
  const step = Math.max(1, (width - axis - RIGHT_PX - gap) / Math.max(1, columns.length));
  const bar = Math.max(2, Math.round(step * 0.72));
  const range = highest - lowest || 1;
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
    divider: isDivided ? left.at(-1)! - gap / 2 : undefined,
    paths,
    hatched,
    ticks,
    labels: labelsOf(columns, { axis, left, step, width, y, widthOf }),
    lines: values.map((value) => ({ y: y(value), value, text: hasAxis ? write(value) : "" })),
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Return round values for the lines of the scale, three to six of them. */
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
  y: (value: number) => number;
  widthOf: Frame["widthOf"];
}

/**
 * Place each label below its tick, so that it is not mistaken for the stack's total. Labels of totals, of estimates
 * and of ticks near 0 stand above.
 */
function labelsOf(columns: Column[], { axis, left, step, width, y, widthOf }: Place): Label[] {
  const placed: { from: number; to: number; y: number }[] = [];
  const isCrowded = columns.some(({ label, estimate }) => estimate === null && widthOf(label) + MIN_LABEL_GAP_PX > step);
  // Without room for every label, keep only the labels of the running month and of the chosen month.
  const order = columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ label, tick, isChosen, index }) => label && tick !== null && (!isCrowded || isChosen || index === columns.length - 1))
    // The first labels get the free space. So the label of the chosen month comes first, and then all others from the
    // newest to the oldest.
    .sort((a, b) => Number(b.isChosen) - Number(a.isChosen) || b.index - a.index);
  const labels: Label[] = [];
  for (const { index, label, tick, estimate, isChosen, isOfStack } of order) {
    const half = widthOf(label) / 2;
    const x = Math.max(axis + half - RIGHT_PX, Math.min(width - half, left[index]! + step / 2));
    const at = y(tick!);
    const isFree = (place: number) =>
      placed.every((label) => Math.abs(label.y - place) >= LABEL_HEIGHT_PX || x - half >= label.to + MIN_LABEL_GAP_PX || x + half <= label.from - MIN_LABEL_GAP_PX);
    const below = at + LABEL_HEIGHT_PX + 2;
    const above = at - 4;
    const isBelow = estimate === null && !isOfStack && y(0) - at > LABEL_HEIGHT_PX + 4;
    const places = isBelow ? [below, above] : [above, below];
    const place = places.find(isFree);
    if (place === undefined) continue;
    placed.push({ from: x - half, to: x + half, y: place });
    labels.push({ x: round(x), y: round(place), text: label, isChosen });
  }
  return labels;
}
