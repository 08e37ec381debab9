/**
 * Loader for the texts of the user's language. Every language is a file beside the module.
 *
 * The cards show no text until the file has arrived. If loading fails or takes too long, a note says so, and the page
 * tries again.
 */

import { requestFile } from "./file-request.ts";
import type { UserFormats } from "./hass.ts";
import { type Language, Locale, languageOf, localeOf } from "./locale.ts";
import { addLanguage } from "./registered-texts.ts";
import common from "./texts/common.json" with { type: "json" };
import fallback from "./texts/fallback.json" with { type: "json" };

/** Digests of the language files, inserted by the build. */
declare const TEXTS: Record<Language, string>;

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
    addLanguage(language, JSON.parse(text) as Parameters<typeof addLanguage>[1]);
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
