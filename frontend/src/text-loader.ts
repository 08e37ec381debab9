/**
 * Loader for the texts of the user's language. Every language is a file beside the module.
 *
 * The cards show no text until the file has arrived. If loading fails or takes too long, a note says so, and the page
 * tries again.
 */

import { requestFile } from "./file-request.ts";
import type { UserFormats } from "./hass.ts";
import { type Language, Locale, languageOf, localeOf, type Texts } from "./locale.ts";
import banner from "./texts/banner.json" with { type: "json" };
import bill from "./texts/bill.json" with { type: "json" };
import common from "./texts/common.json" with { type: "json" };
import house from "./texts/house.json" with { type: "json" };
import medium from "./texts/medium.json" with { type: "json" };
import fallback from "./texts/fallback.json" with { type: "json" };
import months from "./texts/months.json" with { type: "json" };
import now from "./texts/now.json" with { type: "json" };
import plan from "./texts/plan.json" with { type: "json" };
import quality from "./texts/quality.json" with { type: "json" };
import soFar from "./texts/so-far.json" with { type: "json" };
import strategy from "./texts/strategy.json" with { type: "json" };
import today from "./texts/today.json" with { type: "json" };
import whatIf from "./texts/what-if.json" with { type: "json" };
import where from "./texts/where.json" with { type: "json" };
import year from "./texts/year.json" with { type: "json" };
import yesterday from "./texts/yesterday.json" with { type: "json" };

/** Digests of the language files, inserted by the build. */
declare const TEXTS: Record<Language, string>;

type Loaded = Record<string, Record<string, string>>;

/** Texts by the names of their files in texts/. */
const ALL: Record<string, Partial<Texts>> = { banner, bill, common, house, medium, months, now, plan, quality, "so-far": soFar, strategy, today, "what-if": whatIf, where, year, yesterday };
/** If the texts have not arrived after this time in ms, a note says that they are missing. */
const MAX_WAIT_MS = 3_000;

interface Loading {
  isLate: boolean;
  readonly waiting: Set<() => void>;
}

const loading = new Map<Language, Loading>();

const isLoaded = (language: Language): boolean => language in common;

/** Return the URL of a language file: beside this module, with a digest of its content in the name. */
const urlOf = (language: Language): string => new URL(`smarty-p1.${language}-${TEXTS[language]}.json`, import.meta.url).href;

function load(language: Language): Loading {
  const state: Loading = { isLate: false, waiting: new Set() };
  const notify = () => {
    for (const callback of state.waiting) callback();
    state.waiting.clear();
  };
  const setLate = () => {
    state.isLate = true;
    notify();
  };
  const late = setTimeout(setLate, MAX_WAIT_MS);
  const use = (text: string) => {
    const loaded = JSON.parse(text) as Loaded;
    for (const [name, texts] of Object.entries(ALL)) texts[language] = loaded[name] ?? {};
    clearTimeout(late);
    notify();
  };
  void requestFile(() => urlOf(language), use, setLate);
  return state;
}

/**
 * Return the locale of a user. Return undefined while the texts of the user's language are not loaded.
 *
 * If undefined is returned, `onChange` is called once: when the texts have arrived, when loading has failed, or when
 * loading takes longer than MAX_WAIT_MS. Without the texts, the caller can show the note of `missingTextsNote`.
 */
export function findLocale(formats: UserFormats, wanted = formats.language, onChange?: () => void): Locale | undefined {
  const language = languageOf(wanted);
  if (isLoaded(language)) return localeOf(formats, wanted);
  let state = loading.get(language);
  if (!state) loading.set(language, (state = load(language)));
  if (onChange) state.waiting.add(onChange);
  return undefined;
}

/**
 * Return the locale of a user as soon as the texts of the user's language are loaded. If loading fails or takes too
 * long, return the locale without texts.
 */
export async function loadLocale(formats: UserFormats, wanted?: string): Promise<Locale> {
  if (!findLocale(formats, wanted)) await new Promise<void>((resolve) => findLocale(formats, wanted, resolve));
  return localeOf(formats, wanted);
}

/**
 * Return the note "texts are missing" in the user's language if loading has failed or takes too long. Otherwise, return
 * "".
 */
export function missingTextsNote(wanted: string): string {
  const language = languageOf(wanted);
  return loading.get(language)?.isLate ? fallback[language].missing : "";
}
