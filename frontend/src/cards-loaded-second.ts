/** Second part of the cards, loaded right after the first part, whose code it uses. */

import { defineCards } from "./card-list.ts";
import { MonthsCard } from "./cards/months.ts";
import { BillCard } from "./cards/bill.ts";
import { PlanCard } from "./cards/plan.ts";
import { WhereCard } from "./cards/where.ts";
import { YearCard } from "./cards/year.ts";
import { MediumCard } from "./cards/gas-water-heat.ts";
import "./cards-loaded-first.ts";
import { whenFrontendLoaded } from "./card-types-and-elements.ts";

whenFrontendLoaded(() => {
  defineCards({
    "smarty-p1-bill": BillCard,
    "smarty-p1-months": MonthsCard,
    "smarty-p1-plan": PlanCard,
    "smarty-p1-where": WhereCard,
    "smarty-p1-year": YearCard,
    "smarty-p1-gas-water-heat": MediumCard,
  });
});
