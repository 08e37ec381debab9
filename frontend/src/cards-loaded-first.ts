/** First part of the cards: those of the view that is opened first, and the dashboard strategy. */

import { pageLocale } from "./base-card.ts";
import { defineCards } from "./card-list.ts";
// The order of these imports is the order of the cards in the built part. Similar cards stand beside each other, because
// the compressed part is then smaller than in alphabetical order.
import { SoFarCard } from "./cards/so-far.ts";
import { TodayCard } from "./cards/today.ts";
import { NowCard } from "./cards/now.ts";
import { requestEarly } from "./data/early-request.ts";
import { offer, SmartyDashboard } from "./dashboard-layout.ts";
import { defineOnce, SIDEBAR_REDIRECT, STRATEGY_ELEMENT, whenFrontendLoaded } from "./card-types-and-elements.ts";
import { SidebarRedirect } from "./sidebar-redirect.ts";

void requestEarly();
whenFrontendLoaded(() => {
  defineCards({
    "smarty-p1-now": NowCard,
    "smarty-p1-so-far": SoFarCard,
    "smarty-p1-today": TodayCard,
  });
  // Start loading the texts now, so that the names are translated when the user opens the list of cards.
  pageLocale();
  defineOnce(SIDEBAR_REDIRECT, SidebarRedirect);
  if (defineOnce(STRATEGY_ELEMENT, SmartyDashboard)) (window.customStrategies ??= []).push(offer);
});
