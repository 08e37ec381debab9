/** Definition of cards, and their entries in Home Assistant's card list. */

import { pageLocale, type SmartyCard } from "./base-card.ts";
import { type CardType, defineOnce } from "./card-types-and-elements.ts";

type Card = CustomElementConstructor & Pick<typeof SmartyCard, "texts">;

declare global {
  interface Window {
    customCards?: object[];
    customStrategies?: object[];
  }
}

/** Define cards and list them in the order of `cards`, except those of another version of this module. */
export function defineCards(cards: Partial<Record<CardType, Card>>): void {
  for (const [type, card] of Object.entries(cards)) {
    if (!defineOnce(type, card)) continue;
    (window.customCards ??= []).push({
      type,
      preview: true,
      documentationURL: "https://github.com/smarty-p1/smarty_p1",
      // The user can change the language after the page was loaded. So the name is a getter.
      get name() {
        return pageLocale().text(card.texts, "name");
      },
      get description() {
        return pageLocale().text(card.texts, "description");
      },
    });
  }
}
