/** Third part of the cards, loaded after the second part: those that are opened least, and what opens in a card. */

import { defineCards } from "./card-list.ts";
import { QualityCard } from "./cards/quality.ts";
import { WhatIfCard } from "./cards/what-if.ts";
import { defineOnce, whenFrontendLoaded } from "./card-types-and-elements.ts";
import { CardMenu } from "./parts/card-menu.ts";
import { SettingsForm } from "./parts/settings-form.ts";
import "./cards-loaded-second.ts";

whenFrontendLoaded(() => {
  defineOnce("smarty-p1-menu", CardMenu);
  defineOnce("smarty-p1-settings", SettingsForm);
  defineCards({
    "smarty-p1-what-if": WhatIfCard,
    "smarty-p1-quality": QualityCard,
  });
});
