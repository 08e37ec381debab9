import type { Texts } from "../locale.ts";
import texts from "../texts/today.json" with { type: "json" };

export type TodayKey = keyof (typeof texts)["en"];
export const todayTexts: Texts<TodayKey> = texts;
