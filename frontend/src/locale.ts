/** Words, numbers, dates and times in the user's Home Assistant formats. */

import { memoize } from "./data/memoize.ts";
import { lastOf, sumOf } from "./built-in-replacements.ts";
import type { UserFormats } from "./hass.ts";
import common from "./texts/common.json" with { type: "json" };

export type CommonKey = keyof (typeof common)["en"];

/** Return a text with a capital at its beginning: names of months and weekdays are small in some languages. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Return a text without its ** marks, for screen readers. */
export const plain = (text: string): string => text.replaceAll("**", "");

/** Round half away from zero; never return -0. */
export function round(value: number, decimals = 0): number {
  const factor = 10 ** decimals;
  // A sum of binary fractions may be slightly too low, such as 0.12499999 kWh instead of 0.125 kWh. Such a sum must
  // still become 0.13, so add 1e-7.
  const whole = Math.floor(Math.abs(value) * factor + 0.5 + 1e-7);
  return whole === 0 ? 0 : (Math.sign(value) * whole) / factor;
}

/** Round a value down, such as the power that a household may add. A higher value could exceed the limit. */
export function roundDown(value: number, decimals = 0): number {
  const factor = 10 ** decimals;
  return Math.floor(value * factor + 1e-7) / factor || 0;
}

/** Round a value up, such as the power that a household has to save. A lower value would not be enough. */
export function roundUp(value: number, decimals = 0): number {
  const factor = 10 ** decimals;
  return Math.ceil(value * factor - 1e-7) / factor || 0;
}

/**
 * Round parts so that they add up to the rounded sum. First, all parts are rounded down. Then the parts with the
 * largest rounding losses are rounded up, until the sum is right.
 */
export function roundParts(parts: number[], decimals = 2, sum?: number): number[] {
  const factor = 10 ** decimals;
  const exact = parts.map((part) => part * factor);
  const wanted = Math.round(round(sum ?? sumOf(parts), decimals) * factor);
  const whole = exact.map((part) => Math.floor(part + 1e-7));
  let left = wanted - sumOf(whole);
  const order = exact
    .map((part, index) => ({ index, lost: part - whole[index]! }))
    .sort((a, b) => b.lost - a.lost || a.index - b.index);
  for (let turn = 0; left > 0 && order.length; turn = (turn + 1) % order.length, left -= 1) {
    whole[order[turn]!.index]! += 1;
  }
  for (let turn = order.length - 1; left < 0 && turn >= 0; turn -= 1, left += 1) whole[order[turn]!.index]! -= 1;
  return whole.map((part) => part / factor || 0);
}

export const LANGUAGES = ["en", "de", "fr", "lb", "pt"] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * Texts of a card, by language and key. Keys that depend on a number end with _one and _other. A key that the card does
 * not have is that of a common text.
 *
 * Only the user's language is loaded: see text-loader.ts.
 */
export type Texts<Key extends string = string> = Record<Language, Record<Exclude<Key, CommonKey>, string>>;
export type Params = Record<string, string | number>;

/** Instant as the browser has it, in ms since 1970, or as an answer has it. */
export type Instant = Date | number | string;

/** Days begin and end at midnight in this time zone, even if the browser uses another time zone. */
export const TIME_ZONE = "Europe/Luxembourg";
const SPACE = "\u00a0";
const HOUR_MS = 3_600_000;
export const QUARTER_HOUR_MS = HOUR_MS / 4;

const NUMBER_TAGS: Record<string, string | undefined> = {
  comma_decimal: "en-US",
  decimal_comma: "de",
  space_comma: "fr",
  quote_decimal: "de-CH",
};

const WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split(" ");
/** Return the card language for a language tag; English if the cards have no such language. */
export function languageOf(tag: string): Language {
  const [short] = tag.split("-");
  return LANGUAGES.find((language) => language === short) ?? "en";
}

/** Return whether the browser has formats for a language tag. A browser's own language may be no tag at all, such as "C". */
function isKnownTag(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf([tag]).length > 0;
  } catch {
    return false;
  }
}

/** Return the first day of the week in a language, counted from Monday. */
function firstWeekdayIn(language: string): number {
  const known: { getWeekInfo?: () => { firstDay: number } } = isKnownTag(language) ? (new Intl.Locale(language) as object) : {};
  // The languages of Home Assistant whose week does not begin on Monday, for browsers that do not tell it.
  const other = /^(ar|fa)/.test(language) ? 6 : /^(af|bn|en(?!-GB)|h[ei]|i[ds]|ja|ko|m[ly]|ne|pt|t[aeh]|ur|zh-Hant)/.test(language) ? 7 : 1;
  return (known.getWeekInfo?.().firstDay ?? other) - 1;
}

/** Return the locale. All cards of a page share it, because creating number and time formats is slow. */
export const localeOf = memoize((formats: UserFormats, language: string | undefined): Locale => new Locale(formats, language));

export class Locale {
  readonly language: Language;
  /** First day of the week, counted from Monday, by the same rule as in Home Assistant's frontend. */
  readonly firstWeekday: number;
  readonly #tag: string;
  readonly #numberTag: string | undefined;
  readonly #useGrouping: boolean;
  readonly #hour12: boolean;
  readonly #formats = new Map<string, Intl.DateTimeFormat>();
  #plurals: Intl.PluralRules | undefined;
  readonly #numbers = new Map<number, Intl.NumberFormat>();

  constructor(formats: UserFormats, language = formats.language) {
    this.language = languageOf(language);
    this.firstWeekday = formats.first_weekday === "language" ? firstWeekdayIn(formats.language) : Math.max(0, WEEKDAYS.indexOf(formats.first_weekday));
    // In a browser without Luxembourgish, numbers and dates get German formats. The names of months and weekdays come
    // from the texts of the cards.
    const isUsersTag = isKnownTag(language) && this.language === language.split("-")[0];
    const tagOfLanguage = this.language === "lb" ? "de" : this.language;
    this.#tag = isUsersTag ? language : tagOfLanguage;
    // Numbers, and whether times use AM and PM, follow the user's language by the same rules as in Home Assistant's
    // frontend, even if the cards have no such language.
    const tag = isKnownTag(formats.language) ? formats.language : this.#tag;
    this.#numberTag =
      formats.number_format === "system"
        ? undefined
        : (NUMBER_TAGS[formats.number_format] ?? (formats.number_format === "language" ? tag : "en-US"));
    this.#useGrouping = formats.number_format !== "none";
    this.#hour12 = usesTwelveHours(formats, tag);
  }

  /** Make the formats of most sentences, which is slow, while answers are on their way. */
  prepare(): void {
    this.dayAndTime(0, 0, true);
    this.time(0);
    this.number(0);
    this.number(0, 1);
  }

  /** Return a text with its parameters filled in. */
  text<Key extends string>(texts: Texts<Key>, key: Key, params: Params = {}): string {
    const find = (from: Partial<Texts>) => from[this.language]?.[key];
    const text = find(texts) ?? find(common) ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
  }

  /** Return the function that returns a text of a card by its key. */
  textOf<Key extends string>(texts: Texts<Key>): (key: Key, params?: Params) => string {
    return (key, params) => this.text(texts, key, params);
  }

  common(key: CommonKey, params: Params = {}): string {
    return this.text(common, key, params);
  }

  /** Return a list such as "L1, L2 and L3". */
  list(names: readonly string[]): string {
    const b = lastOf(names) ?? "";
    return names.length < 2 ? b : this.common("and", { a: names.slice(0, -1).join(", "), b });
  }

  /** Return a colon or semicolon with the space before it that French has. */
  sign(sign: ":" | ";"): string {
    return this.language === "fr" ? `\u00a0${sign}` : sign;
  }

  /** Return the text whose key ends with the plural category of `count`; {count} becomes the number. */
  count(texts: Texts, key: string, count: number, params: Params = {}): string {
    const isOne = (this.#plurals ??= new Intl.PluralRules(this.#tag)).select(count) === "one";
    return this.text(texts, `${key}_${isOne ? "one" : "other"}`, { count: this.number(count), ...params });
  }

  number(value: number, decimals = 0): string {
    let format = this.#numbers.get(decimals);
    if (!format) {
      const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
      format = new Intl.NumberFormat(this.#numberTag, { ...digits, useGrouping: this.#useGrouping });
      this.#numbers.set(decimals, format);
    }
    return format.format(round(value, decimals)).replace(/^-/, "−").replace(/\s/g, SPACE);
  }

  /**
   * Return a whole number. A value between 0 and 0.5 becomes "< 1", and a value between −0.5 and 0 becomes "> −1",
   * never "0".
   */
  whole(value: number): string {
    if (!value || round(value)) return this.number(value);
    return `${value < 0 ? ">" : "<"}${SPACE}${this.number(Math.sign(value))}`;
  }

  /** Return a difference with its sign, "+" included. */
  signed(value: number, decimals = 0): string {
    return round(value, decimals) > 0 ? `+${this.number(value, decimals)}` : this.number(value, decimals);
  }

  /** Return a number with one decimal, or with none if it is whole. */
  short(value: number): string {
    return this.number(value, Number.isInteger(value) ? 0 : 1);
  }

  unit(value: number, unit: string, decimals = 0): string {
    return `${this.number(value, decimals)}${SPACE}${unit}`;
  }

  /** Return a power in kW: one decimal below 100 kW, none from there on. */
  kW(value: number): string {
    return this.unit(value, "kW", kwDecimals(value));
  }

  /** Return a reference power written as in the contract: 7 kW, 2.8 kW. */
  referenceKW(value: number): string {
    return `${this.short(value)}${SPACE}kW`;
  }

  kWh(value: number, decimals = 1): string {
    return this.unit(value, "kWh", decimals);
  }

  cents(value: number): string {
    return this.unit(value, "€", 2);
  }

  euros(value: number): string {
    return this.unit(value, "€", 0);
  }

  percent(share: number, decimals = 0): string {
    // A share below 1 must never be rounded up to 100 %.
    const percent = share * 100;
    const shown = share < 1 ? Math.min(percent, 100 - 10 ** -decimals) : percent;
    return this.language === "en" ? `${this.number(shown, decimals)}%` : this.unit(shown, "%", decimals);
  }

  time(time: Instant, seconds = false): string {
    return this.#format(seconds ? "seconds" : "time", time);
  }

  /** Return a clock time, with its day unless that is the day of `now`: "18:15", or "21 Nov, 18:15". */
  dayAndTime(time: Instant, now: Instant, seconds = false): string {
    const clock = this.time(time, seconds);
    return localDay(time) === localDay(now) ? clock : `${this.shortDay(time)}, ${clock}`;
  }

  timeRange(start: Instant, end: Instant): string {
    if (!this.#hour12) return `${this.time(start)}–${this.time(end)}`;
    // For a range over midnight, `formatRange` would also write the dates. So join the two clock times here.
    if (localDay(start) !== localDay(end)) return `${this.time(start)} – ${this.time(end)}`;
    // `formatRange` writes AM or PM only once, as in "6:30 – 6:45 PM".
    return this.#formatOf("time").formatRange(new Date(start), new Date(end));
  }

  /** Return an hour of the day as a time, such as "22:30" or "10:30 PM" for 22.5. */
  clock(hour: number): string {
    return this.time(timeOfDay(hour));
  }

  /** Return a full hour of the day for an axis, such as "18" or "6 PM". */
  hour(hour: number): string {
    return this.#hour12 ? this.#format("hour", timeOfDay(hour)) : String(hour);
  }

  /** Return a text such as "Saturday 21 November". */
  readonly weekday = this.#formatter("weekday");
  /** Return a text such as "Sat 21". */
  readonly shortWeekday = this.#formatter("shortWeekday");
  /** Return a text such as "21 November". */
  readonly day = this.#formatter("day");
  /** Return a text such as "21 Nov". */
  readonly shortDay = this.#formatter("shortDay");
  /** Return a text such as "Sat 21 Nov". */
  readonly shortDate = this.#formatter("shortDate");
  /** Return a text such as "21 November 2026". */
  readonly date = this.#formatter("date");
  /** Return a text such as "November". */
  readonly month = this.#formatter("month");
  /** Return a text such as "Nov". */
  readonly shortMonth = this.#formatter("shortMonth");
  /** Return a text such as "November 2026". */
  readonly monthYear = this.#formatter("monthYear");

  #formatter(kind: keyof typeof DATE_FORMATS): (time: Instant) => string {
    return (time) => this.#format(kind, time);
  }

  #formatOf(kind: keyof typeof DATE_FORMATS): Intl.DateTimeFormat {
    let format = this.#formats.get(kind);
    if (!format) {
      const isClock = kind === "time" || kind === "seconds" || kind === "hour";
      const clock = this.#hour12 ? ({ hour12: true, hour: "numeric" } as const) : ({ hourCycle: "h23" } as const);
      // In European English, the day comes before the month, so use the format of Great Britain.
      const tag = this.#tag === "en" && !isClock ? "en-GB" : this.#tag;
      format = new Intl.DateTimeFormat(tag, { timeZone: TIME_ZONE, ...DATE_FORMATS[kind], ...(isClock ? clock : {}) });
      this.#formats.set(kind, format);
    }
    return format;
  }

  #format(kind: keyof typeof DATE_FORMATS, instant: Instant): string {
    const format = this.#formatOf(kind);
    const time = new Date(instant);
    // Only long dates keep the comma of their language: "Samstag, 21. November".
    const comma = kind === "weekday" ? "," : "";
    if (this.language !== "lb") {
      const text = format.format(time).replace(",", comma);
      return this.language === "fr" && "day" in DATE_FORMATS[kind] ? text.replace(/\b1\b/, "1er") : text;
    }
    const { month, weekday } = DATE_FORMATS[kind] as Intl.DateTimeFormatOptions;
    const names = (key: "months" | "weekdays", length: string | undefined, index: number) => {
      const name = this.common(key).split(" ")[index] ?? "";
      return length === "short" ? name.slice(0, key === "months" ? 3 : 2) : name;
    };
    const { monthIndex, dayOfWeek } = localParts(time);
    return format
      .formatToParts(time)
      .map((part) =>
        part.type === "month" && month !== "numeric"
          ? names("months", month, monthIndex)
          : part.type === "weekday"
            ? names("weekdays", weekday, dayOfWeek)
            : part.value,
      )
      .join("")
      .replace(",", comma);
  }
}

const DATE_FORMATS = {
  time: { hour: "2-digit", minute: "2-digit" },
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  hour: { hour: "numeric" },
  weekday: { weekday: "long", day: "numeric", month: "long" },
  shortWeekday: { weekday: "short", day: "numeric" },
  day: { day: "numeric", month: "long" },
  shortDay: { day: "numeric", month: "short" },
  shortDate: { weekday: "short", day: "numeric", month: "short" },
  date: { day: "numeric", month: "long", year: "numeric" },
  month: { month: "long" },
  shortMonth: { month: "short" },
  monthYear: { month: "long", year: "numeric" },
} as const;

/** Return the instant of an hour of a winter day. On that day, Luxembourg's clock is an hour ahead. */
export const timeOfDay = (hour: number): Date => new Date(Date.UTC(2026, 0, 15) + (hour - 1) * HOUR_MS);

export const kwDecimals = (value: number): number => (Math.abs(value) < 99.95 ? 1 : 0);

/** Return whether times use AM and PM. `tag` is the user's language. */
function usesTwelveHours({ time_format }: UserFormats, tag: string): boolean {
  if (time_format !== "language" && time_format !== "system") return time_format === "12";
  const tested = time_format === "language" ? tag : undefined;
  return new Date(2023, 0, 1, 22).toLocaleTimeString(tested, { hour: "numeric" }).includes("10");
}

/** Maximum number of hours whose offset is cached. The displayed days have fewer hours. */
const MAX_OFFSETS = 2_000;
const offsets = new Map<number, number>();
let parts: Intl.DateTimeFormat | undefined;

/**
 * Return the clock offset of Luxembourg from UTC in ms. Offsets change at full hours, so one lookup serves a whole
 * hour.
 */
function aheadMs(time: number): number {
  const hour = Math.floor(time / HOUR_MS);
  let ahead = offsets.get(hour);
  if (ahead === undefined) {
    // Every page of Home Assistant loads this module, but few pages need this format. So create the format only at its
    // first use.
    parts ??= new Intl.DateTimeFormat("en-GB", {
      timeZone: TIME_ZONE,
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      hourCycle: "h23",
    });
    const fields = Object.fromEntries(parts.formatToParts(hour * HOUR_MS).map(({ type, value }) => [type, Number(value)]));
    ahead = Date.UTC(fields.year!, fields.month! - 1, fields.day!, fields.hour!) - hour * HOUR_MS;
    if (offsets.size >= MAX_OFFSETS) offsets.clear();
    offsets.set(hour, ahead);
  }
  return ahead;
}

/** Return the calendar date and clock time in Luxembourg. */
export function localParts(time: Instant) {
  const ms = new Date(time).getTime();
  const local = new Date(ms + aheadMs(ms));
  return {
    year: local.getUTCFullYear(),
    monthIndex: local.getUTCMonth(),
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    dayOfWeek: (local.getUTCDay() + 6) % 7,
  };
}

/** Return the day in Luxembourg as 2026-11-21. */
export function localDay(time: Instant): string {
  const { year, monthIndex, day } = localParts(time);
  return `${year}-${String(monthIndex + 1).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** Return the instant at which a day (2026-11-21) begins in Luxembourg. */
export function dayStart(day: string): Date {
  const midnight = new Date(`${day}T00:00:00Z`);
  // Luxembourg is one or two hours ahead of UTC. The clocks never change at midnight. So one of these two offsets gives
  // the start of the day.
  for (const hours of [1, 2]) {
    const time = new Date(midnight.getTime() - hours * HOUR_MS);
    if (localParts(time).hour === 0 && localDay(time) === day) return time;
  }
  return midnight;
}

/** Return the day `count` days later; earlier if `count` is negative. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** Return the month (2026-11) `count` months later; earlier if `count` is negative. */
export function addMonths(month: string, count: number): string {
  const [year = 0, index = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, index - 1 + count)).toISOString().slice(0, 7);
}
