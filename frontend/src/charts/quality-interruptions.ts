/** Part of the interruptions card: for each kind of interruption, a row with a line, marks on the line, and counts. */

import { clamp, lastOf, sumOf } from "../built-in-replacements.ts";
import { css, html, nothing, svg, type TemplateResult } from "lit";
import { addMonths, capital, dayStart, localDay, type Locale } from "../locale.ts";
import { type ChosenBar, pointer } from "./chosen-bar.ts";
import { tenth } from "./quality-voltage.ts";
import { parseTime, qualityTexts, say } from "../sentences/quality.ts";
import type { DisturbanceKind, Events } from "../data/websocket-types.ts";

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
  /** Number of recorded interruptions of each kind; undefined if the meter does not count this kind. */
  seen: Partial<Record<DisturbanceKind, number>>;
  undated: Partial<Record<DisturbanceKind, number>>;
  /** Displayed period in ms since 1970: twelve months, or longer if older interruptions are stored. */
  start: number;
  end: number;
  /** Time in ms since 1970 after which all interruptions are recorded; undefined until the first telegram. */
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
    seen[kind] = sum(dated);
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

/** Return the number of interruptions of each kind as text: "2 power failures, 3 short voltage drops". */
function amounts(interruptions: readonly Disturbance[], locale: Locale): string {
  const words = KINDS.flatMap((kind) => {
    const count = sum(interruptions.filter((interruption) => interruption.kind === kind));
    return count ? [locale.count(qualityTexts, kind, count)] : [];
  });
  return locale.list(words);
}

/** Return the day of a time, without the year: "18 October". If the day is more than 330 days ago, add the year. */
const dayOf = (time: number, now: number, locale: Locale): string =>
  now - time < 330 * DAY_MS ? locale.day(time) : locale.date(time);

function moment(time: number, now: number, locale: Locale): string {
  return `${dayOf(time, now, locale)}, ${locale.time(time)}`;
}

/** Return whether the previous reading is missing, or too old to date the interruption exactly. */
export const isVague = ({ time, after }: Disturbance): boolean => after === undefined || time - after > MAX_EXACT_GAP_MS;

/**
 * Return "on 18 October, 14:02" or "between 17 October, 22:10 and 18 October, 06:40". If the previous reading is
 * missing, return "not later than 18 October, 06:40".
 */
export function whenWords(interruption: Disturbance, now: number, locale: Locale): string {
  const time = moment(interruption.time, now, locale);
  if (interruption.after === undefined) return say(locale, "no_later_than", { time });
  if (isVague(interruption)) return say(locale, "between", { after: moment(interruption.after, now, locale), time });
  const day = dayOf(interruption.time, now, locale);
  return say(locale, "at_day", { day, time: locale.time(interruption.time) });
}

export function interruptionsSentence(interruptions: Disturbances, now: number, locale: Locale): string {
  const { all, since, seen } = interruptions;
  if (since === undefined && !Object.keys(seen).length) return say(locale, "no_counts_yet");
  if (!Object.keys(seen).length) return say(locale, "counts_nothing");
  const monthAgo = now - 30 * DAY_MS;
  const recent = all.filter(({ time }) => time >= monthAgo);
  const last = lastOf(all);
  const isYoung = since !== undefined && since > monthAgo;
  if (recent.length && last) {
    const params = { what: amounts(recent, locale), when: whenWords(last, now, locale) };
    return isYoung ? say(locale, "some_since", { ...params, day: dayOf(since, now, locale) }) : say(locale, "some", params);
  }
  if (isYoung) return say(locale, "nothing_since", { day: dayOf(since, now, locale) });
  return last ? say(locale, `last_${last.kind}`, { day: dayOf(last.time, now, locale) }) : say(locale, "nothing");
}

/**
 * Return the sentence about the interruptions that share a mark in the drawing: "**18 October, 14:02:** 2 short voltage
 * drops (L1)".
 */
export function markSentence(marked: readonly Disturbance[], now: number, locale: Locale): string {
  const [first, last] = [marked[0], lastOf(marked)];
  if (!first || !last) return "";
  const days = [dayOf(first.time, now, locale), dayOf(last.time, now, locale)];
  const isOneDay = localDay(first.time) === localDay(last.time);
  const precise = isVague(first) ? whenWords(first, now, locale) : moment(first.time, now, locale);
  const when = marked.length === 1 ? precise : isOneDay ? days[0]! : days.join("–");
  const phases = [...new Set(marked.flatMap((interruption) => interruption.phases))].sort();
  const which = phases.length ? ` (${locale.list(phases)})` : "";
  return `**${capital(when)}${locale.sign(":")}** ${amounts(marked, locale)}${which}`;
}

/** Return the table of all interruptions, newest first. */
export function interruptionsTable({ all }: Disturbances, now: number, locale: Locale): string[][] {
  return [...all].reverse().map((interruption) => [
    isVague(interruption) ? whenWords(interruption, now, locale) : moment(interruption.time, now, locale),
    locale.count(qualityTexts, interruption.kind, interruption.count),
    interruption.phases.length ? locale.list(interruption.phases) : "–",
  ]);
}

/**
 * Height in px of the row for a kind of interruption, such as power failures. On a narrow card, the row is
 * NARROW_KIND_HEIGHT px high, because the name of the kind is above the line instead of beside it.
 */
export const KIND_HEIGHT = 44;
export const NARROW_KIND_HEIGHT = 60;
/** The row for a kind of interruption has a line with marks. Distance in px from this line to the bottom of the row. */
const BELOW_LINE_PX = 14;
/**
 * Sizes in px: MIN_MARK_PX is half of the mark for a single interruption, MAX_MARK_PX half of the largest mark.
 * MARGIN_PX is the margin at the left and right edge.
 */
const MIN_MARK_PX = 5;
const MAX_MARK_PX = 9;
const MARGIN_PX = 10;
/** Gaps in px: LABEL_GAP_PX between two counts, MONTH_GAP_PX between the names of two months. */
const LABEL_GAP_PX = 3;
const MONTH_GAP_PX = 8;


export interface Mark {
  kind: DisturbanceKind;
  x: number;
  y: number;
  count: number;
  /** Whether there is room for the count. */
  isNamed: boolean;
  disturbances: Disturbance[];
}

export interface InterruptionsDrawing {
  width: number;
  kindHeight: number;
  marks: Mark[];
  /**
   * Dashed lines for interruptions without an exact time. A line leads from the last reading before the interruption to
   * the first reading after it.
   */
  vague: { from: number; to: number; y: number }[];
  /**
   * Horizontal position in px of the time `since`. The line of every kind of interruption begins here, because all
   * interruptions after this time are recorded.
   */
  from: number;
  lines: Partial<Record<DisturbanceKind, number>>;
  months: { x: number; time: Date; isNamed: boolean }[];
}

export const markSize = (count: number): number => Math.min(MAX_MARK_PX, MIN_MARK_PX + 1.6 * Math.log2(Math.max(1, count)));

export function interruptionsDrawing(interruptions: Disturbances, width: number, kindHeight: number, locale: Locale, widthOf: (text: string) => number): InterruptionsDrawing {
  const inner = Math.max(40, width) - 2 * MARGIN_PX;
  const x = (time: number) => tenth(MARGIN_PX + inner * clamp((time - interruptions.start) / (interruptions.end - interruptions.start || 1), 0, 1));
  const drawing: InterruptionsDrawing = {
    width,
    kindHeight,
    marks: [],
    vague: [],
    from: x(interruptions.since ?? interruptions.end),
    lines: {},
    months: monthTicks(interruptions, x, inner, (time) => widthOf(locale.shortMonth(time)) + MONTH_GAP_PX),
  };
  KINDS.forEach((kind, row) => {
    if (interruptions.seen[kind] === undefined) return;
    const y = (row + 1) * kindHeight - BELOW_LINE_PX;
    drawing.lines[kind] = y;
    const marks = groupOverlapping(interruptions.all.filter((interruption) => interruption.kind === kind), x).map((all): Mark => {
      return { kind, x: tenth((x(all[0]!.time) + x(lastOf(all)!.time)) / 2), y, count: sum(all), isNamed: false, disturbances: all };
    });
    let free = -Infinity;
    for (const mark of marks) {
      const half = widthOf(String(mark.count)) / 2;
      mark.isNamed = mark.x - half >= free;
      if (mark.isNamed) free = mark.x + half + LABEL_GAP_PX;
    }
    for (const interruption of interruptions.all) {
      if (interruption.kind !== kind || !isVague(interruption) || interruption.after === undefined) continue;
      const [from, to] = [x(interruption.after), x(interruption.time)];
      if (to - from > 2) drawing.vague.push({ from, to, y });
    }
    drawing.marks.push(...marks);
  });
  drawing.marks.sort((a, b) => a.x - b.x || a.y - b.y);
  return drawing;
}

const sum = (all: Disturbance[]): number => sumOf(all.map(({ count }) => count));

/** Group interruptions whose marks would overlap, such as interruptions on the same day. */
function groupOverlapping(all: Disturbance[], x: (time: number) => number): Disturbance[][] {
  const groups: { first: number; count: number; all: Disturbance[] }[] = [];
  for (const interruption of all) {
    const group = lastOf(groups);
    const at = x(interruption.time);
    if (group && at - group.first < markSize(group.count) + markSize(interruption.count)) {
      group.all.push(interruption);
      group.count += interruption.count;
    } else groups.push({ first: at, count: interruption.count, all: [interruption] });
  }
  return groups.map((group) => group.all);
}

function shape({ kind, y, count }: Mark): string {
  const r = tenth(markSize(count));
  const [above, below] = [tenth(y - r), tenth(y + r)];
  if (kind === "power_failure") return `M${-r} ${above}L${r} ${below}M${-r} ${below}L${r} ${above}`;
  const [base, tip] = kind === "voltage_sag" ? [above, below] : [below, above];
  return `M${-r} ${base}H${r}L0 ${tip}Z`;
}

function monthTicks({ start, end }: Disturbances, x: (time: number) => number, inner: number, roomOf: (time: Date) => number): InterruptionsDrawing["months"] {
  const ticks: InterruptionsDrawing["months"] = [];
  let month = addMonths(localDay(start).slice(0, 7), 1);
  for (let time = dayStart(`${month}-01`); time.getTime() <= end && ticks.length < 15; time = dayStart(`${month}-01`)) {
    ticks.push({ x: x(time.getTime()), time, isNamed: false });
    month = addMonths(month, 1);
  }
  const fitting = inner / Math.max(1, ...ticks.map(({ time }) => roomOf(time)));
  const step = [1, 2, 3, 4, 6].find((months) => ticks.length / months <= fitting) ?? 12;
  ticks.forEach((tick, index) => (tick.isNamed = index % step === 0));
  return ticks;
}

const MONTHS = 28;

export const interruptionsStyles = css`
  .kinds {
    display: grid;
    grid-template-columns: minmax(0, max-content) minmax(0, 1fr) auto auto;
    grid-template-rows: auto repeat(3, ${KIND_HEIGHT}px) ${MONTHS}px;
    column-gap: 12px;
    margin-top: 12px;
  }
  .kinds > .head {
    align-self: flex-end;
  }
  .kinds > .period {
    padding-left: 10px;
  }
  .kinds > .earlier {
    white-space: nowrap;
  }
  .narrow.kinds > .earlier {
    width: min-content;
    min-width: 7ch;
    text-align: right;
    justify-self: end;
    white-space: normal;
    overflow-wrap: normal;
  }
  .kinds > .kind,
  .kinds > .count {
    display: flex;
    align-items: center;
    padding-top: 16px;
    font-size: 13px;
    line-height: 16px;
  }
  .kinds > .count {
    justify-content: flex-end;
    font-size: 16px;
  }
  .kinds > .quiet {
    color: var(--quiet);
  }
  .kinds .marks {
    grid-column: 2;
    grid-row: 2 / span 4;
    min-width: 0;
  }
  .kinds .axis {
    stroke: color-mix(in srgb, var(--primary-text-color) 22%, var(--ground));
  }
  .kinds .vague {
    stroke: var(--quiet);
    stroke-width: 5px;
    stroke-dasharray: 2 2;
  }
  .kinds .voltage_sag,
  .kinds .voltage_swell {
    fill: var(--text);
  }
  .kinds .power_failure {
    fill: none;
    stroke: var(--excess);
    stroke-width: 2.5px;
    stroke-linecap: round;
  }
  .kinds .marks text {
    text-anchor: middle;
  }
  .kinds .marks text.words {
    text-anchor: start;
  }
  .kinds .chosen {
    fill: none;
    stroke: var(--link);
    stroke-width: 2px;
  }
  /* Narrow layout: names stand above their lines, which then use the whole width. */
  .narrow.kinds {
    grid-template-columns: 0 minmax(0, 1fr) auto auto;
    grid-template-rows: auto repeat(3, ${NARROW_KIND_HEIGHT}px) ${MONTHS}px;
    column-gap: 8px;
  }
  .narrow.kinds > .head {
    margin-bottom: 8px;
  }
  .narrow.kinds > .kind {
    width: max-content;
    padding: 0;
    align-items: start;
  }
  .narrow.kinds > .count {
    padding-top: 32px;
  }
  .narrow.kinds > .period,
  .narrow.kinds .marks,
  .narrow.kinds > .kind {
    grid-column: 1 / 3 !important;
    padding-left: 0;
  }
`;

interface Shown {
  interruptions: Disturbances;
  drawing: InterruptionsDrawing;
  locale: Locale;
  chosen: ChosenBar;
  /** Text of the chosen mark; "" without a choice. */
  reading: string;
}

export function interruptionLines({ interruptions, drawing, locale, chosen, reading }: Shown): TemplateResult {
  const { marks, months, lines, kindHeight } = drawing;
  const height = KINDS.length * kindHeight;
  const number = (value: number | undefined) => (value === undefined ? "–" : locale.number(value));
  const kind = (name: (typeof KINDS)[number], index: number) => {
    const row = `grid-row:${index + 2}`;
    const title = html`<div class="kind" style="grid-column:1;${row}">${say(locale, name)}</div>`;
    // If this kind is not counted, the drawing has the text `not_counted` here, but is hidden from screen readers. So
    // add the text for them.
    if (interruptions.seen[name] === undefined) return html`${title}<span class="hidden">${say(locale, "not_counted")}</span>`;
    return html`${title}
      <div class="count" style="grid-column:3;${row}">${number(interruptions.seen[name])}<span class="hidden">${say(locale, "seen")}</span></div>
      <div class="count quiet" style="grid-column:4;${row}">${number(interruptions.undated[name])}<span class="hidden">${say(locale, "earlier")}</span></div>`;
  };
  const picked = chosen.index === undefined ? undefined : marks[chosen.index];
  // Paper has another width: positions follow it, marks and texts keep their shape.
  const share = (x: number) => `${((100 * x) / drawing.width).toFixed(2)}%`;
  const at = (x: number, content: unknown) => svg`<svg x=${share(x)}>${content}</svg>`;
  const line = (name: string, from: number, to: number, y: number) => svg`<line class=${name} x1=${share(from)} x2=${share(to)} y1=${y} y2=${y}></line>`;
  const picture = svg`
    ${KINDS.map((name, index) =>
      lines[name] === undefined
        ? svg`<text class="words" x="10" y=${(index + 1) * kindHeight - 10}>${say(locale, "not_counted")}</text>`
        : line("axis", drawing.from, drawing.width - 10, lines[name]),
    )}
    ${months.map(({ x, time, isNamed }) => at(x, svg`<path class="axis" d=${`M0 ${height}v${isNamed ? 6 : 3}`}></path>
      ${isNamed ? svg`<text y=${height + 22}>${locale.shortMonth(time)}</text>` : nothing}`))}
    ${drawing.vague.map(({ from, to, y }) => line("vague", from, to, y))}
    ${marks.map((mark) => at(mark.x, svg`<path class=${mark.kind} d=${shape(mark)}></path>
      ${mark.isNamed ? svg`<text y=${mark.y - 13}>${locale.number(mark.count)}</text>` : nothing}
      ${mark === picked ? svg`<circle class="chosen" cy=${mark.y} r=${markSize(mark.count) + 4}></circle>` : nothing}`))}`;
  const chart = html`<svg style="height:${height + MONTHS}px" aria-hidden="true">${picture}</svg>`;
  return html`<div class="kinds ${kindHeight > KIND_HEIGHT ? "narrow" : ""}">
    <small class="head period" style="grid-column:2">${locale.count(qualityTexts, "months", monthsDrawn(interruptions))}</small>
    <small class="head" aria-hidden="true" style="grid-column:3">${say(locale, "seen")}</small>
    <small class="head earlier" aria-hidden="true" style="grid-column:4">${say(locale, "earlier")}</small>
    ${KINDS.map(kind)}
    ${
      marks.length
        ? html`<div class="marks" role="slider" tabindex="0" aria-label=${locale.common("to_choose", { name: say(locale, "interruptions") })} aria-orientation="horizontal" aria-valuemin="0"
            aria-valuemax=${marks.length - 1} aria-valuenow=${Math.min(chosen.index ?? marks.length - 1, marks.length - 1)} aria-valuetext=${reading || locale.common("nothing_chosen")}
            ${pointer(chosen)} @keydown=${chosen.key}>${chart}</div>`
        : html`<div class="marks">${chart}</div>`
    }
  </div>`;
}
