/**
 * Quarter-hours of a year, shared by all cards of a page. The whole year is requested seldom. Most requests get only
 * the newer rows.
 *
 * The rows are sorted by time, also where the clocks change.
 */

import type { MeterFeed, Reply } from "./meter-feed.ts";
import { addMonths, dayStart, localDay, QUARTER_HOUR_MS } from "../locale.ts";
import type { Meter, QuarterHours } from "./websocket-types.ts";

export const QUARTER_HOURS_A_DAY = 96;
/** Marks an unknown quarter-hour; lowest value of 16 bits. */
export const UNKNOWN = -32_768;
export const ESTIMATED = 1;
/** Longest accepted series: 500 days. Longer answers are ignored. */
const MAX_ROWS = 500 * QUARTER_HOURS_A_DAY;

export interface Series {
  /** Start of the first quarter-hour, in ms since 1970. */
  readonly start: number;
  /**
   * Energy of each quarter-hour in Wh; UNKNOWN if it is not known. It is the imported energy or, if the exported energy
   * is larger, the exported energy as a negative number. If `above` is not 0, it is always the imported energy.
   */
  readonly values: Int16Array;
  /** Marks of exceeded reference powers, as the bill counts them; see `QuarterHours.above`. */
  readonly above: Uint8Array;
  readonly referencePowers: readonly number[];
  /**
   * For each quarter-hour: ESTIMATED if the platform estimated the value, otherwise UNKNOWN, even for a measured value.
   * The whole array is undefined if no value was estimated.
   */
  readonly estimated?: Int16Array | undefined;
}

interface Cache {
  month?: string;
  start: string;
  /**
   * Value of `past` in the newest tail. A tail is an answer that has only the newest rows. When this value changes, the
   * whole year is requested again.
   */
  past: string;
  year?: QuarterHours;
  tail?: QuarterHours | undefined;
  series?: Series;
}

const caches = new WeakMap<MeterFeed, Cache>();

/**
 * Return the quarter-hours of this month and of the twelve months before.
 *
 * The whole year is requested seldom, but the rows after it (the tail) are requested every quarter-hour. An answer has
 * a mark `past` that changes when the data of earlier days change: after midnight, or after an import. If the mark of
 * the tail differs from the mark of the year, the year is requested again. If a card becomes visible again, or if the
 * connection was lost, only the tail is requested again.
 */
export function yearSeries(feed: MeterFeed, meter: Meter): Reply<Series> {
  let cache = caches.get(feed);
  if (!cache) caches.set(feed, (cache = { start: "", past: "" }));
  const month = localDay(feed.live?.quarter_hour?.start ?? feed.now).slice(0, 7);
  if (month !== cache.month) Object.assign(cache, { month, start: dayStart(`${addMonths(month, -12)}-01`).toISOString() });
  const command = "smarty_p1/quarter_hours";
  const form = { quantity: "larger", encoding: "base64" } as const;
  const { value: year, error } = feed.ask(command, { start: cache.start, ...form }, `${meter.known_since} ${cache.past}`, true);
  if (!year) return { error };
  // The tail has all rows that are newer than the answer for the year. A row of the tail can still change. So always
  // request the whole tail, and not only the newest rows.
  const { value: tail } = feed.ask(command, { start: year.end, ...form });
  if (!cache.series || cache.year !== year || cache.tail !== tail) {
    Object.assign(cache, { year, tail, series: mergeSeries(year, tail) });
    if (tail && tail.past !== year.past) cache.past = tail.past;
  }
  return { value: cache.series };
}

/** Return the rows of `year`. Rows of `tail` replace the rows of the same quarter-hours. */
export function mergeSeries(year: QuarterHours, tail?: QuarterHours): Series {
  const start = Date.parse(year.start);
  const referencePowers = year.reference_powers ?? [];
  if (Number.isNaN(start)) return { start: 0, values: new Int16Array(), above: new Uint8Array(), referencePowers };
  const parts = [year, ...(tail ? [tail] : [])]
    .map((answer) => ({
      at: Math.round((Date.parse(answer.start) - start) / QUARTER_HOUR_MS),
      rows: unpackValues(answer.values),
      marks: decodeMarks(answer.above),
      origins: answer.origins ?? [],
    }))
    .filter(({ at, rows }) => at >= 0 && at + rows.length <= MAX_ROWS);
  const values = new Int16Array(Math.max(0, ...parts.map(({ at, rows }) => at + rows.length))).fill(UNKNOWN);
  const above = new Uint8Array(values.length);
  for (const { at, rows, marks } of parts) {
    values.set(rows, at);
    above.set(marks.subarray(0, rows.length), at);
  }
  const estimates = parts.flatMap(({ at, origins }) =>
    origins.filter(([, , origin]) => origin === "leneda_estimated").map(([first, count]) => [at + first, at + first + count] as const),
  );
  const estimated = estimates.length ? new Int16Array(values.length).fill(UNKNOWN) : undefined;
  for (const [first, end] of estimates) estimated!.fill(ESTIMATED, first, end);
  return { start, values, above, referencePowers, estimated };
}

function unpackValues(values: QuarterHours["values"]): Int16Array {
  if (typeof values !== "string") {
    return Int16Array.from(values ?? [], (value) => (value !== null && Math.abs(value) <= 32_767 ? value : UNKNOWN));
  }
  const bytes = decodeMarks(values);
  const rows = new Int16Array(bytes.length >> 1);
  // The lower byte of each value comes first, on any machine. Writing to an Int16Array restores the sign.
  for (let row = 0; row < rows.length; row += 1) rows[row] = bytes[2 * row]! | (bytes[2 * row + 1]! << 8);
  return rows;
}

function decodeMarks(marks: QuarterHours["above"]): Uint8Array {
  if (typeof marks !== "string") return Uint8Array.from(marks ?? []);
  try {
    const text = atob(marks);
    const bytes = new Uint8Array(text.length);
    // A loop, because `Uint8Array.from` calls a function for each byte.
    for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
    return bytes;
  } catch {
    return new Uint8Array();
  }
}
