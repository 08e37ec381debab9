/**
 * Container queries for browsers without them: attributes of a card name the widths of its queries that apply.
 *
 * The build for old browsers turns `@container (max-width: 240px)` into `:host([narrow~="240"])`, and `min-width` into
 * `:host([wide~="240"])`; see `build.mjs`.
 */

import type { LitElement, ReactiveController } from "lit";
import { stylesOf } from "../styles.ts";

const QUERY = /:host\(\[(narrow|wide)~="(\d+)"/g;

export class ContainerWidths implements ReactiveController {
  readonly #host: LitElement;
  readonly #queries: [name: string, width: number][];
  #card: Element | null = null;
  readonly #observer = new ResizeObserver((entries) => this.#apply(entries[0]!.contentRect.width));

  constructor(host: LitElement) {
    this.#host = host;
    const queries = new Map([...stylesOf(host).matchAll(QUERY)].map(([query, name, width]) => [query, [name!, Number(width)] as [string, number]]));
    this.#queries = [...queries.values()];
    host.addController(this);
  }

  hostUpdated(): void {
    const card = this.#host.renderRoot.querySelector("ha-card");
    if (card === this.#card) return;
    this.#observer.disconnect();
    this.#card = card;
    if (card) this.#observer.observe(card);
  }

  hostDisconnected(): void {
    this.#observer.disconnect();
    this.#card = null;
  }

  #apply(width: number): void {
    const applying = (name: string, applies: (query: number) => boolean) => {
      const widths = this.#queries.filter((query) => query[0] === name && applies(query[1])).map((query) => query[1]);
      this.#host.setAttribute(name, widths.join(" "));
    };
    applying("narrow", (query) => width <= query);
    applying("wide", (query) => width >= query);
  }
}
