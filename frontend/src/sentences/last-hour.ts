/** Texts about the curve of the last hour: its steps, the chosen time, and the table. */

import type { FollowedHour } from "../data/followed-hour.ts";
import { SLOT_MS, type Slot } from "../data/last-hour.ts";
import { kwDecimals, type Locale } from "../locale.ts";
import { phasesOf, type Step } from "../data/last-hour-steps.ts";
import type { Switched } from "../data/recently-switched-devices.ts";
import { nowTexts } from "./now.ts";

/** Smallest step in kW that the card names. It does not find all smaller ones. */
const MIN_NAMED_KW = 0.3;
const MAX_NAME_CHARS = 40;
const ALL_PHASES = 3;

export const isNamed = ({ kw }: Step): boolean => Math.abs(kw) >= MIN_NAMED_KW;

/** Possible cause of a step. */
export interface Cause {
  device?: Switched | undefined;
  /** Whether a cloud may have caused it. */
  canBeSun?: boolean;
}

/** Return the phases of a step, such as "L1" or "all three phases"; "" if unknown. */
function writePhases(step: Step, locale: Locale): string {
  const phases = phasesOf(step);
  return phases.length === ALL_PHASES ? locale.text(nowTexts, "all_phases") : phases.map((phase) => `L${phase}`).join(", ");
}

const signedKW = (kw: number, locale: Locale): string => `${locale.signed(kw, kwDecimals(kw))}\u00a0kW`;

/** Return the phases and the cause of a step. */
function writeRest(step: Step, { device, canBeSun }: Cause, locale: Locale): string[] {
  // The line marks bold words with asterisks, so a name must have none.
  const bare = device?.name.replace(/\*/g, "") ?? "";
  const name = bare.length > MAX_NAME_CHARS ? `${bare.slice(0, MAX_NAME_CHARS - 1)}…` : bare;
  const key = device ? (device.isOn ? "on" : "off") : canBeSun ? "or_sun" : undefined;
  return [writePhases(step, locale), key ? locale.text(nowTexts, key, { name }) : ""];
}

const join = (words: string[]): string => words.filter(Boolean).join(" · ");
const timeOf = (step: Step, start: number): Date => new Date(start + step.at * SLOT_MS);

/**
 * Return "**+2.1 kW** at 18:42 · L1 · when Washing machine switched on". Without a step, say that there was none. `start`
 * is the time at which the hour begins, in ms; `since` that from which on it is known, if this is not the whole hour.
 */
export function stepLine(step: Step | undefined, start: number, cause: Cause | undefined, locale: Locale, since?: number): string {
  if (!step) return since === undefined ? locale.text(nowTexts, "calm") : locale.text(nowTexts, "calm_since", { time: locale.time(since) });
  const params = { kw: signedKW(step.kw, locale), time: locale.time(timeOf(step, start)) };
  return join([locale.text(nowTexts, "step", params), ...writeRest(step, cause ?? {}, locale)]);
}

/** Return "**18:05:00** · 3.2 kW · **+2.4 kW** · L2" for a chosen time in ms, with the step near it. */
export function chosenLine(time: number, kw: Slot, step: Step | undefined, cause: Cause | undefined, locale: Locale): string {
  const power = kw === null ? locale.text(nowTexts, "no_readings") : locale.kW(kw);
  const change = step ? [`**${signedKW(step.kw, locale)}**`, ...writeRest(step, cause ?? {}, locale)] : [];
  return join([`**${locale.time(time, true)}**`, power, ...change]);
}

/** Return the name of the curve for screen readers: "Power in the last hour, from 0.6 to 5.2 kW". */
export function curveName({ lowest, highest, since }: Pick<FollowedHour, "lowest" | "highest"> & Partial<Pick<FollowedHour, "since">>, locale: Locale): string {
  if (lowest === undefined || highest === undefined) return locale.text(nowTexts, "no_readings");
  return locale.text(nowTexts, since === undefined ? "curve" : "curve_known", { low: locale.number(lowest, kwDecimals(lowest)), high: locale.kW(highest) });
}

/** Return the cells of the table of steps: time, change in kW, phases. */
export const stepRow = (step: Step, start: number, locale: Locale): string[] => [
  locale.time(timeOf(step, start), true),
  locale.signed(step.kw, kwDecimals(step.kw)),
  writePhases(step, locale) || "–",
];
