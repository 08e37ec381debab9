/** Requests that are sent before a page has its cards, so that the present power is there when its card is. */

import type { Connection } from "../hass.ts";
import { keep, kept } from "./browser-storage.ts";
import { metersOf } from "./meter-feed.ts";

declare global {
  interface Window {
    /** Set by Home Assistant's frontend. */
    hassConnection?: Promise<{ conn: Connection }>;
  }
}

/** Name under which the browser keeps that a dashboard has the card, and for which meter. */
const keyOf = (): string => `smarty_p1_now/${location.pathname.split("/")[1]}`;

/** Remember that this dashboard has the card of the present power. */
export const rememberDashboard = (entryId: string | null | undefined): void => keep(keyOf(), entryId ?? "");

/** On a dashboard that had the card of the present power the last time, ask for the power now. */
export async function requestEarly(): Promise<void> {
  const entryId = kept(keyOf());
  if (entryId === null) return;
  try {
    metersOf((await window.hassConnection!).conn).prepare(entryId);
  } catch {
    // The card asks again, and says what is wrong.
  }
}
