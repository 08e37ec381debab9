/** Choosing one of many bars: by touch, drag and mouse, and with the keys of one tab stop. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Half of what a finger covers. */
const FINGER_PX = 22;

interface Chart {
  /** How many can be chosen; of those in a grid, how many are in one column. */
  count: number;
  column?: number;
  /** Where something is, as shares of the width and of the height: which one that is. */
  at: (x: number, y: number) => number | undefined;
  /** Where the middle of one is, also as shares: to find one that is smaller than a finger again. */
  middle?: (index: number) => readonly [number, number];
  /** Called for what is chosen already, when it is tapped or Enter is pressed. */
  open?: (index: number) => void;
}

export class ChosenBar implements ReactiveController {
  /** Undefined while nothing is chosen. */
  index: number | undefined;
  readonly #host: ReactiveControllerHost;
  readonly #chart: () => Chart;
  #isDown = false;
  #before: number | undefined;

  constructor(host: ReactiveControllerHost, chart: () => Chart) {
    this.#host = host;
    this.#chart = chart;
    host.addController(this);
  }

  hostConnected(): void {
    this.index = undefined;
  }

  choose(index: number | undefined): void {
    if (index === this.index) return;
    this.index = index;
    this.#host.requestUpdate();
  }

  readonly down = (event: PointerEvent): void => {
    this.#isDown = true;
    this.#before = this.index;
    (event.currentTarget as Element).setPointerCapture?.(event.pointerId);
    this.#follow(event);
  };

  readonly move = (event: PointerEvent): void => {
    if (this.#isDown || event.pointerType === "mouse") this.#follow(event);
  };

  readonly up = (event: PointerEvent): void => {
    this.#isDown = false;
    if (event.type === "pointerup" && this.index !== undefined && this.index === this.#before) {
      this.#chart().open?.(this.index);
    }
  };

  readonly leave = (event: PointerEvent): void => {
    if (event.pointerType === "mouse" && !this.#isDown) this.choose(undefined);
  };

  readonly key = (event: KeyboardEvent): void => {
    const { count, column = 1, open } = this.#chart();
    const at = this.index;
    // In a grid, what has come to the end of its column does not go on in the next.
    const step = (by: number) => {
      const to = at! + by;
      const leaves = Math.abs(by) < column && Math.floor(to / column) !== Math.floor(at! / column);
      return to < 0 || to >= count || leaves ? at : to;
    };
    const [first, last] = [0, count - 1];
    const steps: Record<string, number | undefined> = {
      ArrowLeft: at === undefined ? last : step(-column),
      ArrowRight: at === undefined ? first : step(column),
      ArrowUp: at === undefined ? first : step(1),
      ArrowDown: at === undefined ? last : step(-1),
      Home: first,
      End: last,
    };
    const to = steps[event.key];
    if (event.key === "Escape") this.choose(undefined);
    else if (event.key === "Enter" && at !== undefined && open) open(at);
    else if (to !== undefined && count) this.choose(Math.max(0, Math.min(count - 1, to)));
    else return;
    event.preventDefault();
  };

  #follow(event: PointerEvent): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { at, middle } = this.#chart();
    if (middle && this.#before !== undefined && event.pointerType !== "mouse") {
      const [left, top] = middle(this.#before);
      if (Math.hypot(left * box.width - x, top * box.height - y) < FINGER_PX) return this.choose(this.#before);
    }
    this.choose(at(x / box.width, y / box.height));
  }
}
