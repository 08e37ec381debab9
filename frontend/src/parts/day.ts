/** Which day is shown, and what of it has ended, runs and is known. */

import { countOf, kwOf, MAX_KW, type Quarter } from "../drawing/today.ts";
import type { Feed, Known as Answered } from "../feed.ts";
import { addDays, dayStart, localDay, QUARTER_HOUR_MS } from "../locale.ts";
import { excessCosts, shownDay } from "../sentences/today.ts";
import type { Day, Live, Meter, QuarterHours, RunningQuarterHour } from "../wire.ts";

export interface ShownDay {
  day: string;
  today: string;
  /** The first day of which anything is known. */
  since: string | undefined;
  start: number;
  end: number;
  /** How many quarter-hours it has. */
  count: number;
  /** That of now; what was read too long ago is none. */
  quarterHour: RunningQuarterHour | undefined;
  /** The index of the present one; of a day that has ended, `count`. */
  present: number;
}

export function shownOf(meter: Meter, live: Live, asked: string | undefined, isOld: boolean): ShownDay {
  const quarterHour = (isOld ? undefined : live.quarter_hour) ?? undefined;
  const now = (quarterHour && Date.parse(quarterHour.time)) || Date.now();
  const today = localDay(new Date(now));
  const since = meter.known_since ? localDay(new Date(meter.known_since)) : undefined;
  const day = shownDay(asked, today, since);
  const start = dayStart(day).getTime();
  const end = dayStart(addDays(day, 1)).getTime();
  const count = countOf(start, end);
  const present = day === today ? Math.floor((now - start) / QUARTER_HOUR_MS) : count;
  return { day, today, since, start, end, count, quarterHour, present };
}

interface Asked {
  /** Undefined while it is not known yet whether what was answered of a past day still holds. */
  imported?: Answered<QuarterHours>;
  exported?: Answered<QuarterHours> | undefined;
  past: string;
}

/** Ask for the day that is shown: today once a quarter-hour, what is past once a day and when it has been imported. */
export function quarterHoursOf(feed: Feed, { day, today, start, end }: ShownDay, feedsIn: boolean | null): Asked {
  const command = "smarty_p1/quarter_hours";
  // The answer of today has the mark of the days before it.
  const ofToday = feed.get(command, { start: dayStart(today).toISOString(), quantity: "imported" });
  const past = `${today} ${ofToday.value?.past}`;
  const isToday = day === today;
  if (!isToday && !ofToday.value && !ofToday.error) return { past };
  const takes = { start: new Date(start).toISOString(), ...(isToday ? {} : { end: new Date(end).toISOString() }) };
  const ask = (quantity: "imported" | "exported") => feed.get(command, { ...takes, quantity }, isToday ? undefined : past);
  return { imported: ask("imported"), exported: feedsIn === false ? undefined : ask("exported"), past };
}

export interface Running {
  index: number;
  /** What it is heading for, in kW. */
  drawn: number;
  fed: number;
  reference: number | null;
}

/** The running quarter-hour, if it is one of the day that is shown. */
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

/** From `begun` to `ended`, what is not known is a gap. */
export interface Known {
  begun: number;
  ended: number;
  /** How many are known. */
  known: number;
}

export function knownOf({ day, since, start, count, quarterHour, present }: ShownDay, quarters: readonly Quarter[]): Known {
  const first = quarters.findIndex(({ imported }) => imported !== null);
  // The one that has just ended is answered a moment later: until then it is no gap.
  const last = present - 1;
  const isDue =
    quarters[last]?.imported === null && Date.parse(quarterHour?.last?.start ?? "") === start + last * QUARTER_HOUR_MS;
  return {
    begun: day !== since ? 0 : first < 0 ? count : first,
    ended: Math.max(0, Math.min(count, isDue ? last : present)),
    known: quarters.filter(({ imported }) => imported !== null).length,
  };
}

/** When the first whole quarter-hour will have been read, if there was none yet. */
export function firstEnds({ start, end, measured_since }: RunningQuarterHour): Date {
  const isWhole = Date.parse(measured_since) <= Date.parse(start);
  return new Date(Date.parse(end) + (isWhole ? 0 : QUARTER_HOUR_MS));
}

/** What each quarter-hour above the reference power costs more, by its index. */
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
