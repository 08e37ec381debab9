/** Sizes of elements and widths of texts on the screen. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Width of the content of an A4 page. A browser prints before an observer can measure. */
const PAPER_WIDTH = "718px";

export class Width implements ReactiveController {
  /** Width in whole pixels; 0 until the element is laid out. */
  value = 0;
  /** Height in whole pixels; 0 until the element is laid out, or if only the width is needed. */
  height = 0;
  readonly #host: ReactiveControllerHost & { renderRoot: ParentNode };
  readonly #selector: string;
  readonly #needsHeight: boolean;
  #element: Element | null = null;
  readonly #observer = new ResizeObserver(() => this.#measure());

  constructor(host: ReactiveControllerHost & { renderRoot: ParentNode }, selector: string, needsHeight = false) {
    this.#host = host;
    this.#selector = selector;
    this.#needsHeight = needsHeight;
    host.addController(this);
  }

  hostConnected(): void {
    addEventListener("beforeprint", this.#print);
    addEventListener("afterprint", this.#print);
  }

  hostUpdated(): void {
    const element = this.#host.renderRoot.querySelector(this.#selector);
    if (element === this.#element) return;
    this.#observer.disconnect();
    this.#element = element;
    if (!element) return;
    this.#observer.observe(element);
    this.#measure();
  }

  hostDisconnected(): void {
    removeEventListener("beforeprint", this.#print);
    removeEventListener("afterprint", this.#print);
    this.#observer.disconnect();
    this.#element = null;
  }

  readonly #print = ({ type }: Event): void => {
    const { style } = document.documentElement;
    if (type === "beforeprint") style.width = PAPER_WIDTH;
    this.#measure();
    style.width = "";
  };

  #measure(): void {
    const box = this.#element?.getBoundingClientRect();
    const width = Math.round(box?.width ?? 0);
    const height = this.#needsHeight ? Math.round(box?.height ?? 0) : 0;
    if (!width || (width === this.value && height === this.height)) return;
    this.value = width;
    this.height = height;
    this.#host.requestUpdate();
  }
}

/** Return the width of a text in px. */
export type Measure = (text: string) => number;

/**
 * Weight and size of a drawing's labels. The chosen label has this weight, which makes it wider. Any label can be
 * chosen, so all labels are measured with this weight.
 */
const LABEL_FONT = "500 13px";

let context: CanvasRenderingContext2D | null | undefined;

/** Return a function that measures labels in the font of an element. */
export function measureIn(host: Element): Measure {
  let family: string | undefined;
  return (text) => {
    // Reading a style is slow, and a card's font stays the same. So read the font only once.
    family ??= getComputedStyle(host).fontFamily;
    context ??= document.createElement("canvas").getContext("2d");
    if (!context) return 0;
    context.font = `${LABEL_FONT} ${family}`;
    return context.measureText(text).width;
  };
}
