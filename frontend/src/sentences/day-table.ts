/** Table behind the bars of a day, and the notes below the bars. */

import { kwOf, type Quarter } from "../drawing/today.ts";
import { type Locale, QUARTER_HOUR_MS } from "../locale.ts";
import { timeOf, type TodayKey, todayTexts } from "./today.ts";

export interface DayTableData {
  quarters: readonly Quarter[];
  start: number;
  begun: number;
  ended: number;
  reference: number | null;
  hasSun: boolean;
}

/** Return the notes about gaps and about quarter-hours from the platform; "" without any. */
export function dayNotes({ quarters, begun, ended }: DayTableData, locale: Locale): { gaps: string; portal: string } {
  const count = (key: string, is: (quarter: Quarter, index: number) => boolean) => {
    const number = quarters.filter(is).length;
    return number ? [locale.count(todayTexts, key, number)] : [];
  };
  const [gaps = ""] = count("gaps", ({ imported }, index) => imported === null && index < ended && index >= begun);
  const portal = [
    ...count("portal", ({ origin }) => origin !== undefined),
    ...count("estimated", ({ origin }) => origin === "platform_estimated"),
  ];
  return { gaps, portal: portal.join(", ") };
}

export function dayTable({ quarters, start, ended, reference, hasSun }: DayTableData, locale: Locale) {
  const R = reference === null ? "" : locale.referenceKW(reference);
  const t = (key: TodayKey) => locale.text(todayTexts, key, { R });
  const hasR = reference !== null;
  const row = ({ imported, exported, origin }: Quarter, index: number): string[] => {
    const about = origin === "platform_estimated" ? "≈\u00a0" : "";
    const kw = (wh: number | null) => (wh === null ? "–" : about + locale.number(kwOf(wh), 1));
    const above = kwOf(imported) - (reference ?? 0);
    const time = timeOf(new Date(start + index * QUARTER_HOUR_MS), locale, quarters.length);
    const excess = above > 0 ? about + locale.number(above / 4, 2) : "";
    return [time, kw(imported), ...(hasSun ? [kw(exported)] : []), ...(hasR ? [excess] : [])];
  };
  return {
    head: [t("time"), t("drawn_kw"), ...(hasSun ? [t("fed_kw")] : []), ...(hasR ? [t("above_kwh")] : [])],
    rows: () => quarters.slice(0, ended).map(row),
  };
}
