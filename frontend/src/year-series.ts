/**
 * The quarter-hours of a year, which all cards of a page share: asked once, and then only what is new.
 *
 * Rows are by instant. What is read of them is by Luxembourg's calendar and clock, where one day of a
 * year has 92 quarter-hours and another 100.
 */

import type { Feed, Known } from "./feed.ts";
import { addMonths, dayStart, localDay, localParts, QUARTER_HOUR_MS } from "./locale.ts";
import type { Meter, QuarterHours } from "./wire.ts";

export const QUARTER_HOURS_A_DAY = 96;
const DAY_MS = 86_400_000;
/** What stands for a quarter-hour that is not known. */
export const UNKNOWN = -32_768;
export const ESTIMATED = 1;
/** What stands for a quarter-hour that is above the limit: higher than all others. */
export const EXCESS = 32_767;
/** So many can be answered; what claims to be longer is not believed. */
const MAX_ROWS = 500 * QUARTER_HOURS_A_DAY;
/** Wh of a quarter-hour that are 1 kW. */
export const WH_A_KW = 250;
/** Of a mark in `above`: how many reference powers are exceeded. */
const CLASSES = 15;
/** Added to a mark where the reference power of the contract at that time is exceeded. */
const CONTRACT = 16;

export interface Series {
  /** When the first one starts, in ms since 1970. */
  readonly start: number;
  /** The larger of both energies in Wh, what was fed in below 0; what was drawn wherever `above` is not 0. */
  readonly values: Int16Array;
  /** What the bill counts as above: the marks of the answer. */
  readonly above: Uint8Array;
  readonly referencePowers: readonly number[];
  /** Those that the platform has estimated are ESTIMATED, all others UNKNOWN; undefined where there are none. */
  readonly estimated?: Int16Array | undefined;
}

interface Kept {
  month?: string;
  start: string;
  /** The mark of the past because of which the year was asked last. */
  past: string;
  year?: QuarterHours;
  tail?: QuarterHours | undefined;
  series?: Series;
}

const kept = new WeakMap<Feed, Kept>();

/**
 * Return what is known of the twelve months before this one, and of this one.
 *
 * The year is asked again when the tail comes with another mark of the past: a day later, or after
 * the past was imported. Whoever comes back to a view, or to a connection, asks for the tail alone.
 */
export function yearSeries(feed: Feed, meter: Meter): Known<Series> {
  let mine = kept.get(feed);
  if (!mine) kept.set(feed, (mine = { start: "", past: "" }));
  const month = localDay(new Date(feed.live?.quarter_hour?.start ?? Date.now())).slice(0, 7);
  if (month !== mine.month) Object.assign(mine, { month, start: dayStart(`${addMonths(month, -12)}-01`).toISOString() });
  const command = "smarty_p1/quarter_hours";
  const form = { quantity: "larger", encoding: "base64" } as const;
  const { value: year, error } = feed.get(command, { start: mine.start, ...form }, `${meter.known_since} ${mine.past}`, true);
  if (!year) return { error };
  // Since the year was asked, not since the last tail: it is short, and what was late is in it.
  const { value: tail } = feed.get(command, { start: year.end, ...form });
  if (!mine.series || mine.year !== year || mine.tail !== tail) {
    Object.assign(mine, { year, tail, series: joined(year, tail) });
    if (tail && tail.past !== year.past) mine.past = tail.past;
  }
  return { value: mine.series };
}

/** Return the rows of an answer, and of a later one at its own place. */
export function joined(year: QuarterHours, tail?: QuarterHours): Series {
  const start = Date.parse(year.start);
  const referencePowers = year.reference_powers ?? [];
  if (Number.isNaN(start)) return { start: 0, values: new Int16Array(), above: new Uint8Array(), referencePowers };
  const parts = [year, ...(tail ? [tail] : [])]
    .map((each) => ({
      at: Math.round((Date.parse(each.start) - start) / QUARTER_HOUR_MS),
      rows: unpacked(each.values),
      marks: bytesOf(each.above),
      origins: each.origins ?? [],
    }))
    .filter(({ at, rows }) => at >= 0 && at + rows.length <= MAX_ROWS);
  const values = new Int16Array(Math.max(0, ...parts.map(({ at, rows }) => at + rows.length))).fill(UNKNOWN);
  const above = new Uint8Array(values.length);
  for (const { at, rows, marks } of parts) {
    values.set(rows, at);
    above.set(marks.subarray(0, rows.length), at);
  }
  const estimates = parts.flatMap(({ at, origins }) =>
    origins.filter(([, , origin]) => origin === "platform_estimated").map(([first, count]) => [at + first, at + first + count] as const),
  );
  const estimated = estimates.length ? new Int16Array(values.length).fill(UNKNOWN) : undefined;
  for (const [first, end] of estimates) estimated!.fill(ESTIMATED, first, end);
  return { start, values, above, referencePowers, estimated };
}

function unpacked(values: QuarterHours["values"]): Int16Array {
  if (typeof values !== "string") {
    return Int16Array.from(values ?? [], (each) => (each !== null && Math.abs(each) <= 32_767 ? each : UNKNOWN));
  }
  const bytes = bytesOf(values);
  const rows = new Int16Array(bytes.length >> 1);
  // Little-endian whatever this machine is; 16 bits make the sign.
  for (let row = 0; row < rows.length; row += 1) rows[row] = bytes[2 * row]! | (bytes[2 * row + 1]! << 8);
  return rows;
}

function bytesOf(marks: QuarterHours["above"]): Uint8Array {
  if (typeof marks !== "string") return Uint8Array.from(marks ?? []);
  try {
    return Uint8Array.from(atob(marks), (each) => each.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** From when on the clock in Luxembourg is how much ahead of UTC, in ms. */
export type ClockChange = readonly [from: number, aheadMs: number];

/** Return the clock's changes in a period, the first of which is at its start. */
export function clockChanges(start: number, end: number): ClockChange[] {
  const aheadAt = (time: number): number => {
    const { year, monthIndex, day, hour, minute } = localParts(new Date(time));
    return Date.UTC(year, monthIndex, day, hour, minute) - Math.floor(time / 60_000) * 60_000;
  };
  const changes: ClockChange[] = [[start, aheadAt(start)]];
  // Asking the calendar 35,000 times would take longer than all the drawing.
  const step = 30 * DAY_MS;
  for (let from = start; from < end; from += step) {
    let [before, after] = [from, Math.min(end, from + step)];
    const ahead = aheadAt(after);
    if (ahead === changes.at(-1)![1]) continue;
    while (after - before > QUARTER_HOUR_MS) {
      const middle = before + Math.ceil((after - before) / QUARTER_HOUR_MS / 2) * QUARTER_HOUR_MS;
      if (aheadAt(middle) === ahead) after = middle;
      else before = middle;
    }
    changes.push([after, ahead]);
  }
  return changes;
}

/** Call for each row with its calendar: `local` are ms since 1970 as Luxembourg's calendar and clock show them. */
function eachRow({ start, values }: Series, visit: (value: number, local: number, row: number) => void): void {
  const changes = clockChanges(start, start + values.length * QUARTER_HOUR_MS);
  for (const [index, [from, ahead]] of changes.entries()) {
    const first = Math.round((from - start) / QUARTER_HOUR_MS);
    const until = changes[index + 1]?.[0];
    const last = until === undefined ? values.length : Math.round((until - start) / QUARTER_HOUR_MS);
    for (let row = first; row < last; row += 1) visit(values[row]!, start + row * QUARTER_HOUR_MS + ahead, row);
  }
}

/** A year as days by quarter-hours of the clock. */
export interface Grid {
  /** The first day, in days since 1970. */
  readonly firstDay: number;
  readonly days: number;
  /** Day × 96 + quarter-hour of the day: the values of the series, in Wh. */
  readonly cells: Int16Array;
  /** The marks of the series, by cell. */
  readonly above: Uint8Array;
  readonly referencePowers: readonly number[];
  /** The cells that are estimated, as in Series. */
  readonly estimated: Int16Array | undefined;
  readonly feedsIn: boolean;
  /** The last cell of which something is known. */
  readonly lastCell: number;
}

/** At least so many days, so that one day is no wall of colour. */
const FEWEST_DAYS = 7;

export function gridOf(series: Series): Grid {
  const start = series.start + clockChanges(series.start, series.start)[0]![1];
  const most = Math.floor(start / DAY_MS) - FEWEST_DAYS;
  const all = new Int16Array((Math.ceil(series.values.length / QUARTER_HOURS_A_DAY) + FEWEST_DAYS + 2) * QUARTER_HOURS_A_DAY).fill(UNKNOWN);
  const above = new Uint8Array(all.length);
  const estimated = series.estimated && new Int16Array(all.length).fill(UNKNOWN);
  let [firstCell, lastCell] = [-1, -1];
  let feedsIn = false;
  eachRow(series, (value, local, row) => {
    if (value === UNKNOWN) return;
    const cell = Math.floor(local / QUARTER_HOUR_MS) - most * QUARTER_HOURS_A_DAY;
    if (firstCell < 0) firstCell = cell;
    if (cell > lastCell) lastCell = cell;
    if (value < 0) feedsIn = true;
    // Where the clock shows an hour twice, the higher of both; the hour it leaves out stays a gap.
    if (value > all[cell]!) all[cell] = value;
    const [before, mark] = [above[cell]!, series.above[row]!];
    above[cell] = Math.max(before & CLASSES, mark & CLASSES) | ((before | mark) & CONTRACT);
    if (estimated && series.estimated![row] === ESTIMATED) estimated[cell] = ESTIMATED;
  });
  const last = Math.floor(lastCell / QUARTER_HOURS_A_DAY);
  const first = Math.min(Math.floor(firstCell / QUARTER_HOURS_A_DAY), last - FEWEST_DAYS + 1);
  const days = lastCell < 0 ? 0 : last - first + 1;
  const from = first * QUARTER_HOURS_A_DAY;
  const shown = <Cells extends Int16Array | Uint8Array>(cells: Cells) => cells.subarray(from, from + days * QUARTER_HOURS_A_DAY) as Cells;
  return {
    firstDay: most + first,
    days,
    cells: shown(all),
    above: shown(above),
    referencePowers: series.referencePowers,
    estimated: estimated && shown(estimated),
    feedsIn,
    lastCell: lastCell - from,
  };
}

/** What is red: above the reference power that each quarter-hour's contract had, or above one for all. */
export type Limit = { readonly isContract: boolean; readonly kw: number };

/** Return the cells with EXCESS where they are above a limit. */
export function markedCells({ cells, above, referencePowers }: Pick<Grid, "cells" | "above" | "referencePowers">, limit: Limit | undefined): Int16Array {
  const place = limit ? referencePowers.indexOf(limit.kw) : -1;
  const isAbove = (mark: number) => (limit?.isContract ? mark >= CONTRACT : place >= 0 && (mark & CLASSES) > place);
  return cells.map((value, cell) => (isAbove(above[cell]!) ? EXCESS : Math.min(value, EXCESS - 1)));
}

/** Return a time as ms since 1970 by Luxembourg's calendar and clock. */
export const localOf = (time: number): number => time + clockChanges(time, time)[0]![1];
