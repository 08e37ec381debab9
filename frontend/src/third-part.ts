/** Third part of the cards, loaded after the second part: those that are opened least. */

import { defineCards } from "./card-list.ts";
import { QualityCard } from "./cards/quality.ts";
import { WhatIfCard } from "./cards/what-if.ts";
import { whenFrontendLoaded } from "./frontend-elements.ts";
import "./second-part.ts";
import { qualityTexts } from "./sentences/quality.ts";
import { whatIfTexts } from "./sentences/what-if.ts";

whenFrontendLoaded(() => {
  defineCards({
    "smarty-p1-battery": { card: WhatIfCard, texts: whatIfTexts },
    "smarty-p1-quality": { card: QualityCard, texts: qualityTexts },
  });
});
