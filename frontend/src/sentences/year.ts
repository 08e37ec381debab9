import type { Texts } from "../locale.ts";
import texts from "../texts/year.json" with { type: "json" };

export type YearKey = keyof (typeof texts)["en"];
export const yearTexts: Texts<YearKey> = texts;
