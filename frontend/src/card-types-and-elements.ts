/** Types of the cards, other elements of this module, and elements of Home Assistant around them. */

import type { Hass } from "./hass.ts";

/** Cards by their types, in the order of Home Assistant's card list. */
export const CARD_TYPES = [
  "smarty-p1-now",
  "smarty-p1-so-far",
  "smarty-p1-today",
  "smarty-p1-where",
  "smarty-p1-plan",
  "smarty-p1-bill",
  "smarty-p1-months",
  "smarty-p1-year",
  "smarty-p1-what-if",
  "smarty-p1-quality",
  "smarty-p1-gas-water-heat",
] as const;
export type CardType = (typeof CARD_TYPES)[number];
export const STRATEGY = "smarty-p1";
export const STRATEGY_ELEMENT = `ll-strategy-dashboard-${STRATEGY}`;
export const SIDEBAR_REDIRECT = "smarty-p1-opener";

/** Element around all of the page: of Home Assistant's frontend, or of a screen that a dashboard is cast to. */
const ROOTS = ["home-assistant", "hc-main"];

/** Return the user's `hass` object; undefined while the page has none. */
export const pageHass = (): Hass | undefined =>
  (document.querySelector(ROOTS.join()) as { hass?: Hass } | null)?.hass;

/**
 * Define an element once the frontend is loaded, unless it is already defined.
 *
 * While the frontend loads, it replaces the registry of custom elements, and elements that were defined before would be
 * lost. A page can load two versions of this module, but an element cannot be defined twice.
 */
export function whenFrontendLoaded(define: () => void): void {
  void Promise.race(ROOTS.map((root) => customElements.whenDefined(root))).then(define);
}

/** Define an element, or replace its notice. Return false if the module has been loaded before. */
export function defineOnce(name: string, element: CustomElementConstructor): boolean {
  const defined = customElements.get(name) as (CustomElementConstructor & { become?: (real: CustomElementConstructor) => void }) | undefined;
  if (!defined) customElements.define(name, element);
  else if (defined.become) defined.become(element);
  else return false;
  return true;
}
