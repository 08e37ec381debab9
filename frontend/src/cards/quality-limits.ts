/** Limits of the grid operator: how soon each load obeyed. The householder can show this table to the operator. */

import { localDay, type Locale } from "../locale.ts";
import { duration, parseTime, qualityTexts, say } from "../sentences/quality.ts";
import type { Events, Limit } from "../data/websocket-types.ts";

/** Number of limits in the card. Its table has all of them. */
const MAX_ROWS = 5;

interface ShownLimit extends Limit {
  from: number;
  /** End; undefined while it lasts. */
  to: number | undefined;
}

/** Return the limits, newest first. */
export function readLimits({ limits }: Events): ShownLimit[] {
  const all = Array.isArray(limits) ? limits : [];
  return all
    .flatMap((limit): ShownLimit[] => {
      const from = parseTime(limit.begin);
      return from === undefined ? [] : [{ ...limit, from, to: parseTime(limit.end) }];
    })
    .sort((a, b) => b.from - a.from);
}

const seconds = (limit: ShownLimit, locale: Locale): string => duration((limit.obeyed_after ?? 0) * 1000, locale);
const power = (kw: number | null, locale: Locale): string => (kw === null ? "–" : locale.kW(kw));

export function limitsSentence(limits: readonly ShownLimit[], now: number, locale: Locale): string {
  const open = limits.filter(({ to }) => to === undefined);
  if (open.length) {
    const loads = locale.list(open.map((limit) => `${limit.load} (${locale.kW(limit.limit_kw)})`));
    return say(locale, "limited_now", { time: locale.dayAndTime(Math.min(...open.map(({ from }) => from)), now), loads });
  }
  if (!limits.length) return say(locale, "no_limits");
  const notObeyed = limits.filter(({ obeyed_after: after }) => after === null).length;
  if (notObeyed) return locale.count(qualityTexts, "unseen", notObeyed, { all: locale.number(limits.length) });
  const slowest = limits.reduce((a, b) => (b.obeyed_after! > a.obeyed_after! ? b : a));
  return locale.count(qualityTexts, "obeyed", limits.length, { duration: seconds(slowest, locale) });
}

/** Return the time and the powers of the newest limits. */
export function limitRows(limits: readonly ShownLimit[], locale: Locale): [string, string][] {
  return limits.slice(0, MAX_ROWS).map((limit) => {
    const { load, from, to, kw_before: before, kw_after: after } = limit;
    let times = `${locale.time(from)}–`;
    if (to !== undefined) times = localDay(from) === localDay(to) ? locale.timeRange(from, to) : `${locale.time(from)} – ${locale.shortDay(to)}, ${locale.time(to)}`;
    const params = { load, before: power(before, locale), after: power(after, locale), duration: seconds(limit, locale) };
    return [`${locale.shortDay(from)}, ${times}`, say(locale, limit.obeyed_after === null ? "limit_unseen" : "limit_obeyed", params)];
  });
}

/** Return the table with all limits, newest first. */
export function limitsTable(limits: readonly ShownLimit[], locale: Locale): string[][] {
  const moment = (time: number | undefined) => (time === undefined ? "–" : `${locale.date(time)}, ${locale.time(time, true)}`);
  const number = (value: number | null, decimals: number) => (value === null ? "–" : locale.number(value, decimals));
  return limits.map((limit) => [
    moment(limit.from),
    moment(limit.to),
    limit.load,
    number(limit.kw_before, 2),
    number(limit.limit_kw, 2),
    number(limit.kw_after, 2),
    number(limit.obeyed_after, 0),
  ]);
}
