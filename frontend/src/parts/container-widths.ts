/**
 * Container queries for browsers without them: a card has an attribute for each of its queries that applies.
 *
 * The build for old browsers turns `@container (max-width: 240px)` into `:host([max-240])`; see `old-styles.mjs`.
 */

import type { LitElement } from "lit";
import { stylesOf } from "../styles.ts";
import { whileDrawn } from "./while-drawn.ts";

const QUERY = /:host\(\[((max|min)-(\d+))\]/g;

export function applyContainerWidths(host: LitElement): void {
  const queries = [...stylesOf(host).matchAll(QUERY)];
  const observer = new ResizeObserver((entries) => {
    const { width } = entries[0]!.contentRect;
    for (const [, name, limit, px] of queries) host.toggleAttribute(name!, limit === "max" ? width <= Number(px) : width >= Number(px));
  });
  whileDrawn(host, "ha-card", (card) => {
    observer.observe(card);
    return () => observer.disconnect();
  });
}
