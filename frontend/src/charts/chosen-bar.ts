/**
 * Choice of one bar in a chart by touch, drag, mouse or keyboard, with a single tab stop.
 *
 * The bar below the mouse pointer is shown. A click chooses this bar, so that the bar stays when the pointer leaves the
 * chart. A second tap or click on the chosen bar cancels the choice, and so does a press outside of the card. In a chart
 * with `open`, a tap or click on a bar that is already shown opens this bar instead. The mouse pointer shows a bar before
 * the click, so the first click opens the bar. With a finger, the first tap shows a bar, and the second tap opens it.
 */

import { onPressOutside } from "../parts/while-drawn.ts";
import { clamp } from "../built-in-replacements.ts";
import { noChange, type ReactiveController, type ReactiveControllerHost } from "lit";
import { directive, Directive, type ElementPart } from "lit/directive.js";

/**
 * Radius of a fingertip in px. If a touch is nearer than this to the centre of the chosen bar, it counts as a touch of
 * this bar.
 */
const FINGER_PX = 22;

interface Chart {
  /** Number of bars. In a chart of cells, `count` is the number of all cells, and `column` the number in a column. */
  count: number;
  column?: number;
  /** Number of bars by which the keys PageUp and PageDown move. */
  page?: number;
  /**
   * Return the index of the bar at a position. `x` and `y` are shares of the chart's width and height, from 0 to 1. Without this
   * function, the bars share the width.
   */
  at?: (x: number, y: number) => number | undefined;
  /**
   * Return the centre of a bar, as shares of the chart's width and height. Charts whose bars can be smaller than a
   * finger have this function. A touch near the centre of the chosen bar then counts for this bar.
   */
  middle?: (index: number) => readonly [number, number];
  /** Called with the chosen index at a second tap, a click of the mouse or Enter. */
  open?: (index: number) => void;
}

export class ChosenBar implements ReactiveController {
  /** Index of the shown bar: the bar below the mouse pointer, else the chosen bar; undefined if neither exists. */
  index: number | undefined;
  /** Index of the chosen bar, which stays when the mouse leaves the chart. */
  #chosen: number | undefined;
  readonly #host: ReactiveControllerHost;
  readonly #chart: () => Chart;
  #isDown = false;
  #before: number | undefined;
  #first = 0;

  constructor(host: ReactiveControllerHost, chart: () => Chart) {
    this.#host = host;
    this.#chart = chart;
    host.addController(this);
    // The charts of the Energy dashboard do the same.
    onPressOutside(host, () => this.choose(undefined));
  }

  hostConnected(): void {
    this.clear();
  }

  /** Cancel the choice without drawing the card again. */
  clear(): void {
    this.index = this.#chosen = undefined;
  }

  /** Move the choice in a chart whose bars move by `by`. A bar that leaves the chart ends the choice. */
  shift(by: number, count: number): void {
    const move = (index: number | undefined) => (index !== undefined && index + by >= 0 && index + by < count ? index + by : undefined);
    // A mouse stays where it is.
    const isHeld = this.index === this.#chosen;
    this.#chosen = move(this.#chosen);
    if (isHeld || this.index! >= count) this.index = this.#chosen;
  }

  /**
   * Keep the choice at its time when the bars move on. `first` is the number of the first bar, counted from any time
   * that stays the same.
   */
  follow(first: number, count: number): void {
    this.shift(this.#first - first, count);
    this.#first = first;
  }

  choose(index: number | undefined): void {
    this.#chosen = index;
    this.#show(index);
  }

  #show(index: number | undefined): void {
    if (index === this.index) return;
    this.index = index;
    this.#host.requestUpdate();
  }

  readonly down = (event: PointerEvent): void => {
    this.#isDown = true;
    // A press on the bar that is already shown calls `open`. A mouse shows a bar before the press, so its first click
    // opens the bar. A finger needs a second tap.
    this.#before = this.#chart().open ? this.index : this.#chosen;
    (event.currentTarget as Element).setPointerCapture?.(event.pointerId);
    this.#follow(event);
  };

  readonly move = (event: PointerEvent): void => {
    if (this.#isDown || event.pointerType === "mouse") this.#follow(event);
  };

  readonly up = (event: PointerEvent): void => {
    if (!this.#isDown) return;
    this.#isDown = false;
    const { open } = this.#chart();
    const isSecond = event.type === "pointerup" && this.index !== undefined && this.index === this.#before;
    if (isSecond && open) open(this.index!);
    else this.choose(isSecond ? undefined : this.index);
  };

  readonly leave = (event: PointerEvent): void => {
    if (event.pointerType === "mouse" && !this.#isDown) this.#show(this.#chosen);
  };

  readonly key = (event: KeyboardEvent): void => {
    const { count, column = 1, page, open } = this.#chart();
    const at = this.index;
    // In a chart of cells, the keys ↑ and ↓ stop at the end of a column. They do not jump to the next column.
    const step = (by: number) => {
      const to = at! + by;
      const leaves = Math.abs(by) < column && Math.floor(to / column) !== Math.floor(at! / column);
      return to < 0 || to >= count || leaves ? at : to;
    };
    const [first, last] = [0, count - 1];
    // PageUp leads to a later bar, because PageUp also raises the value of a slider.
    const turn = (sign: number) => page && clamp((at ?? last) + sign * page, first, last);
    const steps: Record<string, number | undefined> = {
      ArrowLeft: at === undefined ? last : step(-column),
      ArrowRight: at === undefined ? first : step(column),
      ArrowUp: at === undefined ? first : step(1),
      ArrowDown: at === undefined ? last : step(-1),
      PageUp: turn(1),
      PageDown: turn(-1),
      Home: first,
      End: last,
    };
    const to = steps[event.key];
    if (event.key === "Escape") this.choose(undefined);
    else if (event.key === "Enter" && at !== undefined && open) open(at);
    else if (to !== undefined && count) this.choose(clamp(to, first, last));
    else return;
    event.preventDefault();
  };

  #follow(event: PointerEvent): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { count, at = (x) => (count ? clamp(Math.floor(x * count), 0, count - 1) : undefined), middle } = this.#chart();
    if (middle && this.#before !== undefined && event.pointerType !== "mouse") {
      const [left, top] = middle(this.#before);
      if (Math.hypot(left * box.width - x, top * box.height - y) < FINGER_PX) return this.#show(this.#before);
    }
    this.#show(at(x / box.width, y / box.height));
  }
}

class PointerDirective extends Directive {
  #isListening = false;

  override render(_bar: ChosenBar): typeof noChange {
    return noChange;
  }

  override update({ element }: ElementPart, [bar]: [ChosenBar]): typeof noChange {
    if (!this.#isListening) {
      this.#isListening = true;
      const { down, move, up, leave } = bar;
      const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, pointerleave: leave };
      for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener as EventListener);
    }
    return noChange;
  }
}

/** Let the pointer choose the bars of a chart: a directive of the chart's element, with its choice. */
export const pointer = directive(PointerDirective);
