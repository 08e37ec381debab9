/** Texts shared by the three cards of supply quality. */

import type { CommonKey, Locale, Params, Texts } from "../locale.ts";
import texts from "../texts/quality.json" with { type: "json" };

export type QualityKey = keyof (typeof texts)["en"] | CommonKey;
export const qualityTexts: Texts<QualityKey> = texts;

export const say = (locale: Locale, key: QualityKey, params: Params = {}): string => locale.text(qualityTexts, key, params);

/** Return a duration as text, such as "40 s", "12 min", "2 h 10 min" or "3 days". */
export function duration(ms: number, locale: Locale): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return locale.unit(seconds, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return locale.unit(minutes, "min");
  if (minutes >= 48 * 60) return locale.count(qualityTexts, "days", Math.floor(minutes / 1440));
  const hours = locale.unit(Math.floor(minutes / 60), "h");
  return minutes % 60 ? `${hours} ${locale.unit(minutes % 60, "min")}` : hours;
}

/** Return a time in ms since 1970; undefined if it is not a valid time. */
export function parseTime(time: unknown): number | undefined {
  const ms = typeof time === "string" ? Date.parse(time) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
