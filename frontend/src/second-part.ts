/** Second part of the cards, loaded right after the first part, whose code it uses. */

import { defineCards } from "./card-list.ts";
import { MonthsCard } from "./cards/months.ts";
import { BillCard } from "./cards/bill.ts";
import { PlanCard } from "./cards/plan.ts";
import { WhereCard } from "./cards/where.ts";
import { YearCard } from "./cards/year.ts";
import { MediumCard } from "./cards/gas-water-heat.ts";
import "./first-part.ts";
import { defineOnce, whenFrontendLoaded } from "./frontend-elements.ts";
import { billTexts } from "./sentences/bill.ts";
import { mediumTexts } from "./sentences/gas-water-heat-month.ts";
import { monthsTexts } from "./sentences/months.ts";
import { planTexts } from "./sentences/plan.ts";
import { whereTexts } from "./sentences/where.ts";
import { yearTexts } from "./sentences/year.ts";

whenFrontendLoaded(() => {
  defineCards({
    "smarty-p1-bill": { card: BillCard, texts: billTexts },
    "smarty-p1-months": { card: MonthsCard, texts: monthsTexts },
    "smarty-p1-plan": { card: PlanCard, texts: planTexts },
    "smarty-p1-where": { card: WhereCard, texts: whereTexts },
    "smarty-p1-year": { card: YearCard, texts: yearTexts },
    "smarty-p1-medium": { card: MediumCard, texts: mediumTexts },
  });
  // Dashboards of users name the plan by its earlier name.
  defineOnce("smarty-p1-hours", class extends PlanCard {});
});
