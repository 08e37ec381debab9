/** Texts about interruptions of the supply: counts and times. */

import { type Locale, localDay } from "../locale.ts";
import type { DisturbanceKind, Events } from "../websocket-types.ts";
import { parseTime, qualityTexts, say, joinNames } from "./quality.ts";

export const KINDS = ["power_failure", "voltage_sag", "voltage_swell"] as const satisfies DisturbanceKind[];
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
/** If at most this time in ms lies between two readings, the time of an interruption counts as exact. */
const MAX_EXACT_GAP_MS = 600_000;

export interface Disturbance {
  kind: DisturbanceKind;
  time: number;
  after: number | undefined;
  count: number;
  phases: string[];
}

export interface Disturbances {
  /** Interruptions, oldest first. */
  all: Disturbance[];
  /** Count by kind; undefined if the meter does not count that kind. */
  seen: Partial<Record<DisturbanceKind, number>>;
  undated: Partial<Record<DisturbanceKind, number>>;
  /** Displayed period in ms since 1970: twelve months, or longer if older interruptions are stored. */
  start: number;
  end: number;
  /** Start of complete records in ms since 1970; undefined until the first telegram. */
  since: number | undefined;
}

const countOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 && value < 1e9 ? Math.floor(value) : undefined;

export function readDisturbances(events: Events, now: number): Disturbances {
  const entries = Array.isArray(events.disturbances) ? events.disturbances : [];
  const all = entries
    .flatMap((entry): Disturbance[] => {
      const [time, count, after] = [parseTime(entry.time), countOf(entry.count), parseTime(entry.after)];
      const kind = KINDS.find((name) => name === entry.kind);
      if (!kind || !count || time === undefined) return [];
      const phases = (Array.isArray(entry.phases) ? entry.phases : []).filter((phase) => /^L[123]$/.test(phase));
      return [{ kind, time: Math.min(time, now), after: after !== undefined && after < time ? after : undefined, count, phases }];
    })
    .sort((a, b) => a.time - b.time);
  const seen: Disturbances["seen"] = {};
  const undated: Disturbances["undated"] = {};
  for (const kind of KINDS) {
    const earlier = countOf(events.undated?.[kind]);
    const dated = all.filter((interruption) => interruption.kind === kind);
    if (earlier === undefined && !dated.length) continue;
    seen[kind] = dated.reduce((sum, { count }) => sum + count, 0);
    if (earlier !== undefined) undated[kind] = earlier;
  }
  const first = all[0]?.time;
  const began = parseTime(events.reception?.since);
  return {
    all,
    seen,
    undated,
    start: Math.min(now - YEAR_MS, first ?? now),
    end: now,
    since: began === undefined ? first : Math.min(began, first ?? began),
  };
}

export const monthsDrawn = ({ start, end }: Disturbances): number => Math.max(12, Math.round((end - start) / (DAY_MS * 30.44)));

/** Return "2 power failures, 3 voltage sags". */
function amounts(interruptions: readonly Disturbance[], locale: Locale): string {
  const words = KINDS.flatMap((kind) => {
    const count = interruptions.filter((interruption) => interruption.kind === kind).reduce((sum, interruption) => sum + interruption.count, 0);
    return count ? [locale.count(qualityTexts, kind, count)] : [];
  });
  return joinNames(words, locale);
}

/** Return the day; with its year if it is more than 330 days ago. */
const dayOf = (time: number, now: number, locale: Locale): string =>
  now - time < 330 * DAY_MS ? locale.day(new Date(time)) : locale.date(new Date(time));

function moment(time: number, now: number, locale: Locale): string {
  return `${dayOf(time, now, locale)}, ${locale.time(new Date(time))}`;
}

/** Return whether the previous reading is missing, or too old to date the interruption exactly. */
export const isVague = ({ time, after }: Disturbance): boolean => after === undefined || time - after > MAX_EXACT_GAP_MS;

/** Return "on 18 October, 14:02" or "between 17 October, 22:10 and 18 October, 06:40". */
export function whenWords(interruption: Disturbance, now: number, locale: Locale): string {
  const time = moment(interruption.time, now, locale);
  if (interruption.after === undefined) return say(locale, "no_later_than", { time });
  if (isVague(interruption)) return say(locale, "between", { after: moment(interruption.after, now, locale), time });
  const day = dayOf(interruption.time, now, locale);
  return say(locale, "at_day", { day, time: locale.time(new Date(interruption.time)) });
}

export function interruptionsSentence(interruptions: Disturbances, now: number, locale: Locale): string {
  const { all, since, seen } = interruptions;
  if (since === undefined && !Object.keys(seen).length) return say(locale, "no_counts_yet");
  if (!Object.keys(seen).length) return say(locale, "counts_nothing");
  const monthAgo = now - 30 * DAY_MS;
  const recent = all.filter(({ time }) => time >= monthAgo);
  const last = all.at(-1);
  const isYoung = since !== undefined && since > monthAgo;
  if (recent.length && last) {
    const params = { what: amounts(recent, locale), when: whenWords(last, now, locale) };
    return isYoung ? say(locale, "some_since", { ...params, day: dayOf(since, now, locale) }) : say(locale, "some", params);
  }
  if (isYoung) return say(locale, "nothing_since", { day: dayOf(since, now, locale) });
  return last ? say(locale, `last_${last.kind}`, { day: dayOf(last.time, now, locale) }) : say(locale, "nothing");
}

/** Return the sentence of a mark: "**18 October, 14:02:** 2 voltage sags (L1)". */
export function markSentence(marked: readonly Disturbance[], now: number, locale: Locale): string {
  const [first, last] = [marked[0], marked.at(-1)];
  if (!first || !last) return "";
  const days = [dayOf(first.time, now, locale), dayOf(last.time, now, locale)];
  const isOneDay = localDay(new Date(first.time)) === localDay(new Date(last.time));
  const precise = isVague(first) ? whenWords(first, now, locale) : moment(first.time, now, locale);
  const when = marked.length === 1 ? precise : isOneDay ? days[0]! : days.join("–");
  const phases = [...new Set(marked.flatMap((interruption) => interruption.phases))].sort();
  const which = phases.length ? ` (${joinNames(phases, locale)})` : "";
  return `**${when.charAt(0).toLocaleUpperCase()}${when.slice(1)}:** ${amounts(marked, locale)}${which}`;
}

/** Return the table of all interruptions, newest first. */
export function interruptionsTable({ all }: Disturbances, now: number, locale: Locale): string[][] {
  return [...all].reverse().map((interruption) => [
    isVague(interruption) ? whenWords(interruption, now, locale) : moment(interruption.time, now, locale),
    locale.count(qualityTexts, interruption.kind, interruption.count),
    interruption.phases.length ? joinNames(interruption.phases, locale) : "–",
  ]);
}
