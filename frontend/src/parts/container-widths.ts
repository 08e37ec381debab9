/**
 * Container queries for browsers without them: attributes of a card name the widths of its queries that apply.
 *
 * The build for old browsers turns `@container (max-width: 240px)` into `:host([narrow~="240"])`, and `min-width` into
 * `:host([wide~="240"])`; see `build.mjs`.
 */

import type { LitElement } from "lit";
import { stylesOf } from "../styles.ts";
import { whileDrawn } from "./while-drawn.ts";

const QUERY = /:host\(\[(narrow|wide)~="(\d+)"/g;

export function applyContainerWidths(host: LitElement): void {
  const found = new Map([...stylesOf(host).matchAll(QUERY)].map(([query, name, width]) => [query, [name!, Number(width)] as const]));
  const queries = [...found.values()];
  const observer = new ResizeObserver((entries) => {
    const { width } = entries[0]!.contentRect;
    const applying = (name: string, applies: (query: number) => boolean) => {
      const widths = queries.filter((query) => query[0] === name && applies(query[1])).map((query) => query[1]);
      host.setAttribute(name, widths.join(" "));
    };
    applying("narrow", (query) => width <= query);
    applying("wide", (query) => width >= query);
  });
  whileDrawn(host, "ha-card", (card) => {
    observer.observe(card);
    return () => observer.disconnect();
  });
}
