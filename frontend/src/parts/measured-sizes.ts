/** Sizes of elements and widths of texts on the screen. */

import type { ReactiveControllerHost } from "lit";
import { measureForPaper } from "./paper.ts";
import { whileDrawn } from "./while-drawn.ts";

export class Width {
  /** Width in whole pixels; 0 until the element is laid out. */
  value = 0;
  /** Height in whole pixels; 0 until the element is laid out, or if only the width is needed. */
  height = 0;

  constructor(host: ReactiveControllerHost & { renderRoot: ParentNode }, selector: string, needsHeight = false) {
    whileDrawn(host, selector, (element) => {
      const measure = () => {
        const box = element.getBoundingClientRect();
        const width = Math.round(box.width);
        const height = needsHeight ? Math.round(box.height) : 0;
        if (!width || (width === this.value && height === this.height)) return;
        this.value = width;
        this.height = height;
        host.requestUpdate();
      };
      const print = () => measureForPaper(element, measure);
      const observer = new ResizeObserver(measure);
      addEventListener("beforeprint", print);
      addEventListener("afterprint", measure);
      observer.observe(element);
      measure();
      return () => {
        removeEventListener("beforeprint", print);
        removeEventListener("afterprint", measure);
        observer.disconnect();
      };
    });
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
