import type { Texts } from "../locale.ts";
import texts from "../texts/months.json" with { type: "json" };

export type MonthsKey = keyof (typeof texts)["en"];
export const monthsTexts: Texts<MonthsKey> = texts;
