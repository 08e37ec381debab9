/** Styles of the card of the present power. */

import { css } from "lit";
import { bannerStyles } from "../parts/banner.ts";
import { barStyles } from "../charts/shapes.ts";
import { curveStyles } from "../charts/last-hour-curve.ts";

export const nowStyles = [
  bannerStyles,
  barStyles,
  curveStyles,
  css`
    .big.drawn {
      color: var(--drawn);
    }
    .big.feeds {
      color: var(--fed-in);
    }
    /* The projected mean is above the reference power. */
    :host([above]) ha-card {
      border-color: var(--excess);
      background: color-mix(in srgb, var(--excess) 8%, var(--ground));
    }
    :host([above]) .sentence b {
      color: var(--excess-text);
    }
    .old h2,
    .old .big,
    .old .sentence {
      color: var(--quiet);
    }
    /* The small line is read after the sentence, so it stands below it. A wide card has both beside the number. */
    .answer {
      display: grid;
      grid-template-rows: 56px minmax(48px, auto) minmax(40px, auto);
      column-gap: 16px;
    }
    .uses {
      min-height: 48px;
    }
    /* From this width on, the advice has two lines, and so has the small line. */
    @container (min-width: 450px) {
      .answer {
        grid: auto 1fr / minmax(136px, max-content) 1fr;
        min-height: 84px;
      }
      .answer .big {
        grid-row: 1 / 3;
      }
      .answer .small {
        grid-area: 2 / 2;
      }
      .uses {
        min-height: 24px;
      }
    }
    @container (max-width: 310px) {
      .answer {
        grid-template-rows: 56px minmax(72px, auto) minmax(40px, auto);
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
    .labels .mean {
      color: var(--text);
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
    .hint {
      padding-top: 16px;
    }
    .hint > * {
      margin-inline-end: 24px;
    }
    @container (max-width: 240px) {
      .bar > small {
        display: none;
      }
    }
  `,
];
