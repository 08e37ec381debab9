/** Texts of the card that shows the present power, and the load that the household can still switch on. */

import { firstWholeDay, firstWholeMonth } from "../data/first-whole-day.ts";
import {
  type CommonKey,
  dayStart,
  kwDecimals,
  localDay,
  type Locale,
  QUARTER_HOUR_MS,
  round,
  roundDown,
  roundUp,
  type Texts,
} from "../locale.ts";
import texts from "../texts/now.json" with { type: "json" };
import type { Live, Meter, RunningQuarterHour } from "../data/websocket-types.ts";

const HOUR_MS = 3_600_000;
const MIN_PAST_MS = 28 * 24 * HOUR_MS;

export type NowKey = keyof (typeof texts)["en"] | CommonKey;
export type NowTexts = Texts<NowKey>;
export const nowTexts: NowTexts = texts;

/**
 * In the last seconds of a quarter-hour, it is too late to lower the quarter-hour's mean power. So from this number of
 * seconds before the end, the card gives no advice.
 */
const LAST_SECONDS = 60;
/**
 * If less than this number of seconds is left, the card does not name a load that is possible only until the
 * quarter-hour ends.
 */
const MIN_SHORT_SECONDS = 300;
/** If the possible load is below this number of kW, the card advises to switch nothing else on. */
const MIN_ROOM_KW = 0.5;
/**
 * The card always names the load that is possible permanently (`keep`). The load that is possible until the
 * quarter-hour ends is `short`. The card names both if `short` is more than MIN_LESS_KW below `keep`, or at least
 * MIN_MORE_KW above it.
 */
const MIN_LESS_KW = 0.5;
const MIN_MORE_KW = 1;
/** A displayed load rises only if it has not changed for this time in ms. It falls at once. */
const MIN_RISE_MS = 60_000;

export interface Situation {
  /** Power from the grid in kW; negative while the household feeds in. */
  power: number;
  /** Reference power in kW. */
  reference: number | null;
  /** Imported energy of the running quarter-hour so far, in kWh. */
  energy: number;
  /** Seconds until the quarter-hour ends. */
  secondsLeft: number;
  /** End of the running quarter-hour, also if nothing was counted in it. */
  end: Date;
  /** Whether the quarter-hour was measured from its start; otherwise its total is unknown. */
  isWhole: boolean;
  /** Largest power of the connection, in kVA (used as kW). */
  connection: number | null;
  feedsIn: boolean;
  /** Whether energy was fed in today or during the running quarter-hour. */
  hasFedIn: boolean;
  /** Whether no power can come from the sun now, so that no sentence may name the sun. */
  isDark?: boolean;
  /** Power in kW that the house uses from the grid, the solar panels and the batteries; undefined if unknown. */
  house?: number | undefined;
  /** Surcharge above the reference power, in EUR per kWh with VAT. */
  excessPrice: number | null;
  /** Highest mean of a quarter-hour in this month, in kW. `peakSince` is the first known day if earlier ones are unknown. */
  peak: number | null;
  peakSince?: Date | undefined;
}

export const asNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

/** Return the situation of the last message; undefined without a power value. */
export function situationOf(live: Live, meter: Meter): Situation | undefined {
  const values = live.values ?? {};
  const power = asNumber(values.power_net);
  if (power === null) return undefined;
  const running = live.quarter_hour;
  const time = Date.parse(running?.time ?? live.now);
  const end = Date.parse(running?.end ?? "") || (Math.floor(time / QUARTER_HOUR_MS) + 1) * QUARTER_HOUR_MS;
  const secondsLeft = (end - time) / 1000;
  const since = Date.parse(meter.known_since ?? "") ? new Date(meter.known_since!) : undefined;
  const reference = running ? asNumber(running.reference_kw) : asNumber(meter.reference_kw);
  return {
    power,
    // There is no reference power of 0 kW. So 0 means that none was entered.
    reference: reference !== null && reference > 0 ? reference : null,
    energy: (asNumber(running?.imported_wh) ?? 0) / 1000,
    secondsLeft: secondsLeft > 0 ? secondsLeft : 1,
    end: new Date(end),
    isWhole: Boolean(running) && Date.parse(running!.measured_since) <= Date.parse(running!.start),
    connection: asNumber(meter.connection_kva),
    feedsIn: meter.feeds_in ?? false,
    hasFedIn: (asNumber(running?.exported_wh) ?? 0) > 0,
    excessPrice: asNumber(meter.excess_price),
    peak: asNumber(values.demand_peak),
    peakSince: since && localDay(since) > `${running?.month}-01` ? since : undefined,
  };
}

/**
 * Return whether a meter is too young for the cards that compare, although Leneda may have its past: it is younger than
 * the four weeks of a usual day. `now` is the present in ms since 1970.
 */
export const lacksPast = ({ has_leneda, known_since }: Meter, now: number): boolean =>
  has_leneda === false && !(now - Date.parse(known_since ?? "") > MIN_PAST_MS);

/** Return the direction of the power. "balanced" means that the displayed value is 0. */
export const direction = (power: number): "drawn" | "feeds" | "balanced" => {
  const shown = round(power, 1);
  if (!shown) return "balanced";
  return shown > 0 ? "drawn" : "feeds";
};

/** Return the energy in kWh that the quarter-hour will have at its end if the power stays constant. */
export const projectedEnergy = ({ energy, power, secondsLeft }: Situation): number =>
  energy + (Math.max(0, power) * secondsLeft) / 3600;

/** Return the projected mean in kW as displayed. Round up if rounding would hide an excess. */
export function shownMean(now: Situation): number {
  const mean = projectedEnergy(now) * 4;
  const decimals = kwDecimals(mean);
  const shown = round(mean, decimals);
  return now.reference !== null && mean > now.reference && shown <= now.reference ? roundUp(mean, decimals) : shown;
}

/**
 * Loads in kW that the household can switch on without exceeding the reference power. They come on top of its present
 * power.
 */
export interface Room {
  /** Load that is possible permanently. Solar power is not included, because a cloud can come. */
  keep: number;
  /** Load that is possible until the running quarter-hour ends. */
  short: number;
  /** Load that is possible while the solar panels deliver as much as now. */
  sunny: number;
  /** Load that takes only power that the household feeds in. */
  own: number;
}

/** Return the loads that the household can still switch on; undefined without a reference power. */
export function roomOf({ power, house, reference, energy, secondsLeft, connection }: Situation): Room | undefined {
  if (reference === null) return undefined;
  const most = Math.min(reference, (connection || Infinity) - power);
  const within = (kw: number) => Math.min(most, kw);
  return {
    keep: within(reference - Math.max(power, house ?? 0)),
    short: within(((reference / 4 - energy) * 3600) / secondsLeft - power),
    sunny: within(reference - power),
    own: -power,
  };
}

/** Round down a load in kW that the household can switch on: below 10 kW to half kilowatts, else to whole kilowatts. */
export const allowance = (kw: number): number => Math.max(0, kw < 10 ? roundDown(kw * 2) / 2 : roundDown(kw));

/**
 * Loads that the household can still switch on, as displayed. A displayed load falls at once, but rises only a minute
 * after its last change, so that the numbers stay calm.
 */
export class SteadyRoom {
  #shown: Room | undefined;
  #since: Record<keyof Room, number> = { keep: 0, short: 0, sunny: 0, own: 0 };

  /** Return the loads to display at `now`, and remember them. */
  steadied(room: Room, now: number): Room {
    const before = this.#shown;
    const shown = { ...room };
    for (const key of ["keep", "short", "sunny", "own"] as const) {
      const [is, was] = [allowance(room[key]), before ? allowance(before[key]) : Infinity];
      if (before && is > was && now - this.#since[key] < MIN_RISE_MS) shown[key] = before[key];
      else if (is !== was) this.#since[key] = now;
    }
    return (this.#shown = shown);
  }
}

/** Sentence about the present, and a small line beside the number. */
export interface Advice {
  text: string;
  small: string;
}

/**
 * Return whether the running quarter-hour will be above the reference power. Its projected mean decides, not the present
 * power: 8 kW for three minutes cost nothing.
 */
export const isAbove = (now: Situation): boolean =>
  now.reference !== null && now.isWhole && projectedEnergy(now) > now.reference / 4;

export function nowAdvice(now: Situation, locale: Locale, room = roomOf(now)): Advice {
  const { power, reference } = now;
  const t = locale.textOf<NowKey>(nowTexts);
  const end = locale.time(now.end);
  const excess = excessSentence(now, locale);
  const less = reference !== null && power > reference ? locale.kW(roundUp(power - reference, kwDecimals(power))) : "";
  if (excess) return { text: excess, small: "" };
  if (reference === null || !room) {
    const peak = now.peak === null ? "" : locale.kW(now.peak);
    const highest = now.peakSince ? t("highest_since", { peak, day: locale.day(now.peakSince) }) : t("highest", { peak });
    const text = direction(power) === "feeds" ? t("feeding") : peak && highest;
    return { text, small: "" };
  }
  const R = locale.referenceKW(reference);
  if (less) return { text: t("switch_off", { less, end, R }), small: "" };
  const keep = allowance(room.keep);
  const kW = (kw: number) => locale.referenceKW(allowance(kw));
  const params = { keep: kW(room.keep), more: kW(room.short), R, end };
  // Energy that the house would otherwise sell is the first to use.
  const own = allowance(room.own);
  if (own >= MIN_ROOM_KW && own < keep) return { text: t("room_own", { ...params, own: kW(room.own) }), small: "" };
  const isSunny = !now.isDark && now.house === undefined && now.feedsIn && (now.hasFedIn || power < 0);
  // `room` has the possible loads as displayed: `SteadyRoom` shows a rise of such a load with a delay. After a device
  // was switched off, `room.keep` can rise earlier than `room.short`. Then `room.short` is lower only because of the
  // delay. So also compare the possible loads without the delay.
  const isShort = now.isWhole && [room, roomOf(now)!].every(({ short, keep }) => short < keep - MIN_LESS_KW);
  const whole = isShort ? (allowance(room.short) < MIN_ROOM_KW ? "none_then" : "room_then") : isSunny ? "room_sun" : "room";
  // Only the shortest sentence leaves room for a small line.
  if (keep >= MIN_ROOM_KW) return { text: t(now.isWhole ? whole : "room_from", params), small: whole === "room" ? smallLine(now, room, keep, locale) : "" };
  // If a higher load is possible for a limited time, say only this. The sentence "switch nothing else on" would
  // contradict it.
  const brief = isSunnier(now, room, keep) ? "room_sun" : isShortlyMore(now, room, keep) ? "room_only" : "room_none";
  return { text: t(brief, { ...params, keep: kW(room.sunny) }), small: "" };
}

/**
 * Return whether the household can switch on a clearly higher load than `keep` if the solar power stays as it is now.
 */
const isSunnier = ({ isDark }: Situation, room: Room, keep: number): boolean =>
  !isDark && allowance(room.sunny) >= keep + MIN_MORE_KW;

/**
 * Return whether the household can switch on a clearly higher load than `keep` until the running quarter-hour ends.
 * Return false if the quarter-hour ends in less than MIN_SHORT_SECONDS.
 */
const isShortlyMore = (now: Situation, room: Room, keep: number): boolean =>
  now.isWhole && now.secondsLeft >= MIN_SHORT_SECONDS && allowance(room.short) >= keep + MIN_MORE_KW;

/** Return the small line: it names a higher load that is possible for a limited time. */
function smallLine(now: Situation, room: Room, keep: number, locale: Locale): string {
  const t = locale.textOf<NowKey>(nowTexts);
  const more = (kw: number) => locale.referenceKW(allowance(kw));
  if (isSunnier(now, room, keep)) return t("short_sun", { more: more(room.sunny) });
  return isShortlyMore(now, room, keep) ? t("short", { end: locale.time(now.end), more: more(room.short) }) : "";
}

/**
 * Return the sentence about the excess over the reference power in this quarter-hour: what to do, and what it costs
 * otherwise. Undefined if no excess is projected.
 */
function excessSentence(now: Situation, locale: Locale): string | undefined {
  if (!isAbove(now)) return undefined;
  const { reference, energy, excessPrice: price } = now;
  const limit = reference! / 4;
  const excess = projectedEnergy(now) - limit;
  const t = (key: "past" | "above" | "less", less = "") =>
    locale.text(nowTexts, price === null ? `${key}_unpriced` : key, {
      R: locale.referenceKW(reference!),
      end: locale.time(now.end),
      above: atLeast(excess, 1, (shown) => locale.kWh(shown), locale),
      cost: price === null ? "" : atLeast(excess * price, 2, (shown) => locale.cents(shown), locale),
      less,
    });
  // While nothing comes from the grid, no advice can make the excess smaller.
  if (energy > limit) return t(now.power > 0 ? "above" : "past");
  // In the last seconds of a quarter-hour, it is too late to lower its energy. So give no advice.
  if (now.secondsLeft < LAST_SECONDS) return undefined;
  const less = now.power - ((limit - energy) * 3600) / now.secondsLeft;
  return t("less", locale.kW(roundUp(less, kwDecimals(less))));
}

/** Return a positive value as text. If it would be rounded to 0, return "less than 0.1 kWh". */
function atLeast(value: number, decimals: number, show: (value: number) => string, locale: Locale): string {
  if (round(value, decimals) > 0) return show(value);
  return locale.text(nowTexts, "under", { value: show(10 ** -decimals) });
}

/**
 * Return the rows that the card of a new meter shows, as [name, time]. They say when the first whole quarter-hour ends,
 * when the first bar appears on the Energy dashboard, and which day and month are the first whole ones. After the first
 * whole day, there are no rows.
 */
export function firstDayRows({ known_since }: Meter, running: RunningQuarterHour, locale: Locale): [string, string][] {
  const [since, start] = [running.measured_since, running.start].map((time) => Date.parse(time)) as [number, number];
  const day = firstWholeDay(known_since);
  const t = locale.textOf<NowKey>(nowTexts);
  const isFirst = !running.last;
  if (!day || Number.isNaN(since + start) || localDay(start) > day) return [];
  const ends = new Date(Date.parse(running.end) + (since > start ? QUARTER_HOUR_MS : 0));
  const bar = new Date(Math.floor(since / HOUR_MS + 1) * HOUR_MS);
  const coming: [string, string][] = [
    [t("first_quarter"), t("ends", { time: locale.time(ends) })],
    [t("first_bar"), t("from", { time: locale.time(bar) })],
  ];
  return [...(isFirst ? coming : []), [t("first_whole_day"), locale.day(dayStart(day))], [t("first_month"), locale.month(dayStart(`${firstWholeMonth(day)}-01`))]];
}
