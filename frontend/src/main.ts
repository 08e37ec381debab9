/** Entry point: defines the cards and the dashboard strategy, once on each page. */

import { pageLocale } from "./base-card.ts";
// The order of these imports is the order of the cards in the built module. Similar cards stand beside each other,
// because the compressed module is then 1 kB smaller than in alphabetical order.
import { SoFarCard } from "./cards/so-far.ts";
import { BatteryCard } from "./cards/battery.ts";
import { MonthsCard } from "./cards/months.ts";
import { TodayCard } from "./cards/today.ts";
import { BillCard } from "./cards/bill.ts";
import { YearCard } from "./cards/year.ts";
import { NowCard } from "./cards/now.ts";
import { MediumCard } from "./cards/gas-water-heat.ts";
import { QualityCard } from "./cards/quality.ts";
import type { Texts } from "./locale.ts";
import { batteryTexts } from "./sentences/battery.ts";
import { billTexts } from "./sentences/bill.ts";
import { mediumTexts } from "./sentences/gas-water-heat-month.ts";
import { monthsTexts } from "./sentences/months.ts";
import { nowTexts } from "./sentences/now.ts";
import { qualityTexts } from "./sentences/quality.ts";
import { soFarTexts } from "./sentences/so-far.ts";
import { todayTexts } from "./sentences/today.ts";
import { yearTexts } from "./sentences/year.ts";
import { SidebarRedirect, SIDEBAR_REDIRECT } from "./sidebar-redirect.ts";
import { offer, SmartyDashboard, STRATEGY } from "./dashboard-layout.ts";

interface CardEntry {
  card: CustomElementConstructor;
  texts: Texts<"name" | "description">;
}

/** Cards by type, in the order of Home Assistant's card list. */
const CARDS: Record<string, CardEntry> = {
  "smarty-p1-now": { card: NowCard, texts: nowTexts },
  "smarty-p1-so-far": { card: SoFarCard, texts: soFarTexts },
  "smarty-p1-today": { card: TodayCard, texts: todayTexts },
  "smarty-p1-bill": { card: BillCard, texts: billTexts },
  "smarty-p1-months": { card: MonthsCard, texts: monthsTexts },
  "smarty-p1-year": { card: YearCard, texts: yearTexts },
  "smarty-p1-battery": { card: BatteryCard, texts: batteryTexts },
  "smarty-p1-quality": { card: QualityCard, texts: qualityTexts },
  "smarty-p1-medium": { card: MediumCard, texts: mediumTexts },
};

declare global {
  interface Window {
    customCards?: object[];
    customStrategies?: object[];
  }
}

// While Home Assistant's frontend loads, it replaces the registry of custom elements. Elements that were defined before
// would be lost, so wait for the frontend.
void customElements.whenDefined("home-assistant").then(() => {
  for (const [type, { card, texts }] of Object.entries(CARDS)) {
    // A page can load two versions of this module, but an element cannot be defined twice. So skip elements that the
    // other version has defined.
    if (customElements.get(type)) continue;
    customElements.define(type, card);
    (window.customCards ??= []).push({
      type,
      preview: true,
      documentationURL: "https://github.com/smarty-p1/smarty_p1",
      // The user can change the language after the page was loaded. So the name is a getter.
      get name() {
        return pageLocale().text(texts, "name");
      },
      get description() {
        return pageLocale().text(texts, "description");
      },
    });
  }
  // Start loading the texts now, so that the names are translated when the user opens the list of cards.
  pageLocale();
  if (!customElements.get(SIDEBAR_REDIRECT)) customElements.define(SIDEBAR_REDIRECT, SidebarRedirect);
  if (customElements.get(`ll-strategy-dashboard-${STRATEGY}`)) return;
  customElements.define(`ll-strategy-dashboard-${STRATEGY}`, SmartyDashboard);
  (window.customStrategies ??= []).push(offer);
});
