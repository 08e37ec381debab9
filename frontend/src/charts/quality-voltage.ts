/** Rows of the voltage card. A phase has its present voltage, a curve of 24 hours, and its extreme voltages. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { type Locale, roundDown, roundUp } from "../locale.ts";
import { type ChosenBar, pointer } from "./chosen-bar.ts";
import { duration, parseTime, say } from "../sentences/quality.ts";
import type { Voltages } from "../data/websocket-types.ts";

const STEP_MS = 300_000;
const DAY_ROWS = 288;
const MAX_VOLTS = 100_000;
/**
 * If at least this number of five-minute rows is missing at the start of the day, the sentence says since when the
 * voltage is known.
 */
const MAX_MISSING_ROWS = 3;

type Volts = (number | null)[];

export interface PhaseDay {
  name: string;
  lowest: Volts;
  highest: Volts;
  /** Lowest voltage (`min`) and highest voltage (`max`) of the whole day, in V. */
  min: number;
  max: number;
  /** Number of five-minute rows with a voltage above the upper limit (`above`), or below the lower limit (`below`). */
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
  }
  let missing = 0;
  for (let row = 0; row < day.rows; row += 1) {
    const isKnown = day.phases.some(({ lowest }) => (lowest[row] ?? null) !== null);
    if (isKnown && missing >= MAX_MISSING_ROWS) day.first = row;
    missing = isKnown ? 0 : missing + 1;
  }
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
      phases: locale.list(phases.map(({ name }) => name)),
      limit: `${locale.number(side === "above" ? high : low)}\u00a0V`,
      duration: duration(longest * STEP_MS, locale),
      extreme: `${volts(extreme, day.limits, locale)}\u00a0V`,
    });
  });
  if (outside.length) return outside.join(" ");
  const within = say(locale, `within_${Math.min(3, day.phases.length) as 1 | 2 | 3}`, {
    low: locale.number(low),
    high: locale.number(high),
  });
  if (!day.first) return `${within}.`;
  return say(locale, "since", { what: within, time: locale.time(rowTime(day, day.first)) });
}

export const rowTime = (day: VoltageDay, row: number): Date => new Date(day.start + row * STEP_MS);

/** Return the range of two voltages: "230–232", or "231" if equal. */
export function voltRange(low: number | null | undefined, high: number | null | undefined, day: VoltageDay, locale: Locale): string {
  if (low === null || low === undefined || high === null || high === undefined) return "–";
  const [from, to] = [volts(low, day.limits, locale), volts(high, day.limits, locale)];
  return from === to ? from : `${from}–${to}`;
}

/** Return the sentence about a row: "**18:15–18:20:** L1 231–233 V, L2 230 V". */
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

/**
 * The scale ranges from SCALE_BOTTOM_V to SCALE_TOP_V, so that small changes of the voltage look small. Only a limit or
 * a voltage outside this range extends the scale.
 */
const SCALE_BOTTOM_V = 200;
const SCALE_TOP_V = 260;
/** Height in px of a phase's drawing. ROW_HEIGHT also contains the gap below the drawing. */
export const PHASE_HEIGHT = 56;
export const ROW_HEIGHT = 64;

export interface VoltageDrawing {
  /** Position of the voltage limits within the row of a phase, in px. */
  band: { top: number; bottom: number };
  /** One path for each phase. The path encloses the area between the lowest and the highest voltage. */
  paths: string[];
  /** Clip path of the areas outside the voltage limits, for all phases; "" if no voltage exceeds a limit. */
  beyond: string;
}

export const tenth = (value: number): number => Math.round(value * 10) / 10;

export function voltageDrawing(day: VoltageDay): VoltageDrawing {
  const low = Math.min(SCALE_BOTTOM_V, day.limits[0], ...day.phases.map(({ min }) => min));
  const high = Math.max(SCALE_TOP_V, day.limits[1], ...day.phases.map(({ max }) => max));
  const y = (volts: number) => tenth((PHASE_HEIGHT * (high - volts)) / (high - low));
  const paths = day.phases.map(({ lowest, highest }, phase) => {
    const at = (row: number, volts: number) => `${row} ${tenth(phase * ROW_HEIGHT + y(volts))}`;
    let path = "";
    for (let from = 0; from < lowest.length; from += 1) {
      if (lowest[from] === null) continue;
      let to = from;
      while (to + 1 < lowest.length && lowest[to + 1] !== null) to += 1;
      // A row stands for five minutes, and its point is in the middle of this time. Extend the area to the start of its
      // first row and to the end of its last row. Otherwise, the area of a single row would be invisible.
      const top = [at(from, highest[from]!)];
      const bottom = [at(from, lowest[from]!)];
      for (let row = from; row <= to; row += 1) {
        top.push(at(row + 0.5, highest[row]!));
        bottom.push(at(row + 0.5, lowest[row]!));
      }
      top.push(at(to + 1, highest[to]!));
      bottom.push(at(to + 1, lowest[to]!));
      path += `M${[...top, ...bottom.reverse()].join("L")}Z`;
      from = to;
    }
    return path;
  });
  const band = { top: y(day.limits[1]), bottom: y(day.limits[0]) };
  const isBeyond = day.phases.some(({ above, below }) => above || below);
  const strip = (from: number, to: number) => `M0 ${from}H${day.rows}V${to}H0Z`;
  const beyond = day.phases
    .map((_, phase) => phase * ROW_HEIGHT)
    .map((top) => strip(top - 1, top + band.top) + strip(top + band.bottom, top + PHASE_HEIGHT + 1))
    .join("");
  return { band, paths, beyond: isBeyond ? beyond : "" };
}

export const voltageStyles = css`
  .voltage {
    display: grid;
    grid-template-columns: auto auto minmax(0, 1fr) auto;
    column-gap: 8px;
    margin-top: 8px;
  }
  .voltage > div {
    height: ${PHASE_HEIGHT}px;
    display: flex;
    flex-direction: column;
    justify-content: center;
    white-space: nowrap;
  }
  .voltage .ticks {
    position: relative;
    width: 3ch;
  }
  .voltage .ticks small {
    position: absolute;
    right: 0;
    transform: translateY(-50%);
  }
  .voltage .chart {
    grid-column: 3;
    display: block;
    height: auto;
    align-self: flex-start;
  }
  .voltage .chart svg {
    overflow: hidden;
  }
  .voltage .line {
    fill: currentColor;
    stroke: currentColor;
    stroke-width: 1.5px;
    stroke-linejoin: round;
    vector-effect: non-scaling-stroke;
  }
  .voltage .beyond {
    color: var(--excess);
  }
  .voltage .reader {
    stroke: var(--link);
    stroke-width: 2px;
    vector-effect: non-scaling-stroke;
  }
  .voltage .axis {
    grid-column: 3;
    flex-direction: row;
    justify-content: space-between;
    gap: 4px;
    height: 20px;
  }
  /* Begin the axis of time below the numbers of the two limits, because only the first row has these numbers. */
  @container (max-width: 280px) {
    .voltage .axis {
      margin-inline-start: -24px;
    }
  }
  @container (max-width: 200px) {
    .voltage .extremes {
      display: none;
    }
  }
  .old {
    color: var(--quiet);
  }
  @container (max-width: 420px) {
    /* Reserve two lines for the reading, so that the chart does not move under the finger. */
    .reserved {
      min-height: 48px;
    }
    .voltage .middle {
      display: none;
    }
  }
`;

interface Shown {
  day: VoltageDay;
  drawing: VoltageDrawing;
  locale: Locale;
  chosen: ChosenBar;
  /** `label` is the name of the chart. `reading` is the text of the chosen five-minute row; "" without a choice. */
  label: string;
  reading: string;
  isOld: boolean;
  /** Return the present voltage of a phase. */
  now: (phase: string) => TemplateResult;
}

export function voltageRows({ day, drawing, locale, chosen, label, reading, isOld, now }: Shown): TemplateResult {
  const { phases, limits, rows } = day;
  const { top, bottom } = drawing.band;
  const height = phases.length * ROW_HEIGHT;
  const bands = phases.map((_, index) => `M0 ${index * ROW_HEIGHT + top}H${rows}V${index * ROW_HEIGHT + bottom}H0Z`).join("");
  const row = ({ name, min, max }: (typeof phases)[number], index: number) => html`
    <div style="grid-column:1;grid-row:${index + 1}" class=${isOld ? "old" : ""}><small>${name}</small>${now(name)}</div>
    ${index ? nothing : html`<div class="ticks" aria-hidden="true" style="grid-column:2;grid-row:1">
      <small style="top:${top}px">${locale.number(limits[1])}</small><small style="top:${bottom}px">${locale.number(limits[0])}</small>
    </div>`}
    <div class="extremes" style="grid-column:4;grid-row:${index + 1}">
      <small class="number">${say(locale, "highest", { value: `${volts(max, limits, locale)}\u00a0V` })}</small>
      <small class="number">${say(locale, "lowest", { value: `${volts(min, limits, locale)}\u00a0V` })}</small>
    </div>`;
  const clock = (at: number) => locale.time(rowTime(day, at));
  return html`<div class="voltage" style="grid-template-rows:repeat(${phases.length},${ROW_HEIGHT}px) 20px">
    ${phases.map(row)}
    <div class="chart" style="grid-row:1 / span ${phases.length};height:${height}px" role="slider" tabindex="0" aria-label=${locale.common("to_choose", { name: label })}
      aria-orientation="horizontal" aria-valuemin="0" aria-valuemax=${rows - 1} aria-valuenow=${chosen.index ?? rows - 1} aria-valuetext=${reading || locale.common("nothing_chosen")}
      ${pointer(chosen)} @keydown=${chosen.key}>
      <svg viewBox="0 0 ${rows} ${height}" preserveAspectRatio="none" height=${height} aria-hidden="true">
        <path d=${bands} fill="var(--track)"></path>
        ${drawing.paths.map((path) => svg`<path class="line" d=${path}></path>`)}
        ${drawing.beyond ? svg`<clipPath id="beyond"><path d=${drawing.beyond}></path></clipPath>
          <g clip-path="url(#beyond)">${drawing.paths.map((path) => svg`<path class="line beyond" d=${path}></path>`)}</g>` : nothing}
        ${chosen.index === undefined ? nothing : svg`<path class="reader" d=${`M${chosen.index + 0.5} 0V${height}`}></path>`}
      </svg>
    </div>
    <div class="axis" aria-hidden="true" style="grid-row:${phases.length + 1}">
      <small>${clock(0)}</small><small class="middle">${clock(Math.round(rows / 2))}</small><small>${say(locale, "now")}</small>
    </div>
  </div>`;
}
