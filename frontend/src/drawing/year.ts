/** Picture of a year of quarter-hours: colours, pixels and the labels of its axes. */

import { ESTIMATED, EXCESS, QUARTER_HOURS_A_DAY, UNKNOWN, WH_A_KW, type Grid } from "../year-series.ts";

const DAY_MS = 86_400_000;
/** Power from which the colour gets no darker. */
const FULL_KW = 7;

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

export interface Colors {
  readonly drawn: Color;
  readonly fedIn: Color;
  readonly excess: Color;
}

export const drawnOpacity = (kw: number): number => 0.14 + 0.76 * Math.sqrt(Math.min(1, kw / FULL_KW));
const fedInOpacity = (kw: number): number => 0.1 + 0.28 * Math.sqrt(Math.min(1, kw / FULL_KW));
export const FED_IN_OPACITY = fedInOpacity(FULL_KW / 2);

/** Return the colour of each energy from -32768 Wh to EXCESS, as bytes of ImageData: red, green, blue, opacity. */
export function palette({ drawn, fedIn, excess }: Colors): Uint32Array {
  const entry = ([red, green, blue]: Color, opacity: number): number =>
    new Uint32Array(new Uint8ClampedArray([red, green, blue, 255 * opacity]).buffer)[0]!;
  // The entry of UNKNOWN stays transparent. So the card's background is seen where quarter-hours are unknown.
  const entries = new Uint32Array(65_536);
  const full = FULL_KW * WH_A_KW;
  entries.fill(entry(fedIn, fedInOpacity(FULL_KW)), 1, -UNKNOWN - full);
  entries.fill(entry(drawn, drawnOpacity(FULL_KW)), full - UNKNOWN);
  // The eye cannot tell more than a hundred shades of a colour apart, so a hundred are enough.
  const step = full / 100;
  for (let wh = 0; wh < full; wh += step) {
    const kw = (wh + step / 2) / WH_A_KW;
    entries.fill(entry(drawn, drawnOpacity(kw)), wh - UNKNOWN, wh + step - UNKNOWN);
    entries.fill(entry(fedIn, fedInOpacity(kw)), -wh - step + 0.5 - UNKNOWN, -wh + 0.5 - UNKNOWN);
  }
  entries[EXCESS - UNKNOWN] = entry(excess, 1);
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
 * Normally days run to the right and hours upwards. If `isTurned`, hours run to the right and the newest day is on
 * top. If there are more days than pixels, a pixel shows the highest of several days, so that excess stays visible.
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
      const at = isTurned ? (shown - 1 - pixel) * width + quarter : (QUARTER_HOURS_A_DAY - 1 - quarter) * width + pixel;
      pixels[at] = colors[highest - UNKNOWN]!;
    }
  }
  return { width, height, pixels };
}

/** Order of the cells for the arrow keys: ↑ leads to the next index, → to the same place in the next column. */
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

  /** Return the cell of the grid (day × 96 + quarter-hour) for a chosen index; `chosen` is the inverse. */
  cell(chosen: number): number {
    if (!this.#isTurned) return chosen;
    return (chosen % this.#days) * QUARTER_HOURS_A_DAY + Math.floor(chosen / this.#days);
  }

  chosen(cell: number): number {
    if (!this.#isTurned) return cell;
    return (cell % QUARTER_HOURS_A_DAY) * this.#days + Math.floor(cell / QUARTER_HOURS_A_DAY);
  }

  /** Return the index at a position, given as shares of width and height. */
  at(x: number, y: number): number {
    const columns = this.count / this.column;
    const column = within(Math.floor(x * columns), columns);
    return column * this.column + within(Math.floor((1 - y) * this.column), this.column);
  }

  /** Return the centre of a chosen index, as shares of width and height. */
  middle(chosen: number): [number, number] {
    const column = Math.floor(chosen / this.column);
    return [((column + 0.5) * this.column) / this.count, 1 - ((chosen % this.column) + 0.5) / this.column];
  }
}

const within = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));

export interface Tick {
  /** Position, as a share of the length of the axis. */
  readonly at: number;
  /** Noon of the day, in ms since 1970. */
  readonly day: number;
}

const SHORT_DAYS = 62;

/**
 * Return the labels of the axis of days: months, or days for short periods. `room` is the space a label needs, in px.
 */
export function dayTicks({ firstDay, days }: Grid, lengthPx: number, room: { day: number; month: number }): { isMonths: boolean; ticks: Tick[] } {
  const isMonths = days > SHORT_DAYS;
  const pxOf = (count: number) => (count * lengthPx) / days;
  const step = Math.max(1, Math.ceil(room.day / pxOf(1)));
  const starts: number[] = [];
  for (let day = 0; day < days; day += 1) {
    // Single days are labelled at equal distances, back from the newest day. Months are labelled at their first day.
    // The first month is labelled at the first day of the grid.
    if (isMonths ? day === 0 || new Date((firstDay + day) * DAY_MS).getUTCDate() === 1 : (days - 1 - day) % step === 0) starts.push(day);
  }
  const every = isMonths ? Math.max(1, Math.ceil(room.month / pxOf(28))) : 1;
  const ticks = starts
    .filter((day, index) => index % every === 0 && (!isMonths || pxOf((starts[index + every] ?? days) - day) >= room.month))
    .map((day) => ({ at: day / days, day: (firstDay + day + 0.5) * DAY_MS }));
  return { isMonths, ticks };
}
