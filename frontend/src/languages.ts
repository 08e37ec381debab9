/**
 * The texts of the language of the user, which the module itself has in English only: a file a language beside it.
 *
 * Nothing is said before they are there, so that no other language flashes up. Where they are not to be had in time,
 * the cards speak English, say so, and try again.
 */

import type { UserFormats } from "./hass.ts";
import { type Language, Locale, languageOf, localeOf, type Texts } from "./locale.ts";
import banner from "./texts/banner.json" with { type: "json" };
import battery from "./texts/battery.json" with { type: "json" };
import bill from "./texts/bill.json" with { type: "json" };
import common from "./texts/common.json" with { type: "json" };
import medium from "./texts/medium.json" with { type: "json" };
import fallback from "./texts/fallback.json" with { type: "json" };
import months from "./texts/months.json" with { type: "json" };
import now from "./texts/now.json" with { type: "json" };
import quality from "./texts/quality.json" with { type: "json" };
import soFar from "./texts/so-far.json" with { type: "json" };
import strategy from "./texts/strategy.json" with { type: "json" };
import today from "./texts/today.json" with { type: "json" };
import year from "./texts/year.json" with { type: "json" };

type Loaded = Record<string, Record<string, string>>;

/** By the names of the files in texts/. */
const ALL: Record<string, Partial<Texts>> = { banner, battery, bill, common, medium, months, now, quality, "so-far": soFar, strategy, today, year };
/** So long nothing is said. */
const PATIENCE_MS = 3_000;
const RETRY_MS = 30_000;

interface Loading {
  isLate: boolean;
  /** When it may be tried again; undefined while it is tried. */
  retryAt: number | undefined;
  readonly waiting: Set<() => void>;
}

const loading = new Map<Language, Loading>();

const isThere = (language: Language): boolean => language in common;

/** Where this module came from, with the digest that its URL has. */
function urlOf(language: Language): string {
  const { search } = new URL(import.meta.url);
  return new URL(`smarty-p1.${language}.json${search}`, import.meta.url).href;
}

async function load(language: Language, state: Loading): Promise<void> {
  const tell = () => {
    for (const told of state.waiting) told();
    state.waiting.clear();
  };
  const late = setTimeout(() => {
    state.isLate = true;
    tell();
  }, PATIENCE_MS);
  state.retryAt = undefined;
  try {
    const answer = await fetch(urlOf(language));
    if (!answer.ok) throw new Error(String(answer.status));
    const loaded = (await answer.json()) as Loaded;
    for (const [name, texts] of Object.entries(ALL)) texts[language] = loaded[name] ?? {};
  } catch {
    state.isLate = true;
    state.retryAt = Date.now() + RETRY_MS;
  }
  clearTimeout(late);
  tell();
}

/**
 * Return the words and formats of a user; undefined while they are awaited, those of English where they are missing.
 *
 * `told` is called, once, when that is another answer.
 */
export function spoken(formats: UserFormats, wanted = formats.language, told?: () => void): Locale | undefined {
  const language = languageOf(wanted);
  if (isThere(language)) return localeOf(formats, wanted);
  let state = loading.get(language);
  if (!state) loading.set(language, (state = { isLate: false, retryAt: 0, waiting: new Set() }));
  if (told) state.waiting.add(told);
  if (state.retryAt !== undefined && Date.now() >= state.retryAt) void load(language, state);
  return state.isLate ? localeOf(formats, "en") : undefined;
}

/** Return the words and formats of a user as soon as they are there, those of English after a while. */
export async function spokenSoon(formats: UserFormats, wanted?: string): Promise<Locale> {
  return spoken(formats, wanted) ?? (await new Promise<void>((resolve) => spoken(formats, wanted, resolve)), spokenNow(formats, wanted));
}

/** Return the words and formats of a user if they are there, else those of English. */
export const spokenNow = (formats: UserFormats, wanted?: string): Locale => spoken(formats, wanted) ?? new Locale(formats, "en");

/** Return what is said in the language of the user where it is not the one that is spoken. */
export function missingNote(wanted: string, locale: Locale): string {
  const language = languageOf(wanted);
  return language === locale.language ? "" : fallback[language].missing;
}
