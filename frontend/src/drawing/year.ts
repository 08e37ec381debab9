/** A year of quarter-hours as a picture: its colours, its pixels, what stands on its axes. */

import { QUARTER_HOURS_A_DAY, UNKNOWN, WH_A_KW, type Grid } from "../year-series.ts";

const DAY_MS = 86_400_000;
/** From here on, a colour is no darker. */
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

/** The color of each energy from -32768 Wh, as the bytes of ImageData: red, green, blue, opacity. */
export function palette({ drawn, fedIn, excess }: Colors, aboveKw: number | undefined): Uint32Array {
  const bytes = new Uint8ClampedArray(65_536 * 4);
  const limit = aboveKw === undefined ? Number.POSITIVE_INFINITY : aboveKw * WH_A_KW;
  // What is not known has no color: the card shows through.
  for (let index = 1; index < 65_536; index += 1) {
    const wh = index + UNKNOWN;
    const isAbove = wh > limit;
    const color = isAbove ? excess : wh < 0 ? fedIn : drawn;
    const kw = Math.abs(wh) / WH_A_KW;
    const at = 4 * index;
    bytes[at] = color[0];
    bytes[at + 1] = color[1];
    bytes[at + 2] = color[2];
    bytes[at + 3] = isAbove ? 255 : 255 * (wh < 0 ? fedInOpacity(kw) : drawnOpacity(kw));
  }
  return new Uint32Array(bytes.buffer);
}

/** How many of `count` are in each of so many pixels: those from the first to before the second. */
function shares(count: number, pixels: number): [number, number][] {
  return Array.from({ length: pixels }, (_, pixel) => {
    const from = Math.min(count - 1, Math.floor((pixel * count) / pixels));
    return [from, Math.max(from + 1, Math.floor(((pixel + 1) * count) / pixels))];
  });
}

/**
 * Return the pixels, row by row from the top.
 *
 * Wide, days go to the right and the time of day goes up; turned, time goes to the right and the
 * newest day is on top. A pixel that has more than one quarter-hour shows the highest of them: what
 * is above the reference power must be seen on a small screen, too.
 */
export function pixels({ days, cells }: Grid, colors: Uint32Array, width: number, height: number, isTurned: boolean): Uint32Array {
  const image = new Uint32Array(width * height);
  if (!days) return image;
  const columns = shares(isTurned ? QUARTER_HOURS_A_DAY : days, width);
  const rows = shares(isTurned ? days : QUARTER_HOURS_A_DAY, height).reverse();
  const [stepX, stepY] = isTurned ? [1, QUARTER_HOURS_A_DAY] : [QUARTER_HOURS_A_DAY, 1];
  for (const [y, [fromY, toY]] of rows.entries()) {
    const at = y * width;
    const before = rows[y - 1];
    if (before && before[0] === fromY && before[1] === toY) {
      image.copyWithin(at, at - width, at);
      continue;
    }
    for (let x = 0; x < width; x += 1) {
      const [fromX, toX] = columns[x]!;
      let highest = UNKNOWN;
      for (let j = fromY; j < toY; j += 1) {
        for (let i = fromX; i < toX; i += 1) {
          const value = cells[i * stepX + j * stepY]!;
          if (value > highest) highest = value;
        }
      }
      image[at + x] = colors[highest - UNKNOWN]!;
    }
  }
  return image;
}

/** A cell as it is chosen: in the order of the keys, ↑ the next and → as many as are in a column. */
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

  /** Return the cell of the grid (day × 96 + quarter-hour) that is chosen, or the other way round. */
  cell(chosen: number): number {
    if (!this.#isTurned) return chosen;
    return (chosen % this.#days) * QUARTER_HOURS_A_DAY + Math.floor(chosen / this.#days);
  }

  chosen(cell: number): number {
    if (!this.#isTurned) return cell;
    return (cell % QUARTER_HOURS_A_DAY) * this.#days + Math.floor(cell / QUARTER_HOURS_A_DAY);
  }

  /** Return what is at a share of the width and of the height. */
  at(x: number, y: number): number {
    const columns = this.count / this.column;
    const column = within(Math.floor(x * columns), columns);
    return column * this.column + within(Math.floor((1 - y) * this.column), this.column);
  }

  /** Return where the middle of one is, as shares of the width and of the height. */
  middle(chosen: number): [number, number] {
    const column = Math.floor(chosen / this.column);
    return [((column + 0.5) * this.column) / this.count, 1 - ((chosen % this.column) + 0.5) / this.column];
  }
}

const within = (value: number, count: number): number => Math.max(0, Math.min(count - 1, value));

export interface Tick {
  /** As a share of the axis of days. */
  readonly at: number;
  /** The day, in ms since 1970 at noon. */
  readonly day: number;
}

const SHORT_DAYS = 62;

/** Return what is written at the days: months, or days while there are few; each has at least so much room, in px. */
export function dayTicks({ firstDay, days }: Grid, lengthPx: number, room: { day: number; month: number }): { isMonths: boolean; ticks: Tick[] } {
  const isMonths = days > SHORT_DAYS;
  const pxOf = (count: number) => (count * lengthPx) / days;
  const step = Math.max(1, Math.ceil(room.day / pxOf(1)));
  const starts: number[] = [];
  for (let day = 0; day < days; day += 1) {
    // Days are counted from the newest back; the first month may have begun before.
    if (isMonths ? day === 0 || new Date((firstDay + day) * DAY_MS).getUTCDate() === 1 : (days - 1 - day) % step === 0) starts.push(day);
  }
  const every = isMonths ? Math.max(1, Math.ceil(room.month / pxOf(28))) : 1;
  const ticks = starts
    .filter((day, index) => index % every === 0 && (!isMonths || pxOf((starts[index + every] ?? days) - day) >= room.month))
    .map((day) => ({ at: day / days, day: (firstDay + day + 0.5) * DAY_MS }));
  return { isMonths, ticks };
}
