/** Banner at the top of a card: a problem of the meter, help, and one link. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { Trouble } from "../sentences/banner.ts";

export const bannerStyles = css`
  .banner.calm {
    border-inline-start-color: var(--quiet);
    background: var(--chosen);
  }
  .banner h2 {
    display: flex;
    gap: 8px;
  }
  .banner ha-icon {
    flex: none;
    color: var(--excess-text);
  }
  .banner.calm ha-icon {
    color: var(--quiet);
  }
  .banner p {
    font-size: 13px;
    line-height: 18px;
    padding-bottom: 8px;
  }
  .banner a {
    font-size: 13px;
    margin-top: -8px;
  }
`;

/** Return the banner. `action` is the link, or a hint for users without the right to follow it. */
export function banner({ title, help, isCalm }: Trouble, action: TemplateResult | typeof nothing): TemplateResult {
  const icon = isCalm ? "mdi:information-outline" : "mdi:alert-circle-outline";
  return html`<div class="banner ${isCalm ? "calm" : ""}" role="status">
    <h2><ha-icon icon=${icon}></ha-icon><span>${title}</span></h2>
    <p>${help}</p>
    ${action}
  </div>`;
}
