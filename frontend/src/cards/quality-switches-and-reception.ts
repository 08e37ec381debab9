/** Parts of the supply card: states of the breaker and the relays, power limit, and reception in the last 24 hours. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { localDay, type Locale } from "../locale.ts";
import { duration, parseTime, say } from "../sentences/quality.ts";
import type { Events, House, Live, Meter } from "../data/websocket-types.ts";

const HOUR_MS = 3_600_000;
const HOURS = 24;

const BREAKER = ["connected", "disconnected", "ready_for_reconnection"] as const;
type Breaker = (typeof BREAKER)[number];

const breakerState = (value: unknown): Breaker | undefined => BREAKER.find((state) => state === value);

/** Return "On", "Off" or "Ready"; "–" if unknown. */
export function switchState(value: unknown, locale: Locale): string {
  const state = breakerState(value);
  return state ? say(locale, `is_${state}`) : "–";
}

/** Return the time of the last telegram, in ms since 1970. */
export const lastTelegram = (live: Live | undefined, meter: Meter): number | undefined =>
  parseTime(live?.received_at) ?? parseTime(meter.last_telegram);

/** Return a text such as "at 18:12", or "on 19 November, 18:12" for another day than today. */
export function atTime(time: number, now: number, locale: Locale): string {
  const [date, clock] = [new Date(time), locale.time(time)];
  if (localDay(date) === localDay(now)) return say(locale, "at_time", { time: clock });
  return say(locale, "at_day", { day: locale.day(date), time: clock });
}

export function supplySentence(live: Live, meter: Meter, isOld: boolean, now: number, locale: Locale): string {
  const last = lastTelegram(live, meter);
  if (last === undefined) return say(locale, live.gone ? "not_read" : "no_telegram_yet");
  // The clocks of this page and of Home Assistant may differ a little, so the time may be negative. `duration` writes a
  // negative time as 0 s.
  const time = duration(now - last, locale);
  const silence = say(locale, "silent", { duration: time, when: atTime(last, now, locale) });
  if (live.gone) return `${say(locale, "not_read")} ${say(locale, "reception", { ago: say(locale, "ago", { time }) })}`;
  if (isOld) return silence;
  return say(locale, breakerState(live.values?.breaker) ?? "reception", { ago: say(locale, "ago", { time }) });
}

export interface Reception {
  /** Start of the first hour, in ms since 1970. */
  start: number;
  /** Start of the records, but not before `start`, in ms since 1970. */
  since: number;
  /** Time of the answer, in ms since 1970. */
  end: number;
  shares: (number | null)[];
  share: number | null;
  gaps: { start: number; end: number }[];
}

/** Return the reception of the last 24 hours, including the current hour. */
export function receptionDay({ reception }: Events, now: number): Reception {
  const all = Array.isArray(reception?.received) ? reception.received : [];
  const shares = all
    .slice(-HOURS)
    .map((share) => (typeof share === "number" && share >= 0 && share <= 1 ? share : null));
  const firstOfAll = parseTime(reception?.start) ?? now;
  const start = firstOfAll + (all.length - shares.length) * HOUR_MS;
  const since = Math.max(start, parseTime(reception?.since) ?? start);
  const end = Math.max(start, Math.min(now, start + shares.length * HOUR_MS));
  let [received, measured] = [0, 0];
  shares.forEach((share, hour) => {
    if (share === null) return;
    const from = Math.max(since, start + hour * HOUR_MS);
    // The hours of an answer can be newer than `now`, so the current hour can start after `end`. The measured part of the hour would then have a negative length, so its length is at least 1 ms.
    const length = Math.max(1, Math.min(end, start + (hour + 1) * HOUR_MS) - from);
    received += share * length;
    measured += length;
  });
  const gaps = (Array.isArray(reception?.longest_gaps) ? reception.longest_gaps : [])
    .flatMap((gap) => {
      const [from, to] = [parseTime(gap.start), parseTime(gap.end)];
      return from !== undefined && to !== undefined && to > Math.max(from, start) ? [{ start: from, end: to }] : [];
    })
    .sort((a, b) => b.end - b.start - (a.end - a.start));
  return { start, since, end, shares, share: measured ? received / measured : null, gaps };
}

/**
 * Return the longest gap, such as "longest gap 04:12–04:23: 11 min". Without a gap, return "no gap longer than a
 * minute"; "" if a part of the reception is missing or unknown.
 */
export function gapWords({ gaps, share, start }: Reception, locale: Locale): string {
  const [longest, another] = gaps;
  if (!longest) return share === 1 ? say(locale, "no_gap") : "";
  const [from, to] = [new Date(longest.start), new Date(longest.end)];
  const range = longest.start < start ? `${locale.shortDay(from)}, ${locale.timeRange(from, to)}` : locale.timeRange(from, to);
  return say(locale, another ? "longest_gap" : "gap", { range, duration: duration(longest.end - longest.start, locale) });
}

/** Smallest share of altered frames that is shown: a good line, too, alters a frame now and then. */
const MIN_ALTERED = 0.01;

/** Return the share of frames that were altered on the way, and what to do; "" if there are almost none. */
export function alteredSentence({ reception }: Events, locale: Locale): string {
  const share = reception?.altered;
  if (typeof share !== "number" || !(share >= MIN_ALTERED && share <= 1)) return "";
  return say(locale, "altered", { share: receptionShare({ share }, locale) });
}

/** Return the totals that have fallen or leapt, and that they are held back; "" without such totals. */
export function heldSentence({ held }: Events, now: number, locale: Locale): string {
  return (Array.isArray(held) ? held : [])
    .map(({ total, shown, sent, since }) => {
      const when = atTime(parseTime(since) ?? now, now, locale);
      return say(locale, "held", { total, shown: locale.number(shown, 3), sent: locale.number(sent, 3), when });
    })
    .join(" ");
}

/** Smallest difference of the home meter that is shown, as a share of the consumption of the house. */
const MIN_HOME_DIFFERENCE = 0.05;

/** Return how far the home meter is beside grid, sun and battery; "" if it is near them, or unknown. */
export function homeSentence(house: House | undefined, locale: Locale): string {
  const difference = house?.home_difference;
  if (typeof difference !== "number" || Math.abs(difference) <= MIN_HOME_DIFFERENCE) return "";
  return say(locale, "home_meter", { share: `${difference > 0 ? "+" : "−"}${locale.percent(Math.abs(difference))}` });
}

export function receptionShare({ share }: { share: number | null }, locale: Locale): string {
  return share === null ? "–" : locale.percent(share, share < 1 ? 1 : 0);
}

/** Return the table with the reception in each hour, newest first. */
export function receptionTable({ start, shares }: Reception, locale: Locale): string[][] {
  return shares
    .map((share, hour) => {
      const time = new Date(start + hour * HOUR_MS);
      return [`${locale.shortWeekday(time)}, ${locale.time(time)}`, receptionShare({ share }, locale)];
    })
    .reverse();
}

/** Height in px of an hour's block. A missing part is at least MIN_MISSING_PX high, so that it stays visible. */
const BLOCK_PX = 20;
const MIN_MISSING_PX = 2;

export const supplyStyles = css`
  dl {
    margin: 8px 0 0;
  }
  dl > div {
    display: flex;
    justify-content: space-between;
    gap: 16px;
    padding: 5px 0;
    border-top: var(--line);
  }
  dd {
    margin: 0;
    text-align: right;
    overflow-wrap: normal;
  }
  dl + p {
    margin-bottom: 6px;
  }
  .scale > [aria-hidden] {
    flex: none;
  }
  .hours svg {
    flex: 1 0 auto;
  }
  .hours .received {
    fill: color-mix(in srgb, var(--quiet) 72%, var(--ground));
  }
  .hours .missing {
    fill: var(--track);
    stroke: var(--quiet);
    stroke-width: 1px;
    vector-effect: non-scaling-stroke;
  }
  .hours .scale {
    display: flex;
    justify-content: space-between;
    gap: 8px;
    margin-top: 4px;
  }
`;

export function supplyRows(rows: [string, TemplateResult | string][], isOld: boolean): TemplateResult {
  return html`<dl class=${isOld ? "old" : ""}>
    ${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** Return the paths of the hourly blocks: the received share at the bottom, the missing share on top. */
export function receptionBlocks(day: Reception): { received: string; missing: string } {
  let [received, missing] = ["", ""];
  const block = (hour: number, from: number, to: number) => `M${hour + 0.08} ${from}H${hour + 0.92}V${to}H${hour + 0.08}Z`;
  day.shares.forEach((share, hour) => {
    if (share === null) return;
    const gone = share >= 1 ? 0 : Math.max(MIN_MISSING_PX, Math.round(BLOCK_PX * (1 - share)));
    if (gone) missing += block(hour, 0, gone);
    if (gone < BLOCK_PX) received += block(hour, gone, BLOCK_PX);
  });
  return { received, missing };
}

export function receptionHours(day: Reception, blocks: { received: string; missing: string }, locale: Locale): TemplateResult | typeof nothing {
  if (day.share === null) return nothing;
  const words = gapWords(day, locale);
  const since = say(locale, "telegrams_since", { time: locale.time(day.since) });
  const title = day.since > day.start ? since : say(locale, "telegrams");
  const share = receptionShare(day, locale);
  const hours = day.shares.length;
  return html`<div class="hours tall">
    <dl style="margin:0"><div><dt>${title}</dt><dd>${share}</dd></div></dl>
    <svg viewBox="0 0 ${hours} ${BLOCK_PX}" preserveAspectRatio="none" height=${BLOCK_PX} aria-hidden="true">
      ${svg`<path class="missing" d=${blocks.missing}></path><path class="received" d=${blocks.received}></path>`}
    </svg>
    <div class="scale"><small aria-hidden="true">${locale.time(day.start)}</small><small>${words}</small><small aria-hidden="true">${say(locale, "now")}</small></div>
  </div>`;
}
