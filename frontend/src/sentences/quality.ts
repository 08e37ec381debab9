import type { Texts } from "../locale.ts";
import texts from "../texts/quality.json" with { type: "json" };

export type QualityKey = keyof (typeof texts)["en"];
export const qualityTexts: Texts<QualityKey> = texts;
