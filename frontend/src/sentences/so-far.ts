import type { Texts } from "../locale.ts";
import texts from "../texts/so-far.json" with { type: "json" };

export type SoFarKey = keyof (typeof texts)["en"];
export const soFarTexts: Texts<SoFarKey> = texts;
