/** Styles of the card of the present power. */

import { css } from "lit";
import { bannerStyles } from "./banner.ts";
import { barStyles } from "./shapes.ts";
import { curveStyles } from "./last-hour-curve.ts";

export const nowStyles = [
  bannerStyles,
  barStyles,
  curveStyles,
  css`
    .big.draws {
      color: var(--drawn);
    }
    .big.feeds {
      color: var(--fed-in);
    }
    .costs b {
      color: var(--excess-text);
    }
    .old h2,
    .old .big,
    .old .sentence {
      color: var(--quiet);
    }
    /* Reserve room for the longest sentence, so that the parts below do not move. */
    .answer {
      min-height: 66px;
    }
    @container (max-width: 330px) {
      .answer {
        min-height: 90px;
      }
    }
    .notice {
      display: flex;
      gap: 12px;
      color: var(--quiet);
    }
    .notice b {
      font-size: 16px;
    }
    .rest {
      margin-top: auto;
      padding-top: 12px;
    }
    .labels {
      display: flex;
      flex-wrap: wrap;
      justify-content: space-between;
      gap: 0 8px;
    }
    .labels .mean,
    .phases .labels span:last-child {
      color: var(--primary-text-color);
      white-space: nowrap;
    }
    .bar {
      margin: 6px 0 28px;
    }
    .unseen {
      visibility: hidden;
    }
    .bar small {
      font-style: normal;
      position: absolute;
      top: 22px;
      right: 0;
      white-space: nowrap;
    }
    .line small {
      top: 100%;
      right: auto;
      transform: translateX(-50%);
    }
    .phases .bar {
      height: 8px;
      margin: 3px 0;
    }
    /* Line of zero power, thinner than the line of a limit. */
    .phases .line {
      top: -2px;
      bottom: -2px;
      border-left: 1px solid var(--quiet);
    }
    .phases {
      display: grid;
      grid-template-columns: repeat(3, minmax(0, 1fr));
      gap: 20px;
      margin-top: 14px;
    }
    .leneda {
      padding-top: 16px;
    }
    @container (max-width: 240px) {
      .bar > small {
        display: none;
      }
    }
    @container (max-width: 200px) {
      .phases {
        grid-template-columns: 1fr;
        gap: 6px;
      }
    }
  `,
];
