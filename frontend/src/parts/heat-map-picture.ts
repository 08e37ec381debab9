/** Picture of a year of quarter-hours: colours, pixels and the labels of its axes. */

import { EXCESS, type Grid, WH_A_KW } from "../data/heat-map-grid.ts";
import { ESTIMATED, QUARTER_HOURS_A_DAY, UNKNOWN } from "../data/year-quarter-hours.ts";

const DAY_MS = 86_400_000;
/** Lowest power of each step of colour, in kW. */
export const STEPS_KW = [0, 0.5, 1.5, 4] as const;
/**
 * Contrast of each step of colour with the card's background: DRAWN_CONTRASTS for energy from the grid,
 * FED_IN_CONTRASTS for energy to the grid. Two neighbouring steps have a contrast of at least 1.28:1, so that a user
 * can distinguish them without their hues. The red of an excess has at least the same contrast with each step.
 */
const DRAWN_CONTRASTS = [1.3, 1.68, 2.17, 2.8] as const;
const FED_IN_CONTRASTS = [5.7, 7.35, 9.45, 12.2] as const;

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

export interface Colors {
  readonly ground: Color;
  readonly drawn: Color;
  readonly fedIn: Color;
  readonly excess: Color;
}

/** Return the relative luminance of a colour, as WCAG defines it. */
function luminance(color: Color): number {
  const [red, green, blue] = color.map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Return the contrast of two colours, as WCAG defines it: from 1 to 21. */
export function contrast(one: Color, other: Color): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/**
 * Return a colour that has the contrast `target` with `ground`. The colour is mixed from `ground` and `hue`, or from
 * `hue` and black or white.
 */
function shade(hue: Color, ground: Color, target: number): Color {
  const end: Color = luminance(ground) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  const [from, to] = contrast(hue, ground) >= target ? [ground, hue] : [hue, end];
  const mix = (share: number) => from.map((value, index) => Math.round(value + (to[index]! - value) * share)) as unknown as Color;
  let [low, high] = [0, 1];
  for (let step = 0; step < 10; step += 1) {
    const middle = (low + high) / 2;
    if (contrast(mix(middle), ground) < target) low = middle;
    else high = middle;
  }
  return mix(high);
}

/** Return the colours of the power steps, for energy from the grid (`drawn`) and to the grid (`fedIn`). */
export function shades({ ground, drawn, fedIn }: Colors): { drawn: Color[]; fedIn: Color[] } {
  return {
    drawn: DRAWN_CONTRASTS.map((wanted) => shade(drawn, ground, wanted)),
    fedIn: FED_IN_CONTRASTS.map((wanted) => shade(fedIn, ground, wanted)),
  };
}

/**
 * Return the colour of each value of a cell, from UNKNOWN to EXCESS, as bytes of ImageData: red, green, blue, opacity.
 */
export function palette(colors: Colors): Uint32Array {
  const entry = (color: Color): number => new Uint32Array(new Uint8ClampedArray([...color, 255]).buffer)[0]!;
  // The entry of UNKNOWN stays transparent. So the card's background is seen where quarter-hours are unknown.
  const entries = new Uint32Array(65_536);
  const { drawn, fedIn } = shades(colors);
  STEPS_KW.forEach((kw, step) => {
    const wh = kw * WH_A_KW;
    entries.fill(entry(drawn[step]!), wh - UNKNOWN);
    entries.fill(entry(fedIn[step]!), 1, 1 - Math.max(1, wh) - UNKNOWN);
  });
  entries[EXCESS - UNKNOWN] = entry(colors.excess);
  return entries;
}

/** Return the palette for the mask of estimated quarter-hours: opaque if estimated, else transparent. */
export function mask(): Uint32Array {
  const entries = new Uint32Array(ESTIMATED - UNKNOWN + 1);
  entries[ESTIMATED - UNKNOWN] = 0xff_ff_ff_ff;
  return entries;
}

export interface Image {
  readonly width: number;
  readonly height: number;
  /** Pixels row by row from the top. */
  readonly pixels: Uint32Array<ArrayBuffer>;
}

/**
 * Return the picture with one pixel for each quarter-hour; the caller enlarges it.
 *
 * Normally days run to the right and hours downwards, from midnight on top. If `isTurned`, hours run to the right and
 * the newest day is on top. If there are more days than pixels, a pixel shows the highest value of several days, so that
 * an excess stays visible.
 */
export function imageOf({ days, cells }: Pick<Grid, "days" | "cells">, colors: Uint32Array, mostDays: number, isTurned: boolean): Image {
  const shown = Math.min(days, Math.max(1, mostDays));
  const [width, height] = isTurned ? [QUARTER_HOURS_A_DAY, shown] : [shown, QUARTER_HOURS_A_DAY];
  const pixels = new Uint32Array(width * height);
  for (let pixel = 0; pixel < shown; pixel += 1) {
    const first = Math.floor((pixel * days) / shown);
    const end = Math.floor(((pixel + 1) * days) / shown);
    for (let quarter = 0; quarter < QUARTER_HOURS_A_DAY; quarter += 1) {
      let highest = UNKNOWN;
      for (let day = first; day < end; day += 1) highest = Math.max(highest, cells[day * QUARTER_HOURS_A_DAY + quarter]!);
      const at = isTurned ? (shown - 1 - pixel) * width + quarter : quarter * width + pixel;
      pixels[at] = colors[highest - UNKNOWN]!;
    }
  }
  return { width, height, pixels };
}

/**
 * Order of the cells for the arrow keys. The key ↑ leads to the next index, and → to the same place in the next column.
 */
export class Cells {
  readonly count: number;
  readonly column: number;
  readonly #days: number;
  readonly #isTurned: boolean;

  constructor({ days }: Grid, isTurned: boolean) {
    this.count = days * QUARTER_HOURS_A_DAY;
    this.column = isTurned ? days : QUARTER_HOURS_A_DAY;
    this.#days = days;
    this.#isTurned = isTurned;
  }

  /** Return the cell of the grid (day × 96 + quarter-hour) for a chosen index. `chosen()` does the reverse. */
  cell(chosen: number): number {
    if (!this.#isTurned) return upsideDown(chosen);
    return (chosen % this.#days) * QUARTER_HOURS_A_DAY + Math.floor(chosen / this.#days);
  }

  chosen(cell: number): number {
    if (!this.#isTurned) return upsideDown(cell);
    return (cell % QUARTER_HOURS_A_DAY) * this.#days + Math.floor(cell / QUARTER_HOURS_A_DAY);
  }

  /**
   * Return the index of the cell at a position. `x` and `y` are shares of the picture's width and height, from 0 to 1.
   */
  at(x: number, y: number): number {
    const columns = this.count / this.column;
    const column = within(Math.floor(x * columns), columns);
    return column * this.column + within(Math.floor((1 - y) * this.column), this.column);
  }

  /**
   * Return the centre of the cell with the index `chosen`, as shares of the picture's width and height, from 0 to 1.
   */
  middle(chosen: number): [number, number] {
    const column = Math.floor(chosen / this.column);
    return [((column + 0.5) * this.column) / this.count, 1 - ((chosen % this.column) + 0.5) / this.column];
  }
}

/** Return the cell with the day mirrored: the first quarter-hour of the day becomes the last. */
const upsideDown = (cell: number): number => {
  const quarter = cell % QUARTER_HOURS_A_DAY;
  return cell - quarter + QUARTER_HOURS_A_DAY - 1 - quarter;
};

const within = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));

export interface Tick {
  /** Position, as a share of the length of the axis. */
  readonly at: number;
  /** Noon of the day, in ms since 1970. */
  readonly day: number;
}

const SHORT_DAYS = 62;

/** Return whether an axis of `days` days has labels of months instead of days. */
export const isInMonths = (days: number): boolean => days > SHORT_DAYS;

/** Return the labels of the axis of days. `room` is the length in px that a label needs on the axis. */
export function dayTicks({ firstDay, days }: Grid, lengthPx: number, room: number): Tick[] {
  const isMonths = isInMonths(days);
  const pxOf = (count: number) => (count * lengthPx) / days;
  const step = Math.max(1, Math.ceil(room / pxOf(1)));
  const starts: number[] = [];
  for (let day = 0; day < days; day += 1) {
    // Labels of days stand at equal distances, counted back from the newest day. The label of a month stands at the
    // first day of the month. If the picture begins within a month, this month has its label at the first day shown.
    if (isMonths ? day === 0 || new Date((firstDay + day) * DAY_MS).getUTCDate() === 1 : (days - day) % step === 0) starts.push(day);
  }
  const every = isMonths ? Math.max(1, Math.ceil(room / pxOf(28))) : 1;
  return starts
    .filter((day, index) => index % every === 0 && pxOf((starts[index + every] ?? days) - day) >= room)
    .map((day) => ({ at: day / days, day: (firstDay + day + 0.5) * DAY_MS }));
}
