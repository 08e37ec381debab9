/** Texts that compare today with the same weekday of the last weeks. */

import { type Locale, localParts } from "../locale.ts";
import type { Day, Usual } from "../websocket-types.ts";
import { type Row, type SoFarKey, soFarTexts } from "./so-far.ts";

/** Largest relative difference that is called "as usual". */
const SAME_SHARE = 0.1;

/** Texts about the same weekday in the last four weeks, until the same time of the day. */
export interface UsualTexts {
  /** Cells of the column with the usual values, by row. */
  cells: Partial<Record<Row["key"], string>>;
  sentence: string;
  note: string;
}

/**
 * Return the texts that compare today with a usual day up to the same time. The cost comes first, because less energy
 * may cost more.
 */
export function usualTexts(today: Day, usual: Usual, until: Date, locale: Locale): UsualTexts {
  const t = (key: SoFarKey, params: Record<string, string | number> = {}) => locale.text(soFarTexts, key, params);
  const kWh = (wh: number) => locale.kWh(wh / 1000);
  const isSame = (value: number, mean: number) => Math.abs(value - mean) <= SAME_SHARE * Math.abs(mean);
  const both = (value: number, mean: number, show: (value: number) => string) => ({ value: show(value), usual: show(mean) });
  const [cost, energy] = [today.cost, today.imported_wh];
  const sentences: string[] = [];
  if (typeof cost === "number" && usual.cost !== null) {
    sentences.push(t(isSame(cost, usual.cost) ? "same_first" : "usual_first", both(cost, usual.cost, (value) => locale.cents(value))));
  }
  if (energy !== null) {
    const name = isSame(energy, usual.imported_wh) ? "same" : "usual";
    sentences.push(t(sentences.length ? `${name}_energy` : `${name}_first`, both(energy, usual.imported_wh, kWh)));
  }
  const days = t("weekdays").split(" ")[localParts(until).dayOfWeek]!;
  return {
    cells: {
      grid: kWh(usual.imported_wh),
      fed_in: kWh(usual.exported_wh),
      highest: locale.kW(usual.peak_kw),
      ...(usual.cost === null ? {} : { cost: locale.cents(usual.cost) }),
    },
    sentence: sentences.join(" "),
    note: t("usual_is", { count: usual.days, days, time: locale.time(until) }),
  };
}
