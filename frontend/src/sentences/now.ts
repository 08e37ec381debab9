/** What is going on, and what may be switched on: the sentence of the first card. */

import type { Locale } from "../locale.ts";
import { kwDecimals } from "../locale.ts";
import { round, roundDown, roundUp } from "../rounding.ts";
import type { Texts } from "../locale.ts";
import texts from "../texts/now.json" with { type: "json" };

export type NowTexts = Texts<keyof (typeof texts)["en"]>;
export const nowTexts: NowTexts = texts;

/** Below it, nothing is drawn and nothing fed in. */
export const NOTHING_KW = 0.05;
/** In the last seconds a small energy would be a huge power: the next quarter-hour is what counts. */
const LAST_SECONDS = 60;

export interface Situation {
  /** Drawn less fed in. */
  power: number;
  /** The reference power in kW. */
  reference: number | null;
  /** Energy of the running quarter-hour so far, in kWh. */
  energy: number;
  /** Until its end. */
  secondsLeft: number;
  end: Date;
  /** What the connection allows, in kW. */
  connection: number | null;
  feedsIn: boolean;
  /** EUR a kWh that is fed in, and above the reference power. */
  feedInPrice: number | null;
  excessPrice: number | null;
}

/** The energy of the quarter-hour at its end, in kWh, if the power stays. */
export const projectedEnergy = ({ energy, power, secondsLeft }: Situation): number =>
  energy + (Math.max(0, power) * secondsLeft) / 3600;

export function nowSentence(now: Situation, locale: Locale): string {
  const { power, reference, energy, secondsLeft } = now;
  const t = (key: keyof (typeof texts)["en"], params: Record<string, string> = {}) => locale.text(nowTexts, key, params);
  const end = locale.time(now.end);
  if (reference !== null) {
    const R = locale.referenceKW(reference);
    const limit = reference / 4;
    const above = round(projectedEnergy(now) - limit, 1);
    const cost = now.excessPrice === null ? undefined : locale.cents(round((projectedEnergy(now) - limit) * now.excessPrice, 2));
    const priced = (key: "above" | "less", params: Record<string, string>) =>
      cost === undefined ? t(`${key}_unpriced`, params) : t(key, { ...params, cost });
    if (energy > limit) {
      return priced("above", { R, so_far: locale.kWh(energy - limit), by_end: locale.kWh(Math.max(above, round(energy - limit, 1))), end });
    }
    if (projectedEnergy(now) > limit) {
      const less = power - ((limit - energy) * 3600) / secondsLeft;
      return priced("less", { less: locale.kW(roundUp(less, kwDecimals(less))), end, R, above: locale.kWh(above) });
    }
  }
  if (power < -NOTHING_KW) {
    return now.feedInPrice ? t("feeding", { earned: locale.cents(-power * now.feedInPrice) }) : t("feeding_unpriced");
  }
  if (Math.abs(power) <= NOTHING_KW) return t(now.feedsIn ? "own" : "nothing");
  if (reference === null) return "";
  const allowed = now.connection ?? Number.POSITIVE_INFINITY;
  if (secondsLeft < LAST_SECONDS) {
    const next = Math.min(reference, allowed) - power;
    if (next <= 0) return t("next_above", { R: locale.referenceKW(reference) });
    return t("next", { more: locale.kW(roundDown(next, kwDecimals(next))), R: locale.referenceKW(reference) });
  }
  const more = Math.min(((reference / 4 - energy) * 3600) / secondsLeft, allowed) - power;
  return t("more", { more: locale.kW(roundDown(Math.max(0, more), kwDecimals(more))), end, R: locale.referenceKW(reference) });
}
