/** Measured width of an element in a card, for drawings in pixels. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Width implements ReactiveController {
  /** Width in whole pixels; 0 until the element is laid out. */
  value = 0;
  readonly #host: ReactiveControllerHost & { renderRoot: ParentNode };
  readonly #selector: string;
  #element: Element | null = null;
  readonly #observer = new ResizeObserver(() => this.#measure());

  constructor(host: ReactiveControllerHost & { renderRoot: ParentNode }, selector: string) {
    this.#host = host;
    this.#selector = selector;
    host.addController(this);
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
    this.#observer.disconnect();
    this.#element = null;
  }

  #measure(): void {
    const width = Math.round(this.#element?.getBoundingClientRect().width ?? 0);
    if (!width || width === this.value) return;
    this.value = width;
    this.#host.requestUpdate();
  }
}
