/** Paths of a day's voltages: one row for each phase, x in steps of five minutes. */

import type { VoltageDay } from "../sentences/quality-voltage.ts";

/** Range of the scale in V. A fixed range keeps noise small; only outliers widen the range. */
const SCALE_BOTTOM_V = 200;
const SCALE_TOP_V = 260;
/** Height in px of a phase's drawing, and of its row with the gap below. */
export const PHASE_HEIGHT = 56;
export const ROW_HEIGHT = 64;

export interface VoltageDrawing {
  /** Position of the voltage limits within the row of a phase, in px. */
  band: { top: number; bottom: number };
  /** One path for each phase, around the area between lowest and highest voltage. */
  paths: string[];
  /** Clip path of the areas outside the limits in all rows; "" while every voltage is within them. */
  beyond: string;
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

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
      // A row stands for five minutes. Extend the area to the start of its first row and to the end of its last row,
      // because a single row would otherwise be invisible.
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
