import type { Texts } from "../locale.ts";
import texts from "../texts/bill.json" with { type: "json" };

export type BillKey = keyof (typeof texts)["en"];
export const billTexts: Texts<BillKey> = texts;
