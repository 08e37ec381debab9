/** Second part of the cards, loaded right after the first part, whose code it uses. */

import { defineCards } from "./card-list.ts";
import { BatteryCard } from "./cards/battery.ts";
import { WhereCard } from "./cards/where.ts";
import { YearCard } from "./cards/year.ts";
import { MediumCard } from "./cards/gas-water-heat.ts";
import { QualityCard } from "./cards/quality.ts";
import "./first-part.ts";
import { whenFrontendLoaded } from "./frontend-elements.ts";
import { batteryTexts } from "./sentences/battery.ts";
import { mediumTexts } from "./sentences/gas-water-heat-month.ts";
import { qualityTexts } from "./sentences/quality.ts";
import { whereTexts } from "./sentences/where.ts";
import { yearTexts } from "./sentences/year.ts";

whenFrontendLoaded(() => {
  defineCards({
    "smarty-p1-where": { card: WhereCard, texts: whereTexts },
    "smarty-p1-year": { card: YearCard, texts: yearTexts },
    "smarty-p1-battery": { card: BatteryCard, texts: batteryTexts },
    "smarty-p1-quality": { card: QualityCard, texts: qualityTexts },
    "smarty-p1-medium": { card: MediumCard, texts: mediumTexts },
  });
});
