/** Styles shared by all cards: three font sizes, colours from variables of the theme. */

import { css, type LitElement } from "lit";
import { chooserStyles } from "./parts/meter-chooser.ts";

export const styles = css`
  :host {
    display: block;
    height: 100%;
    --drawn: var(--energy-grid-consumption-color, #488fc2);
    --fed-in: var(--energy-grid-return-color, #8353d1);
    --excess: var(--error-color, #db4437);
    --text: var(--primary-text-color);
    --quiet: var(--secondary-text-color);
    --line: 1px solid var(--divider-color);
    --ground: var(--ha-card-background, var(--card-background-color, #fff));
    /* Mix with the text colour: small text needs a contrast of 4.5:1, more than the bare colours have. */
    --excess-text: color-mix(in srgb, var(--excess) 75%, var(--primary-text-color));
    --warning: var(--warning-color, #ffa600);
    --warning-text: color-mix(in srgb, var(--warning) 50%, var(--primary-text-color));
    --link: color-mix(in srgb, var(--primary-color) 65%, var(--primary-text-color));
    --track: color-mix(in srgb, var(--primary-text-color) 6%, var(--ground));
    --chosen: color-mix(in srgb, var(--primary-text-color) 7%, var(--ground));
    --pale: color-mix(in srgb, var(--drawn) 36%, var(--ground));
    --gap: color-mix(in srgb, var(--quiet) 35%, var(--ground));
  }
  ha-card,
  .body,
  .tall {
    display: flex;
    flex-direction: column;
  }
  .body,
  .tall,
  .frame {
    flex: 1 0 auto;
  }
  ha-card {
    position: relative;
    box-sizing: border-box;
    height: 100%;
    padding: 15px;
    container-type: inline-size;
    font-size: 16px;
    line-height: 24px;
    font-variant-numeric: tabular-nums;
    color: var(--text);
    overflow-wrap: anywhere;
  }
  ha-card.scrolls {
    overflow: auto scroll;
  }
  ha-card:focus-visible {
    outline-offset: -2px;
  }
  header {
    display: flex;
    justify-content: space-between;
    align-items: baseline;
    gap: 8px;
  }
  h2 {
    margin: 0;
    font-size: 16px;
    font-weight: 500;
  }
  header > h2 {
    flex: 1;
  }
  .turn {
    align-items: center;
    text-align: center;
  }
  p {
    margin: 0;
  }
  small,
  .small {
    font-size: 13px;
    line-height: 18px;
    color: var(--quiet);
  }
  .big {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    column-gap: 8px;
    font-size: 40px;
    font-size: clamp(32px, 16cqi, 48px);
    line-height: 56px;
    font-weight: 400;
  }
  .big small {
    font-size: 16px;
    line-height: 24px;
  }
  b {
    font-weight: 500;
  }
  .excess {
    color: var(--excess-text);
  }
  .number {
    text-align: right;
    white-space: nowrap;
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: 0;
    padding: 0;
    margin: 0;
    min-width: 44px;
    min-height: 44px;
    cursor: pointer;
    border-radius: 8px;
  }
  button.plain {
    min-width: 0;
    min-height: 0;
    text-align: inherit;
  }
  button[aria-disabled="true"] {
    cursor: default;
    color: var(--disabled-text-color, var(--quiet));
    opacity: 0.5;
  }
  input:not([type="range"]),
  select {
    box-sizing: border-box;
    padding: 0 8px;
    font: inherit;
    color: inherit;
    background: var(--ground);
    border: var(--line);
    border-radius: 4px;
  }
  a,
  .link {
    color: var(--link);
    font-weight: 500;
    text-align: start;
    text-decoration: none;
  }
  a {
    display: inline-flex;
    align-items: center;
    min-height: 44px;
  }
  /* Two links of two lines each stay apart. */
  .link {
    padding-block: 6px;
  }
  /* Forced colours and prints leave the background out, and show the outline. */
  [aria-checked="true"],
  [aria-selected="true"],
  [aria-pressed="true"] span,
  :checked + span {
    background: var(--chosen);
    font-weight: 500;
    outline: 2px solid var(--outline, transparent);
    outline-offset: -2px;
  }
  /* Remove the black frame that Chromium draws around a focused drawing, even after a tap. */
  :focus {
    outline: none;
  }
  :focus-visible {
    outline: 2px solid var(--link);
    outline-offset: 2px;
  }
  [role="slider"] {
    cursor: crosshair;
    touch-action: pan-y pinch-zoom;
  }
  /* Draw the focus frame without a gap, because labels stand close to these charts. */
  div[role="slider"]:focus-visible {
    outline-offset: 0;
  }
  svg,
  canvas {
    display: block;
    width: 100%;
    overflow: visible;
    touch-action: pan-y pinch-zoom;
  }
  svg text {
    font-size: 13px;
    fill: var(--quiet);
  }
  svg .plain,
  svg .strong {
    fill: var(--text);
  }
  svg .strong {
    font-weight: 500;
  }
  /* The drawing has the size of this frame, which takes the height that is left. */
  .frame {
    position: relative;
  }
  .frame > svg {
    position: absolute;
    height: 100%;
  }
  .dot {
    display: inline-block;
    width: 10px;
    height: 10px;
    margin-inline-end: 8px;
  }
  [fill="var(--pale)"] {
    stroke: var(--drawn);
  }
  footer {
    margin-top: auto;
    padding-top: 8px;
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    align-items: center;
    gap: 0 16px;
  }
  footer a,
  footer .link {
    font-size: 13px;
  }
  footer .link {
    margin-inline-start: auto;
    text-align: end;
  }
  .why {
    align-self: flex-start;
  }
  smarty-p1-menu {
    display: block;
    width: 44px;
    height: 44px;
    flex: none;
    align-self: center;
    margin: -10px -12px -10px 0;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 4px 0 4px 12px;
    font-weight: inherit;
    text-align: end;
  }
  tfoot {
    font-weight: 500;
  }
  tr > :first-child {
    padding-left: 0;
    text-align: start;
  }
  .scroll {
    max-height: 320px;
    overflow: auto;
  }
  .behind th,
  .behind td {
    font-size: 13px;
    line-height: 18px;
    border-top: var(--line);
    overflow-wrap: normal;
  }
  .behind [scope="row"] {
    white-space: nowrap;
  }
  .way {
    margin-bottom: 8px;
  }
  .notice {
    margin: 4px 0 8px;
    padding: 6px 12px;
    border-inline-start: 4px solid var(--quiet);
    font-size: 13px;
    line-height: 20px;
    background: var(--chosen);
  }
  .banner {
    margin: -15px -15px 12px;
    padding: 12px 15px 4px 12px;
    border-inline-start: 4px solid var(--excess);
    border-radius: var(--ha-card-border-radius, 12px) var(--ha-card-border-radius, 12px) 0 0;
    background: color-mix(in srgb, var(--excess) 12%, var(--ground));
  }
  .hidden {
    position: absolute;
    width: 1px;
    min-width: 0;
    height: 1px;
    min-height: 0;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  /* Without room beside the numbers, the names of a table stand above them. */
  @container (max-width: 300px) {
    .stacks tr {
      display: flex;
      flex-wrap: wrap;
    }
    .stacks tr > * {
      flex: 1;
    }
    .stacks tr > :first-child {
      flex-basis: 100%;
    }
  }
  @container (max-width: 240px) {
    header {
      flex-wrap: wrap;
    }
    .turn h2 {
      order: -1;
      flex-basis: 100%;
    }
  }
  ${chooserStyles}
  @media print, (forced-colors: active) {
    :host {
      --primary-text-color: CanvasText;
      --secondary-text-color: CanvasText;
      --divider-color: GrayText;
      --ha-card-background: Canvas;
      --outline: CanvasText;
    }
    /* Without colours, energy to the grid has an outline, and what is above a limit a dashed one. */
    :not(pattern) > [fill="var(--excess)"],
    :not(pattern) > [fill="var(--warning)"] {
      fill: Canvas;
      stroke: var(--excess);
      stroke-width: 1.5;
      stroke-dasharray: 2;
    }
    :not(pattern) > [fill="var(--fed-in)"] {
      fill: Canvas;
      stroke: var(--fed-in);
    }
  }
  @media (forced-colors: active) {
    :host {
      --drawn: CanvasText;
      --fed-in: LinkText;
      --excess: Highlight;
      --warning: Highlight;
      --link: LinkText;
    }
    [fill="var(--track)"],
    .column {
      stroke: GrayText;
    }
    .beyond {
      stroke-dasharray: 2;
    }
  }
  .on-paper {
    display: none;
  }
  @media screen {
    /* Without height, also the elements around the card take no room that would move. */
    :host([held]) {
      height: 0;
      overflow: hidden;
      visibility: hidden;
    }
    :host([held]) ha-card {
      height: auto;
    }
  }
  @media print {
    :host {
      color-scheme: light;
    }
    .on-paper {
      display: inline;
    }
    .on-screen {
      display: none;
    }
    /* A card with a table may be higher than a page. */
    :host(:not([has-table])),
    svg,
    canvas,
    tr {
      break-inside: avoid;
    }
    ha-card,
    .scroll {
      height: auto;
      max-height: none;
      overflow: visible !important;
    }
    svg[height]:not([preserveAspectRatio]),
    .frame > svg {
      position: static;
      height: auto;
    }
    .frame {
      flex: none;
    }
    a,
    .link,
    .buttons,
    .turn button,
    smarty-p1-menu,
    smarty-p1-settings {
      display: none;
    }
  }
`;

/** Return the styles of a card as text. */
export const stylesOf = ({ constructor }: LitElement): string => (constructor as typeof LitElement).elementStyles.map(String).join("");
