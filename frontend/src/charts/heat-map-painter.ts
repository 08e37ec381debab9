/** Painter of the year's picture on a canvas. Paints at the device's resolution, and only after a change. */

import { type Color, type Colors, type Image, imageOf, mask, palette, shades } from "./heat-map-picture.ts";
import { EXCESS, type Grid, type Limit, markedCells } from "../data/heat-map-grid.ts";
import { ESTIMATED } from "../data/year-quarter-hours.ts";

/** Distances between the stripes of estimated values and of an excess, in px. Those of an excess fall to the right. */
const ESTIMATED_PX = 6;
const EXCESS_PX = 3;
/** Media where colours can be lost. */
const WITHOUT_COLORS = "print, (forced-colors: active)";

export interface PaintRequest {
  grid: Grid;
  /** Limit above which quarter-hours are red. */
  limit: Limit | undefined;
  width: number;
  height: number;
  isTurned: boolean;
}

export class HeatMap {
  #colors: Colors | undefined;
  #palette: { colors: Colors; entries: Uint32Array } | undefined;
  #painted: unknown[] = [];

  /**
   * Read the theme's colours again, because a canvas does not follow CSS variables. The legend gets the colours of the
   * steps as CSS variables.
   */
  readColors(host: HTMLElement): void {
    const style = getComputedStyle(host);
    const context = newCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    if (!context) return;
    const read = (name: string, otherwise: string): Color => {
      context.clearRect(0, 0, 1, 1);
      // The browser ignores an invalid colour and keeps the colour that was set before. So set the colour `otherwise`
      // first.
      context.fillStyle = otherwise;
      context.fillStyle = style.getPropertyValue(name).trim();
      context.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
      return [red, green, blue];
    };
    const colors = {
      ground: read("--ground", "#fff"),
      drawn: read("--drawn", "#488fc2"),
      fedIn: read("--fed-in", "#8353d1"),
      excess: read("--excess", "#db4437"),
    };
    if (JSON.stringify(colors) === JSON.stringify(this.#colors)) return;
    this.#colors = colors;
    const { drawn, fedIn } = shades(colors);
    drawn.forEach((color, step) => host.style.setProperty(`--drawn-${step}`, `rgb(${color})`));
    fedIn.forEach((color, step) => host.style.setProperty(`--fed-in-${step}`, `rgb(${color})`));
  }

  paint(canvas: HTMLCanvasElement, { grid, limit, width, height, isTurned }: PaintRequest): void {
    const colors = this.#colors;
    const [across, down] = [width, height].map((length) => Math.round(length * (devicePixelRatio || 1))) as [number, number];
    if (!colors || !grid.days || across < 1 || down < 1) return;
    const isHatched = matchMedia(WITHOUT_COLORS).matches;
    const inputs = [canvas, grid, colors, limit?.kw, limit?.isContract, across, down, isTurned, isHatched];
    if (inputs.every((value, index) => value === this.#painted[index])) return;
    this.#painted = inputs;
    if (this.#palette?.colors !== colors) this.#palette = { colors, entries: palette(colors) };
    const marked = markedCells(grid, limit);
    const small = (cells: Int16Array, colors: Uint32Array) => canvasOf(imageOf({ days: grid.days, cells }, colors, isTurned ? down : across, isTurned));
    // Setting the size of a canvas clears it. So set the size before drawing.
    canvas.width = across;
    canvas.height = down;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.imageSmoothingEnabled = false;
    context.drawImage(small(marked, this.#palette.entries), 0, 0, across, down);
    // Cut stripes out of the estimated values, so that the card's background is seen through the stripes. Where colours
    // are lost, an excess has stripes, too.
    context.globalCompositeOperation = "destination-out";
    if (grid.estimated) context.drawImage(hatchesIn(small(grid.estimated, mask(ESTIMATED)), across, down, ESTIMATED_PX), 0, 0);
    if (isHatched) context.drawImage(hatchesIn(small(marked, mask(EXCESS)), across, down, EXCESS_PX, true), 0, 0);
  }
}

function newCanvas(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  return Object.assign(canvas, { width, height });
}

function canvasOf({ width, height, pixels }: Image): HTMLCanvasElement {
  const canvas = newCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
  return canvas;
}

/** Return stripes that cover the opaque pixels of a smaller picture. They rise to the right, or fall if `isFalling`. */
function hatchesIn(small: HTMLCanvasElement, width: number, height: number, px: number, isFalling = false): HTMLCanvasElement {
  const canvas = newCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  context.globalCompositeOperation = "source-in";
  const step = px * (devicePixelRatio || 1);
  context.lineWidth = step / 3;
  context.beginPath();
  for (let x = -height; x < width; x += step) {
    context.moveTo(x, isFalling ? 0 : height);
    context.lineTo(x + height, isFalling ? height : 0);
  }
  context.stroke();
  return canvas;
}
