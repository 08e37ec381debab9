/** Texts and bars of the plan of a meter's loads. */

import { sumOf } from "../built-in-replacements.ts";
import type { BarPart } from "../charts/shapes.ts";
import { firstWholeDay } from "../data/first-whole-day.ts";
import { addDays, capital, type CommonKey, dayStart, localDay, type Locale, localParts, QUARTER_HOUR_MS, type Texts } from "../locale.ts";
import type { EnteredLoad, HousePlan, Meter, Plan, PlannedLoad, PlannedQuarterHour } from "../data/websocket-types.ts";
import texts from "../texts/plan.json" with { type: "json" };

export type PlanKey = keyof (typeof texts)["en"] | CommonKey;
export const planTexts: Texts<PlanKey> = texts;

/** Origin of a load's energy in a quarter-hour: own sun, the grid, or the grid above the reference power. */
export type Tint = "sun" | "drawn" | "excess";
const TINTS = ["sun", "drawn", "excess"] as const;
/** Smallest amounts that are told: a cent, and a tenth of a kWh. */
const MIN_SAVING_EUR = 0.01;
const MIN_MISSING_KWH = 0.05;
/** Error of the planned powers, which are rounded to watts. */
const ROUNDING_KW = 0.005;
/** Number of whole days after which there is a plan. */
const WHOLE_DAYS = 7;
const DAY_MS = 96 * QUARTER_HOUR_MS;
/** Highest product of quarter-hours and letters up to which each sixth hour has a label. A longer axis has only its midnights. */
const MAX_LETTERS = 1000;
/** Gap between two labels, in letters. */
const LABEL_GAP = 3;

type PlannedMeter = Pick<Meter, "known_since" | "reference_kw">;

export interface LoadRow {
  load: EnteredLoad;
  when: string;
  notes: string[];
  parts: BarPart[];
  /** Cost in EUR of a start at once on top of the plan. */
  more: number;
}

export interface ShownPlan {
  title: string;
  /** Sentences about all loads. */
  notes: string[];
  rows: LoadRow[];
  tints: Tint[];
  /** Labels of the axis, at shares of its length. */
  labels: { at: number; text: string }[];
  /** Quarter-hours in which a load runs. */
  table: { head: string[]; rows: string[][] } | undefined;
}

/**
 * Return the bar of a load. Each quarter-hour has the origins of its energy above each other: own sun that would
 * otherwise be exported at the bottom, and at the top what is above the reference power.
 */
function partsOf(id: string, quarters: PlannedQuarterHour[], reference: number | null): BarPart[] {
  const parts: BarPart[] = [];
  quarters.forEach(({ loads_kw, net_kw: net }, index) => {
    const kw = loads_kw[id];
    if (!kw) return;
    const [from, to] = [index / quarters.length, (index + 1) / quarters.length];
    const within = (power: number) => (power > ROUNDING_KW ? Math.min(1, power / kw) : 0);
    const [sun, excess] = [within(kw - net), within(net - (reference ?? Infinity))];
    for (const [color, top, bottom] of [["excess", 0, excess], ["drawn", excess, 1 - sun], ["sun", 1 - sun, 1]] as const) {
      if (bottom <= top) continue;
      const height = bottom - top;
      const before = parts.find((part) => part.color === color && part.to === from && part.top === top && part.height === height);
      if (before) before.to = to;
      else parts.push({ color, from, to, top, height });
    }
  });
  return parts;
}

/** Return a text with a time, such as "02:15–05:30", with its weekday if it is a day or more ahead. */
function timeAt(time: Date, now: Date, locale: Locale, text = locale.time(time)): string {
  return time.getTime() - now.getTime() >= DAY_MS ? `${locale.shortWeekday(time)}, ${text}` : text;
}

function whenOf(load: EnteredLoad, planned: PlannedLoad | undefined, now: Date, locale: Locale): string {
  const t = locale.textOf<PlanKey>(planTexts);
  if (load.hand_until) return t("by_hand_until", { time: timeAt(new Date(load.hand_until), now, locale) });
  if (load.skipped_until) return t("skipped_until", { time: timeAt(new Date(load.skipped_until), now, locale) });
  const runs = (planned?.runs ?? []).map((run) => [new Date(run.start), new Date(run.end)] as const);
  const next = runs.find(([start]) => start > now)?.[0];
  const again = next ? t("tries_again", { time: timeAt(next, now, locale) }) : "";
  if (load.state === "tries_again" && again) return again;
  if (load.state === "did_not_start") return [t("did_not_start"), again].filter(Boolean).join(", ");
  if (load.state !== "planned" && load.state !== "running" && load.state !== "tries_again") return t(load.state);
  return runs.map(([start, end]) => (start <= now ? t("now_until", { time: locale.time(end) }) : timeAt(start, now, locale, locale.timeRange(start, end)))).join(", ");
}

function notesOf(load: EnteredLoad, planned: PlannedLoad, canDiffer: boolean, now: Date, locale: Locale): string[] {
  const t = locale.textOf<PlanKey>(planTexts);
  const { saving, limit_price: limit, missing_kwh: missing, runs } = planned;
  const isWaiting = !load.is_at_once && runs.length > 0 && new Date(runs[0]!.start) > now;
  const waits = { sun: t("waits_sun"), price: t("waits_price"), reference_power: t("waits_room"), deadline: "" };
  const isLimited = canDiffer && limit !== null && load.may_pause && !load.is_at_once;
  const by = load.once_by && load.once_by === load.by ? "by_once" : "by";
  return [
    load.is_at_once ? t("at_once") : "",
    load.is_at_once && (load.more_eur ?? 0) >= MIN_SAVING_EUR ? t("more", { cost: locale.cents(load.more_eur!) }) : "",
    canDiffer && isWaiting && planned.reason ? waits[planned.reason] : "",
    missing >= MIN_MISSING_KWH ? t("missing", { kwh: locale.kWh(missing) }) : "",
    load.by ? t(by, { time: timeAt(new Date(load.by), now, locale) }) : "",
    saving >= MIN_SAVING_EUR && !load.is_at_once ? t("saves", { saving: locale.cents(saving) }) : "",
    load.is_switched ? (isLimited ? t("up_to", { price: locale.unit(100 * limit, "ct") }) : "") : t("yours"),
  ].filter(Boolean);
}

/** Return the kWh of the loads in a quarter-hour that are above the reference power. */
function excessOf({ loads_kw, net_kw: net }: PlannedQuarterHour, reference: number): number {
  const above = Math.min(net - reference, sumOf(Object.values(loads_kw)));
  return above > ROUNDING_KW ? above / 4 : 0;
}

/** Return the quarter-hours in which a load runs. */
function tableOf({ loads, plan }: Plan, reference: number | null, now: Date, locale: Locale): ShownPlan["table"] {
  const t = locale.textOf<PlanKey>(planTexts);
  const quarters = (plan?.quarter_hours ?? []).filter(({ loads_kw }) => Object.keys(loads_kw).length);
  const shown = loads.filter(({ id }) => quarters.some(({ loads_kw }) => loads_kw[id]));
  if (!shown.length) return undefined;
  const excess = (quarter: PlannedQuarterHour) => (reference === null ? [] : [locale.number(excessOf(quarter, reference), 2)]);
  return {
    head: [
      t("time"),
      ...shown.map(({ name }) => `${name}, kW`),
      t("of_house"),
      ...(reference === null ? [] : [t("of_above", { kw: locale.referenceKW(reference) })]),
      t("of_price"),
    ],
    rows: quarters.map((quarter) => [
      dayAndTime(new Date(quarter.start), now, locale),
      ...shown.map(({ id }) => locale.number(quarter.loads_kw[id] ?? 0, 1)),
      locale.number(quarter.net_kw, 1),
      ...excess(quarter),
      locale.number(100 * quarter.price_import, 1),
    ]),
  };
}

/** Return a text with a time, with its weekday unless it is today. */
export function dayAndTime(time: Date, now: Date, locale: Locale, text = locale.time(time)): string {
  return localDay(time) === localDay(now) ? text : `${locale.shortWeekday(time)}, ${text}`;
}

/** Return when the plan ends, such as "tomorrow evening". */
function endOf({ quarter_hours: quarters }: HousePlan, now: Date, locale: Locale): string {
  const last = new Date(quarters[quarters.length - 1]!.start);
  const isTomorrow = localDay(last) === addDays(localDay(now), 1);
  return isTomorrow ? locale.text(planTexts, "tomorrow_evening") : locale.shortWeekday(last);
}

/** Return the labels of the axis: each sixth hour, or each midnight of a long plan. Midnight has its weekday. */
export function hourLabels(quarters: { start: string }[], locale: Locale): ShownPlan["labels"] {
  const step = quarters.length * (locale.hour(12).length + LABEL_GAP) > MAX_LETTERS ? 24 : 6;
  return quarters.flatMap(({ start }, index) => {
    const time = new Date(start);
    const { hour, minute } = localParts(time);
    if (minute || hour % step) return [];
    return [{ at: index / quarters.length, text: hour ? locale.hour(hour) : locale.shortWeekday(time).replace(/\s\d.*$/, "") }];
  });
}

/** Return the first day with a plan, which needs seven whole days; undefined if it has come. */
function firstPlan({ known_since: since }: PlannedMeter, now: Date): string | undefined {
  const day = firstWholeDay(since);
  const first = day && addDays(day, WHOLE_DAYS);
  return first && first > localDay(now) ? first : undefined;
}

/** Return the shown plan. */
export function shownPlan(shown: Plan, meter: PlannedMeter, now: Date, locale: Locale): ShownPlan {
  const { reference_kw: reference } = meter;
  const first = firstPlan(meter, now);
  const { loads, plan, lack } = shown;
  const t = locale.textOf<PlanKey>(planTexts);
  const quarters = plan?.quarter_hours ?? [];
  const canDiffer = plan?.can_differ ?? false;
  const rows = loads.map((load): LoadRow => {
    const planned = plan?.loads.find(({ name }) => name === load.id);
    return {
      load,
      when: capital(whenOf(load, planned, now, locale)),
      notes: planned ? notesOf(load, planned, canDiffer, now, locale) : [],
      parts: canDiffer ? partsOf(load.id, quarters, reference) : [],
      more: planned && !load.is_at_once ? planned.saving : 0,
    };
  });
  const above = reference === null ? 0 : sumOf(quarters.map((quarter) => excessOf(quarter, reference)));
  const found = new Set(rows.flatMap(({ parts }) => parts.map(({ color }) => color)));
  return {
    title: plan ? t("until", { time: endOf(plan, now, locale) }) : t("plan"),
    notes: [
      ...(loads.length ? [] : [t("no_load"), t("what_is")]),
      first && !plan ? t("first_plan", { day: locale.day(dayStart(first)) }) : lack ? t(lack) : "",
      plan?.loads.length && !canDiffer ? t("indifferent") : "",
      reference !== null && found.size && !found.has("excess") ? t("no_surcharge") : "",
      reference !== null && above >= MIN_MISSING_KWH ? t("surcharged", { kwh: locale.kWh(above), kw: locale.referenceKW(reference) }) : "",
      plan?.prices_of_day_before_from ? t("yesterday") : "",
    ].filter(Boolean),
    rows,
    tints: TINTS.filter((tint) => found.has(tint)),
    labels: found.size ? hourLabels(quarters, locale) : [],
    table: tableOf(shown, reference, now, locale),
  };
}
