/** Third part of the cards, loaded after the second part: those that are opened least. */

import { defineCards } from "./card-list.ts";
import { BatteryCard } from "./cards/battery.ts";
import { QualityCard } from "./cards/quality.ts";
import { whenFrontendLoaded } from "./frontend-elements.ts";
import "./second-part.ts";
import { batteryTexts } from "./sentences/battery.ts";
import { qualityTexts } from "./sentences/quality.ts";

whenFrontendLoaded(() => {
  defineCards({
    "smarty-p1-battery": { card: BatteryCard, texts: batteryTexts },
    "smarty-p1-quality": { card: QualityCard, texts: qualityTexts },
  });
});
