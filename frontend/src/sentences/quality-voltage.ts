/** Texts about the voltages of a day and their limits. */

import type { Locale } from "../locale.ts";
import { roundDown, roundUp } from "../rounding.ts";
import type { Voltages } from "../websocket-types.ts";
import { duration, parseTime, say, joinNames } from "./quality.ts";

const STEP_MS = 300_000;
const DAY_ROWS = 288;
const MAX_VOLTS = 100_000;
/** A day counts as complete if it lacks fewer than this number of five-minute rows at its start. */
const MAX_MISSING_ROWS = 3;

type Volts = (number | null)[];

export interface PhaseDay {
  name: string;
  lowest: Volts;
  highest: Volts;
  /** Extreme values of the whole day, in V. */
  min: number;
  max: number;
  /** Number of five-minute rows above and below the limits. */
  above: number;
  below: number;
}

export interface VoltageDay {
  start: number;
  rows: number;
  limits: [number, number];
  phases: PhaseDay[];
  /** Index of the first five-minute row with a value. */
  first: number;
}

const volt = (value: unknown): number | null =>
  typeof value === "number" && value >= 0 && value < MAX_VOLTS ? value : null;

export function voltageDay(answer: Voltages): VoltageDay {
  const [low, high] = [volt(answer.limits?.[0]) ?? 207, volt(answer.limits?.[1]) ?? 253];
  const start = parseTime(answer.start);
  const day: VoltageDay = { start: start ?? 0, rows: 0, limits: [low, high], phases: [], first: 0 };
  if (start === undefined) return day;
  const first: number[] = [];
  for (const name of ["L1", "L2", "L3"]) {
    const sent = answer.phases?.[name];
    const lows = (sent?.lowest ?? []).slice(0, DAY_ROWS).map(volt);
    const highs = (sent?.highest ?? []).slice(0, DAY_ROWS).map(volt);
    const rows = Math.max(lows.length, highs.length);
    const lowest = Array.from({ length: rows }, (_, row) => lows[row] ?? highs[row] ?? null);
    const highest = Array.from({ length: rows }, (_, row) => highs[row] ?? lows[row] ?? null);
    const knownRows = lowest.flatMap((value, row) => (value === null ? [] : [row]));
    if (!knownRows.length) continue;
    day.phases.push({
      name,
      lowest,
      highest,
      min: Math.min(...knownRows.map((row) => lowest[row]!)),
      max: Math.max(...knownRows.map((row) => highest[row]!)),
      above: knownRows.filter((row) => highest[row]! > high).length,
      below: knownRows.filter((row) => lowest[row]! < low).length,
    });
    day.rows = Math.max(day.rows, rows);
    first.push(knownRows[0]!);
  }
  day.first = first.length ? Math.min(...first) : 0;
  return day;
}

/** Return a voltage as a whole number; with a decimal if rounding would hide that the voltage exceeds a limit. */
export function volts(value: number, [low, high]: [number, number], locale: Locale): string {
  if (value > high && Math.round(value) <= high) return locale.number(roundUp(value, 1), 1);
  if (value < low && Math.round(value) >= low) return locale.number(roundDown(value, 1), 1);
  return locale.number(value);
}

export function voltageSentence(day: VoltageDay, locale: Locale): string {
  const [low, high] = day.limits;
  const outside = (["above", "below"] as const).flatMap((side) => {
    const phases = day.phases.filter((phase) => phase[side]);
    if (!phases.length) return [];
    const extreme = side === "above" ? Math.max(...phases.map(({ max }) => max)) : Math.min(...phases.map(({ min }) => min));
    const longest = Math.max(...phases.map((phase) => phase[side]));
    const which = day.phases.length === 1 ? "alone" : phases.length === 1 ? "one" : "more";
    return say(locale, `${side}_${which}`, {
      phases: joinNames(phases.map(({ name }) => name), locale),
      limit: `${locale.number(side === "above" ? high : low)}\u00a0V`,
      duration: duration(longest * STEP_MS, locale),
      extreme: `${volts(extreme, day.limits, locale)}\u00a0V`,
    });
  });
  if (outside.length) return outside.join(" ");
  const within = say(locale, `within_${Math.min(3, day.phases.length) as 1 | 2 | 3}`, {
    low: locale.number(low),
    high: locale.number(high),
  }).replace(/ V$/, "\u00a0V");
  if (day.first < MAX_MISSING_ROWS) return `${within}.`;
  return say(locale, "since", { what: within, time: locale.time(rowTime(day, day.first)) });
}

export const rowTime = (day: VoltageDay, row: number): Date => new Date(day.start + row * STEP_MS);

/** Return the range of two voltages: "230–232", or "231" if equal. */
export function voltRange(low: number | null | undefined, high: number | null | undefined, day: VoltageDay, locale: Locale): string {
  if (low === null || low === undefined || high === null || high === undefined) return "–";
  const [from, to] = [volts(low, day.limits, locale), volts(high, day.limits, locale)];
  return from === to ? from : `${from}–${to}`;
}

/** Return the sentence of a row: "**18:15–18:20:** L1 231–233 V, L2 230 V". */
export function rowSentence(day: VoltageDay, row: number, locale: Locale): string {
  const read = day.phases.map(({ name, lowest, highest }) => {
    const range = voltRange(lowest[row], highest[row], day, locale);
    return `${name} ${range === "–" ? range : `${range}\u00a0V`}`;
  });
  return `**${locale.timeRange(rowTime(day, row), rowTime(day, row + 1))}:** ${read.join(", ")}`;
}

/** Return the table of hourly voltage ranges, newest first. */
export function voltageTable(day: VoltageDay, locale: Locale): string[][] {
  const hours = new Map<number, number[]>();
  for (let row = 0; row < day.rows; row += 1) {
    const hour = Math.floor((day.start + row * STEP_MS) / 3_600_000);
    hours.set(hour, [...(hours.get(hour) ?? []), row]);
  }
  const knownVolts = (values: Volts, rows: number[]) => rows.map((row) => values[row]).filter((value) => typeof value === "number");
  return [...hours].reverse().map(([hour, rows]) => {
    const time = new Date(hour * 3_600_000);
    const cells = day.phases.map(({ lowest, highest }) => {
      const [lows, highs] = [knownVolts(lowest, rows), knownVolts(highest, rows)];
      return lows.length ? voltRange(Math.min(...lows), Math.max(...highs), day, locale) : "–";
    });
    return [`${locale.shortWeekday(time)}, ${locale.time(time)}`, ...cells];
  });
}
