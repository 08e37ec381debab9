/** Car that was chosen on the card *What if*, until the card of the present power has told what a plan would have saved. */

import type { Change } from "./websocket-types.ts";

/** Name under which the browser keeps the car of a meter. An empty text is a car whose saving was told. */
const keyOf = (entryId: string): string => `smarty_p1_car/${entryId}`;

function keep(entryId: string, text: string): void {
  try {
    localStorage.setItem(keyOf(entryId), text);
  } catch {
    // A browser may keep nothing. Then, nothing is told.
  }
}

function kept(entryId: string): string | null {
  try {
    return localStorage.getItem(keyOf(entryId));
  } catch {
    return null;
  }
}

/** Remember the planned car among the changes of an answer, if it is a device of the Energy dashboard. */
export function rememberCar(entryId: string, changes: readonly Change[]): void {
  const car = changes.find((change) => change.kind === "plan" && change.device);
  if (car && kept(entryId) !== "") keep(entryId, JSON.stringify(car));
}

/** Tell the saving no more. */
export const dismissCar = (entryId: string): void => keep(entryId, "");

/** Return the change of the chosen car; undefined without one, or if its saving was told. */
export function chosenCar(entryId: string): Change | undefined {
  try {
    return JSON.parse(kept(entryId) || "null") ?? undefined;
  } catch {
    return undefined;
  }
}
