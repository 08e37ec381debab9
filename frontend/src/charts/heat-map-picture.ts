/** Picture of a year of quarter-hours: colours, pixels and the labels of its axes. */

import { clamp } from "../built-in-replacements.ts";
import { EXCESS, type Grid, WH_A_KW } from "../data/heat-map-grid.ts";
import { QUARTER_HOURS_A_DAY, UNKNOWN } from "../data/year-quarter-hours.ts";

const DAY_MS = 86_400_000;
/** Lowest power of each step of colour, in kW. */
export const STEPS_KW = [0, 0.5, 1.5, 4] as const;
/** Lightness and chroma of a colour in OKLCH. */
type Tone = readonly [lightness: number, chroma: number];

/**
 * Tones of the steps of colour, on a light and on a dark background. Two neighbouring steps have a contrast of at least
 * 1.65:1, so that a user can distinguish them without their hues. On a dark background, stronger is brighter.
 */
const TONES: Record<"light" | "dark", Record<"drawn" | "fedIn", readonly Tone[]>> = {
  light: {
    drawn: [[0.92, 0.03], [0.73, 0.09], [0.57, 0.11], [0.41, 0.09]],
    fedIn: [[0.8, 0.12], [0.66, 0.16], [0.5, 0.21], [0.33, 0.16]],
  },
  dark: {
    drawn: [[0.28, 0.03], [0.44, 0.08], [0.66, 0.12], [0.81, 0.1]],
    fedIn: [[0.38, 0.1], [0.55, 0.19], [0.74, 0.18], [0.89, 0.08]],
  },
};
/** Turn of the hue of `fedIn` on a dark background, in radians. It separates the bright steps from those of `drawn`. */
const DARK_TURN = Math.PI / 9;
/** Chroma below which a colour of the theme is a grey, whose hue means nothing. */
const MIN_CHROMA = 0.02;

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

export interface Colors {
  readonly ground: Color;
  readonly drawn: Color;
  readonly fedIn: Color;
  readonly excess: Color;
}

/** Return the OKLab coordinates of a colour. */
function oklabOf(color: Color): [lightness: number, a: number, b: number] {
  const [red, green, blue] = color.map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  const l = Math.cbrt(0.41222 * red + 0.53633 * green + 0.05145 * blue);
  const m = Math.cbrt(0.2119 * red + 0.6807 * green + 0.1074 * blue);
  const s = Math.cbrt(0.0883 * red + 0.28172 * green + 0.62998 * blue);
  return [0.21045 * l + 0.79362 * m - 0.00407 * s, 1.978 * l - 2.42859 * m + 0.45059 * s, 0.0259 * l + 0.78277 * m - 0.80868 * s];
}

/** Return the nearest colour that a screen can show. The hue is in radians. */
function fromOklch([lightness, chroma]: Tone, hue: number): Color {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.39634 * a + 0.2158 * b) ** 3;
  const m = (lightness - 0.10556 * a - 0.06385 * b) ** 3;
  const s = (lightness - 0.08948 * a - 1.29149 * b) ** 3;
  const linear = [4.07674 * l - 3.30771 * m + 0.23097 * s, -1.26844 * l + 2.60976 * m - 0.34132 * s, -0.0042 * l - 0.70342 * m + 1.70761 * s];
  return linear.map((value) => Math.round(255 * Math.min(1, value <= 0.0031308 ? Math.max(0, 12.92 * value) : 1.055 * value ** (1 / 2.4) - 0.055))) as unknown as Color;
}

/** Return the colours of the power steps, for energy from the grid (`drawn`) and to the grid (`fedIn`). */
export function shades({ ground, drawn, fedIn }: Colors): { drawn: Color[]; fedIn: Color[] } {
  const theme = oklabOf(ground)[0] < 0.5 ? "dark" : "light";
  const shadesOf = (color: Color, tones: readonly Tone[], turn = 0) => {
    const [, a, b] = oklabOf(color);
    const isGrey = Math.hypot(a, b) < MIN_CHROMA;
    return tones.map(([lightness, chroma]) => fromOklch([lightness, isGrey ? 0 : chroma], Math.atan2(b, a) + turn));
  };
  return {
    drawn: shadesOf(drawn, TONES[theme].drawn),
    fedIn: shadesOf(fedIn, TONES[theme].fedIn, theme === "dark" ? DARK_TURN : 0),
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

/** Return the palette for the mask of the cells with a value: opaque for this value, else transparent. */
export function mask(value: number): Uint32Array {
  const entries = new Uint32Array(65_536);
  entries[value - UNKNOWN] = 0xff_ff_ff_ff;
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
    const column = clamp(Math.floor(x * columns), 0, columns - 1);
    return column * this.column + clamp(Math.floor((1 - y) * this.column), 0, this.column - 1);
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
