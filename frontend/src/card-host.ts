/** Interface of a card for its parts, which are modules of their own. */

import type { ReactiveControllerHost, TemplateResult } from "lit";
import type { Meter } from "./data/websocket-types.ts";
import type { Hass } from "./hass.ts";

/** Kind of load that a card can add. */
export type NewLoad = "add_car" | "add_appliance" | "add_pausing";

/** Field, or section of fields, of a meter's options; "cable" is the dialog that adds a cable. Or a load to add. */
export type Field = "reference_power" | "energy_price" | "feed_in" | "energy_sharing" | "network_prices" | "gas_price" | "goal" | "leneda" | "sun" | "cable" | NewLoad;

export interface CardHost extends ReactiveControllerHost, Element {
  readonly renderRoot: ParentNode;
  readonly hass?: Hass | undefined;
  readonly isAdmin: boolean;
  /** Name of the card. */
  readonly label: string;
  /** Tell a screen reader what has changed. */
  announce(subject: string, title: string, text: string, isNews?: boolean): void;
  /** Let screen readers say a text now. */
  speak(text: string): void;
  /** Return a button that asks for a field of the options here, or the way to the field in words. */
  settings(meter: Meter, text: string, field: Field): TemplateResult;
}
