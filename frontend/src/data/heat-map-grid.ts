/**
 * Table of a year: a value for each day and each quarter-hour of the day, and marks of exceeded limits.
 *
 * The table uses Luxembourg's calendar and clock: clock changes give one day 92 quarter-hours, and one day 100.
 */

import { lastOf } from "../built-in-replacements.ts";
import { localParts, QUARTER_HOUR_MS } from "../locale.ts";
import { ESTIMATED, QUARTER_HOURS_A_DAY, type Series, UNKNOWN } from "./year-quarter-hours.ts";

const DAY_MS = 86_400_000;
/**
 * Value that replaces the energy of a cell above the limit. In a picture with many days, a pixel stands for several
 * days and shows the highest of their values. EXCESS is the highest 16-bit value. So the pixel is red if any of its
 * days is above the limit.
 */
export const EXCESS = 32_767;
/** Energy of a quarter-hour in Wh at 1 kW. */
export const WH_A_KW = 250;
/** Mask of the bits of `above` that hold the number of exceeded reference powers. */
const CLASSES_MASK = 15;
/** Bit in `above`: the quarter-hour exceeds the reference power of its contract. */
const CONTRACT_BIT = 16;

/** Clock offset of Luxembourg. `from` is the time from which it applies, and `aheadMs` the lead over UTC in ms. */
export type ClockChange = readonly [from: number, aheadMs: number];

/** Return the clock offsets of a period: the first at its start, then one for every clock change. */
export function clockChanges(start: number, end: number): ClockChange[] {
  const aheadAt = (time: number): number => {
    const { year, monthIndex, day, hour, minute } = localParts(time);
    return Date.UTC(year, monthIndex, day, hour, minute) - Math.floor(time / 60_000) * 60_000;
  };
  const changes: ClockChange[] = [[start, aheadAt(start)]];
  // Looking up the offset of all 35,000 quarter-hours would be slow. So look up the offset every 30 days. If it differs
  // from the previous offset, search for the clock change in these 30 days.
  const step = 30 * DAY_MS;
  for (let from = start; from < end; from += step) {
    let [before, after] = [from, Math.min(end, from + step)];
    const ahead = aheadAt(after);
    if (ahead === lastOf(changes)![1]) continue;
    while (after - before > QUARTER_HOUR_MS) {
      const middle = before + Math.ceil((after - before) / QUARTER_HOUR_MS / 2) * QUARTER_HOUR_MS;
      if (aheadAt(middle) === ahead) after = middle;
      else before = middle;
    }
    changes.push([after, ahead]);
  }
  return changes;
}

/** Call `visit` for each row. `local` is the row's date and clock time in Luxembourg, as returned by `localOf`. */
function eachRow({ start, values }: Series, visit: (value: number, local: number, row: number) => void): void {
  const changes = clockChanges(start, start + values.length * QUARTER_HOUR_MS);
  for (const [index, [from, ahead]] of changes.entries()) {
    const first = Math.round((from - start) / QUARTER_HOUR_MS);
    const until = changes[index + 1]?.[0];
    const last = until === undefined ? values.length : Math.round((until - start) / QUARTER_HOUR_MS);
    for (let row = first; row < last; row += 1) visit(values[row]!, start + row * QUARTER_HOUR_MS + ahead, row);
  }
}

/** Table of a year: a value for each day and each quarter-hour of the day. */
export interface Grid {
  /** First day, as a count of days since 1970. */
  readonly firstDay: number;
  readonly days: number;
  /** Values of the series in Wh, at index day × 96 + quarter-hour of the day. */
  readonly cells: Int16Array;
  /** Marks of exceeded reference powers, at the same indexes as `cells`. */
  readonly above: Uint8Array;
  readonly referencePowers: readonly number[];
  /** ESTIMATED where the platform estimated the value, UNKNOWN for all others, at the same indexes as `cells`. */
  readonly estimated: Int16Array | undefined;
  readonly feedsIn: boolean;
  /** Index of the last known cell. */
  readonly lastCell: number;
}

/** Highest quarter-hour of a series, or of a run of quarter-hours above the reference power of the contract. */
export interface High {
  /** Start in ms since 1970. */
  time: number;
  kw: number;
  isAbove: boolean;
}

const MAX_HIGHS = 5;

/** Return the highest quarter-hours, the highest first. Of a run above the reference power, only the highest counts. */
export function highestOf({ start, values, above }: Series): High[] {
  const rows: number[] = [];
  const value = (row: number) => values[row]!;
  const add = (row: number) => {
    if (value(row) <= 0 || (rows.length === MAX_HIGHS && value(row) <= value(lastOf(rows)!))) return;
    rows.push(row);
    rows.sort((a, b) => value(b) - value(a)).splice(MAX_HIGHS);
  };
  let ofRun = -1;
  values.forEach((wh, row) => {
    const isAbove = above[row]! >= CONTRACT_BIT;
    if (isAbove && (ofRun < 0 || wh > value(ofRun))) ofRun = row;
    if (isAbove) return;
    if (ofRun >= 0) add(ofRun);
    ofRun = -1;
    add(row);
  });
  if (ofRun >= 0) add(ofRun);
  return rows.map((row) => ({ time: start + row * QUARTER_HOUR_MS, kw: value(row) / WH_A_KW, isAbove: above[row]! >= CONTRACT_BIT }));
}

/** Minimum number of days in the table, so that a single day does not fill the whole picture. */
const MIN_DAYS = 7;

export function gridOf(series: Series): Grid {
  const start = series.start + clockChanges(series.start, series.start)[0]![1];
  const originDay = Math.floor(start / DAY_MS) - MIN_DAYS;
  const all = new Int16Array((Math.ceil(series.values.length / QUARTER_HOURS_A_DAY) + MIN_DAYS + 2) * QUARTER_HOURS_A_DAY).fill(UNKNOWN);
  const above = new Uint8Array(all.length);
  const estimated = series.estimated && new Int16Array(all.length).fill(UNKNOWN);
  let [firstCell, lastCell] = [-1, -1];
  let feedsIn = false;
  eachRow(series, (value, local, row) => {
    if (value === UNKNOWN) return;
    const cell = Math.floor(local / QUARTER_HOUR_MS) - originDay * QUARTER_HOURS_A_DAY;
    if (firstCell < 0) firstCell = cell;
    if (cell > lastCell) lastCell = cell;
    if (value < 0) feedsIn = true;
    // In autumn, a local hour occurs twice, so two quarter-hours belong to the same cell. Keep the higher value of the
    // two. In spring, a local hour is skipped, so its cells stay unknown.
    if (value > all[cell]!) all[cell] = value;
    const [before, mark] = [above[cell]!, series.above[row]!];
    above[cell] = Math.max(before & CLASSES_MASK, mark & CLASSES_MASK) | ((before | mark) & CONTRACT_BIT);
    if (estimated && series.estimated![row] === ESTIMATED) estimated[cell] = ESTIMATED;
  });
  const last = Math.floor(lastCell / QUARTER_HOURS_A_DAY);
  const first = Math.min(Math.floor(firstCell / QUARTER_HOURS_A_DAY), last - MIN_DAYS + 1);
  const days = lastCell < 0 ? 0 : last - first + 1;
  const from = first * QUARTER_HOURS_A_DAY;
  const crop = <Cells extends Int16Array | Uint8Array>(cells: Cells) => cells.subarray(from, from + days * QUARTER_HOURS_A_DAY) as Cells;
  return {
    firstDay: originDay + first,
    days,
    cells: crop(all),
    above: crop(above),
    referencePowers: series.referencePowers,
    estimated: estimated && crop(estimated),
    feedsIn,
    lastCell: lastCell - from,
  };
}

/**
 * Limit above which cells are red. With `isContract`, the limit of each cell is the reference power that the contract
 * had on this day. Otherwise, it is the reference power `kw` for all days.
 */
export type Limit = { readonly isContract: boolean; readonly kw: number };

/** Return the cells, with EXCESS where a cell is above the limit. */
export function markedCells({ cells, above, referencePowers }: Pick<Grid, "cells" | "above" | "referencePowers">, limit: Limit | undefined): Int16Array {
  const place = limit ? referencePowers.indexOf(limit.kw) : -1;
  const isAbove = (mark: number) => (limit?.isContract ? mark >= CONTRACT_BIT : place >= 0 && (mark & CLASSES_MASK) > place);
  return cells.map((value, cell) => (isAbove(above[cell]!) ? EXCESS : Math.min(value, EXCESS - 1)));
}

/**
 * Return the date and clock time in Luxembourg at `time`. Both times are in ms since 1970. The returned number has to
 * be read as UTC: its date and clock time in UTC are those of Luxembourg.
 */
export const localOf = (time: number): number => time + clockChanges(time, time)[0]![1];
