import type { Texts } from "../locale.ts";
import texts from "../texts/medium.json" with { type: "json" };

export type MediumKey = keyof (typeof texts)["en"];
export const mediumTexts: Texts<MediumKey> = texts;
