/** Is the house connected, and does the meter speak? */

import { type Locale, localDay } from "../locale.ts";
import type { Events, Live, Meter } from "../wire.ts";
import { duration, instant, say } from "./quality.ts";

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** Characters that would turn, hide or break what stands around them. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu;
const MAX_MESSAGE_CHARS = 2_048;

const BREAKER = ["connected", "disconnected", "ready_for_reconnection"] as const;
type Breaker = (typeof BREAKER)[number];

const breakerState = (value: unknown): Breaker | undefined => BREAKER.find((each) => each === value);

/** On, Off, Ready; – while it is not known. */
export function switchState(value: unknown, locale: Locale): string {
  const state = breakerState(value);
  return state ? say(locale, `is_${state}`) : "–";
}

/** The power at which the meter switches off, in kVA. */
export function connectionLimit(live: Live | undefined, meter: Meter, locale: Locale): string {
  const sent = live?.values?.power_threshold ?? meter.connection_kva;
  if (typeof sent !== "number" || !Number.isFinite(sent) || sent <= 0) return "–";
  return locale.unit(sent, "kVA", Number.isInteger(Math.round(sent * 10) / 10) ? 0 : 1);
}

/** When the last telegram came, as milliseconds. */
export const lastTelegram = (live: Live | undefined, meter: Meter): number | undefined =>
  instant(live?.received_at) ?? instant(meter.last_telegram);

/** at 18:12; of another day: on 19 November, 18:12 */
export function atTime(time: number, now: number, locale: Locale): string {
  const [date, clock] = [new Date(time), locale.time(new Date(time))];
  if (localDay(date) === localDay(new Date(now))) return say(locale, "at_time", { time: clock });
  return say(locale, "at_day", { day: locale.day(date), time: clock });
}

export function supplySentence(live: Live, meter: Meter, isOld: boolean, now: number, locale: Locale): string {
  const last = lastTelegram(live, meter);
  if (last === undefined) return say(locale, live.gone ? "not_read" : "no_telegram_yet");
  // The clocks of the page and of Home Assistant may differ a little.
  const time = duration(now - last, locale);
  const silence = say(locale, "silent", { duration: time, when: atTime(last, now, locale) });
  if (live.gone) return `${say(locale, "not_read")} ${say(locale, "reception", { ago: say(locale, "ago", { time }) })}`;
  if (isOld) return silence;
  return say(locale, breakerState(live.values?.breaker) ?? "reception", { ago: say(locale, "ago", { time }) });
}

export interface Reception {
  /** The first of the hours, and when it is that anything is known from. */
  start: number;
  since: number;
  /** When the answer came. */
  end: number;
  shares: (number | null)[];
  share: number | null;
  gaps: { start: number; end: number }[];
}

/** The reception of the last 24 hours, the running one included. */
export function receptionDay({ reception }: Events, now: number): Reception {
  const all = Array.isArray(reception?.received) ? reception.received : [];
  const shares = all
    .slice(-HOURS)
    .map((each) => (typeof each === "number" && each >= 0 && each <= 1 ? each : null));
  const firstOfAll = instant(reception?.start) ?? now;
  const start = firstOfAll + (all.length - shares.length) * HOUR_MS;
  const since = Math.max(start, instant(reception?.since) ?? start);
  const end = Math.max(start, Math.min(now, start + shares.length * HOUR_MS));
  let [received, known] = [0, 0];
  shares.forEach((each, hour) => {
    if (each === null) return;
    const from = Math.max(since, start + hour * HOUR_MS);
    // An hour that has begun by the clock of Home Assistant and not by that of the page counts a little.
    const length = Math.max(1, Math.min(end, start + (hour + 1) * HOUR_MS) - from);
    received += each * length;
    known += length;
  });
  const gaps = (Array.isArray(reception?.longest_gaps) ? reception.longest_gaps : [])
    .flatMap((gap) => {
      const [from, to] = [instant(gap.start), instant(gap.end)];
      return from !== undefined && to !== undefined && to > Math.max(from, start) ? [{ start: from, end: to }] : [];
    })
    .sort((one, other) => other.end - other.start - (one.end - one.start));
  return { start, since, end, shares, share: known ? received / known : null, gaps };
}

/** 04:12–04:23: 11 min without */
export function gapWords({ gaps, share, start }: Reception, locale: Locale): string {
  const [longest, another] = gaps;
  if (!longest) return share === 1 ? say(locale, "no_gap") : "";
  const [from, to] = [new Date(longest.start), new Date(longest.end)];
  const range = longest.start < start ? `${locale.shortDay(from)}, ${locale.timeRange(from, to)}` : locale.timeRange(from, to);
  return say(locale, another ? "longest_gap" : "gap", { range, duration: duration(longest.end - longest.start, locale) });
}

export function receptionShare({ share }: Reception, locale: Locale): string {
  return share === null ? "–" : locale.percent(share, share < 1 ? 1 : 0);
}

/** The hours, the last one first. */
export function receptionTable({ start, shares }: Reception, locale: Locale): string[][] {
  return shares
    .map((share, hour) => {
      const time = new Date(start + hour * HOUR_MS);
      const shown = share === null ? "–" : locale.percent(share, share < 1 ? 1 : 0);
      return [`${locale.shortWeekday(time)}, ${locale.time(time)}`, shown];
    })
    .reverse();
}

/** The last message that says something. */
export function lastMessage({ messages }: Events): { text: string; time: number | undefined } | undefined {
  const all = Array.isArray(messages) ? messages : [];
  for (const { text, time } of [...all].reverse()) {
    const clean = String(text ?? "").slice(0, MAX_MESSAGE_CHARS).replace(CONTROLS, " ").replace(/\s+/g, " ").trim();
    if (clean) return { text: clean, time: instant(time) };
  }
  return undefined;
}
