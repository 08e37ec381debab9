/** Return of the cards from another day or month to the present. */

import { addDays, dayStart, localDay } from "../locale.ts";
import type { Clock } from "./clock.ts";

/** Time in ms without a touch after which the cards show the present again, for example on a tablet on a wall. */
export const IDLE_RESET_MS = 600_000;

/** Time of the last touch in ms since the page was opened. */
let touchedAt = 0;
let isWatched = false;

/** Record the time of this call, and of each later touch of the page. */
function watchTouches(): void {
  touchedAt = performance.now();
  if (isWatched) return;
  isWatched = true;
  const touch = () => (touchedAt = performance.now());
  for (const type of ["pointerdown", "keydown", "wheel"]) window.addEventListener(type, touch, { capture: true, passive: true });
}

/** Call `showToday` at midnight, or after ten minutes without a touch. Return a function that cancels this. */
export function returnToToday(clock: Clock, showToday: () => void): () => void {
  watchTouches();
  const dayEnds = dayStart(addDays(localDay(clock.now), 1)).getTime();
  const left = () => Math.min(touchedAt + IDLE_RESET_MS - performance.now(), dayEnds - clock.now);
  let timer: ReturnType<typeof setTimeout>;
  const wait = (): void => {
    timer = setTimeout(() => (left() > 0 ? wait() : showToday()), left());
  };
  wait();
  return () => clearTimeout(timer);
}
