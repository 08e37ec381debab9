/** Parts of the supply card: breaker, relays and limit, reception of 24 hours, last operator message. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import { say } from "../sentences/quality.ts";
import { gapWords, lastMessage, type Reception, receptionShare } from "../sentences/quality-supply.ts";
import type { Events } from "../websocket-types.ts";

/** A message with more than this number of characters can scroll in its box. */
const MIN_SCROLL_CHARS = 160;
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
  .message {
    margin-top: 12px;
    padding-top: 8px;
    border-top: 1px solid var(--divider-color);
  }
  .message p:last-child {
    max-height: 96px;
    overflow: auto;
    unicode-bidi: isolate;
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

export function operatorMessage(events: Events, locale: Locale): TemplateResult {
  const message = lastMessage(events);
  if (!message) return html`<div class="message"><p class="small">${say(locale, "no_message")}</p></div>`;
  const date = message.time === undefined ? "–" : locale.date(new Date(message.time));
  const title = say(locale, "last_message", { date });
  const isLong = message.text.length > MIN_SCROLL_CHARS;
  return html`<div class="message">
    <p class="small">${title}</p>
    <p dir="auto" role=${isLong ? "region" : nothing} aria-label=${isLong ? title : nothing} tabindex=${isLong ? 0 : nothing}>${message.text}</p>
  </div>`;
}
