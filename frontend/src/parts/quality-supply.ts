/** Parts of the supply card: breaker, relays and limit, reception of 24 hours. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import { say } from "../sentences/quality.ts";
import { gapWords, type Reception, receptionShare } from "../sentences/quality-supply.ts";

/** Height of an hour's block in px, and the smallest visible missing part. */
const BLOCK_PX = 20;
const MIN_MISSING_PX = 3;

export const supplyStyles = css`
  dl {
    margin: 8px 0 0;
  }
  dl > div {
    display: flex;
    justify-content: space-between;
    gap: 16px;
    padding: 5px 0;
    border-top: 1px solid var(--divider-color);
  }
  dd {
    margin: 0;
    text-align: right;
    overflow-wrap: normal;
  }
  .scale > [aria-hidden] {
    flex: none;
  }
  .hours .received {
    fill: color-mix(in srgb, var(--quiet) 72%, var(--ground));
  }
  .hours .missing {
    fill: var(--track);
    stroke: var(--quiet);
    stroke-width: 1px;
    vector-effect: non-scaling-stroke;
  }
  .hours .scale {
    display: flex;
    justify-content: space-between;
    gap: 8px;
    margin-top: 4px;
  }
`;

export function supplyRows(rows: [string, TemplateResult | string][], isOld: boolean): TemplateResult {
  return html`<dl class=${isOld ? "old" : ""}>
    ${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>`;
}

/** Return the paths of the hourly blocks: the received share at the bottom, the missing share on top. */
export function receptionBlocks(day: Reception): { received: string; missing: string } {
  let [received, missing] = ["", ""];
  const block = (hour: number, from: number, to: number) => `M${hour + 0.08} ${from}H${hour + 0.92}V${to}H${hour + 0.08}Z`;
  day.shares.forEach((share, hour) => {
    if (share === null) return;
    const gone = share >= 1 ? 0 : Math.max(MIN_MISSING_PX, Math.round(BLOCK_PX * (1 - share)));
    if (gone) missing += block(hour, 0, gone);
    if (gone < BLOCK_PX) received += block(hour, gone, BLOCK_PX);
  });
  return { received, missing };
}

export function receptionHours(day: Reception, blocks: { received: string; missing: string }, locale: Locale): TemplateResult | typeof nothing {
  if (day.share === null) return nothing;
  const words = gapWords(day, locale);
  const since = say(locale, "telegrams_since", { time: locale.time(new Date(day.since)) });
  const title = day.since > day.start ? since : say(locale, "telegrams");
  const share = receptionShare(day, locale);
  const hours = day.shares.length;
  return html`<div class="hours">
    <dl style="margin:0"><div><dt>${title}</dt><dd>${share}</dd></div></dl>
    <svg viewBox="0 0 ${hours} ${BLOCK_PX}" preserveAspectRatio="none" height=${BLOCK_PX} aria-hidden="true">
      ${svg`<path class="missing" d=${blocks.missing}></path><path class="received" d=${blocks.received}></path>`}
    </svg>
    <div class="scale"><small aria-hidden="true">${locale.time(new Date(day.start))}</small><small>${words}</small><small aria-hidden="true">${say(locale, "now")}</small></div>
  </div>`;
}
