/** Data of the displayed day: requests, known quarter-hours, running quarter-hour and costs. */

import { clamp } from "../built-in-replacements.ts";
import { countOf, kwOf, MAX_KW, type Quarter } from "../data/day-chart-bars.ts";
import type { MeterFeed, Reply } from "../data/meter-feed.ts";
import { addDays, dayStart, localDay, QUARTER_HOUR_MS } from "../locale.ts";
import { excessCosts, shownDay } from "../sentences/today.ts";
import type { Day, Live, Meter, QuarterHours, RunningQuarterHour } from "../data/websocket-types.ts";

export interface ShownDay {
  day: string;
  today: string;
  /** First day with any data. */
  since: string | undefined;
  start: number;
  end: number;
  /** Number of quarter-hours in the day. */
  count: number;
  /** The running quarter-hour; undefined if the last telegram is too old. */
  quarterHour: RunningQuarterHour | undefined;
  /** Index of the present quarter-hour; `count` if the day has ended. */
  present: number;
}

/** Return the day to show. `time` is the present in ms since 1970, if the meter does not tell it. */
export function shownOf(meter: Meter, live: Live, asked: string | undefined, isOld: boolean, time: number): ShownDay {
  const quarterHour = (isOld ? undefined : live.quarter_hour) ?? undefined;
  const now = (quarterHour && Date.parse(quarterHour.time)) || time;
  const today = localDay(now);
  const since = meter.known_since ? localDay(meter.known_since) : undefined;
  const day = shownDay(asked, today, since);
  const start = dayStart(day).getTime();
  const end = dayStart(addDays(day, 1)).getTime();
  const count = countOf(start, end);
  const present = day === today ? Math.floor((now - start) / QUARTER_HOUR_MS) : count;
  return { day, today, since, start, end, count, quarterHour, present };
}

interface DayReplies {
  /**
   * Reply for the displayed day. For a past day, it is undefined until today's answer or an error has come. Today's
   * answer has the mark `past`. Only this mark shows whether a cached answer for a past day is still valid.
   */
  imported?: Reply<QuarterHours>;
  exported?: Reply<QuarterHours> | undefined;
  past: string;
}

/** Request the displayed day. Today is requested every quarter-hour, a past day once a day and after an import. */
export function quarterHoursOf(feed: MeterFeed, { day, today, start, end }: ShownDay, feedsIn: boolean | null): DayReplies {
  const command = "smarty_p1/quarter_hours";
  // Today's answer has a mark (`past`) that changes when the quarter-hours of earlier days change. Then the answer for
  // a past day must be requested again. `feed.get` requests an answer again if its argument `period` changes. So for a
  // past day, this argument contains the mark.
  const ofToday = feed.ask(command, { start: dayStart(today).toISOString(), quantity: "imported" });
  const past = `${today} ${ofToday.value?.past}`;
  const isToday = day === today;
  if (!isToday && !ofToday.value && !ofToday.error) return { past };
  const takes = { start: new Date(start).toISOString(), ...(isToday ? {} : { end: new Date(end).toISOString() }) };
  const ask = (quantity: "imported" | "exported") => feed.ask(command, { ...takes, quantity }, isToday ? undefined : past);
  return { imported: ask("imported"), exported: feedsIn === false ? undefined : ask("exported"), past };
}

export interface Running {
  index: number;
  /** Projected mean power of the quarter-hour, in kW. */
  drawn: number;
  fed: number;
  reference: number | null;
}

/** Return the running quarter-hour; undefined if it is unknown, or if it does not belong to the displayed day. */
export function runningOf({ quarterHour, present, count }: ShownDay, live: Live): Running | undefined {
  if (!quarterHour || present < 0 || present >= count) return undefined;
  const drawn = quarterHour.projected_kw ?? quarterHour.running_kw;
  if (typeof drawn !== "number" || !(Math.abs(drawn) <= MAX_KW)) return undefined;
  const power = live.values?.power_net;
  const secondsLeft = Math.max(0, (Date.parse(quarterHour.end) - Date.parse(quarterHour.time)) / 1000) || 0;
  const still = typeof power === "number" ? (Math.max(0, -power) * secondsLeft) / 900 : 0;
  const fed = quarterHour.exported_wh === null ? 0 : kwOf(quarterHour.exported_wh) + still;
  return { index: present, drawn: Math.max(0, drawn), fed: Math.max(0, fed) || 0, reference: quarterHour.reference_kw };
}

/**
 * Part of a day that should have values: from the index `begun` to the index `ended` - 1. A quarter-hour in this part
 * without a value is a gap.
 */
export interface KnownPart {
  begun: number;
  ended: number;
  /** Number of known quarter-hours. */
  knownCount: number;
}

export function knownPartOf({ day, since, start, count, quarterHour, present }: ShownDay, quarters: readonly Quarter[]): KnownPart {
  const first = quarters.findIndex(({ imported }) => imported !== null);
  // The value of the quarter-hour that has just ended comes a moment later. Until then, do not show a gap for it.
  const last = present - 1;
  const isDue =
    quarters[last]?.imported === null && Date.parse(quarterHour?.last?.start ?? "") === start + last * QUARTER_HOUR_MS;
  return {
    begun: day !== since ? 0 : first < 0 ? count : first,
    ended: clamp(isDue ? last : present, 0, count),
    knownCount: quarters.filter(({ imported }) => imported !== null).length,
  };
}

/** Return the end of the first complete quarter-hour: the running one if measured from its start, else the next. */
export function firstEnds({ start, end, measured_since }: RunningQuarterHour): Date {
  const isWhole = Date.parse(measured_since) <= Date.parse(start);
  return new Date(Date.parse(end) + (isWhole ? 0 : QUARTER_HOUR_MS));
}

/**
 * Return the surcharge in EUR of every quarter-hour above the reference power, by index; null if the price is unknown.
 */
export function costsOf(
  quarters: readonly Quarter[],
  reference: number | null,
  day: Day | undefined,
  price: number | null,
): Map<number, number | null> {
  const indexes = [...quarters.keys()].filter((index) => reference !== null && kwOf(quarters[index]!.imported) > reference);
  const costs = excessCosts(
    indexes.map((index) => (kwOf(quarters[index]!.imported) - reference!) / 4),
    day,
    price,
  );
  return new Map(indexes.map((index, at) => [index, costs[at] ?? null]));
}
