/** Icons, colours and styles of the gas, water and heat card. */

import { css } from "lit";
import { kindOf } from "../sentences/gas-water-heat-month.ts";

const ICONS = { gas: "fire", water: "water", heat: "radiator", cooling: "snowflake", other: "counter" };
export const iconOf = (type: string): string => `mdi:${ICONS[kindOf(type)]}`;

// The red of gas is too dark on dark cards, and the blue of water is too light on light cards. So mix the colour with
// the text's colour.
const readable = (color: string): string => `color-mix(in srgb, ${color} 65%, var(--primary-text-color))`;

export function colorOf(type: string, isDark: boolean): string {
  switch (kindOf(type)) {
    case "gas":
      return readable("var(--energy-gas-color, #8e021b)");
    case "water":
      return readable("var(--energy-water-color, #00bcd4)");
    case "heat":
      return isDark ? "#e08a55" : "#c4622d";
    default:
      return "var(--secondary-text-color)";
  }
}

export const mediumStyles = css`
  .all {
    display: contents;
  }
  h2 {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  h2 ha-icon {
    --mdc-icon-size: 20px;
    color: var(--medium);
    flex: none;
  }
  .big button {
    min-height: 44px;
  }
  .chart {
    flex: 1;
    display: flex;
    gap: 8px;
    margin: 22px 0 24px;
  }
  .plot {
    flex: 1;
    min-width: 0;
    position: relative;
    min-height: 132px;
    border-bottom: var(--line);
  }
  .touch {
    position: absolute;
    inset: 0;
  }
  svg {
    height: 100%;
  }
  path {
    vector-effect: non-scaling-stroke;
    fill: none;
  }
  .own {
    stroke: var(--medium);
    stroke-width: 2.5px;
    stroke-linejoin: round;
  }
  .area {
    fill: var(--medium);
    opacity: 0.14;
  }
  .reference {
    stroke: var(--quiet);
    stroke-width: 1.5px;
    stroke-dasharray: 4 3;
  }
  .at {
    position: absolute;
    pointer-events: none;
    white-space: nowrap;
  }
  .at.point {
    margin: -5px;
    border: 5px solid var(--medium);
    border-radius: 50%;
  }
  .at.value {
    font-size: 13px;
    line-height: 18px;
    padding: 0 8px 4px;
    width: max-content;
    box-sizing: border-box;
    white-space: normal;
    text-align: right;
    transform: translate(-100%, -100%);
    text-shadow:
      0 0 3px var(--ground),
      0 0 3px var(--ground),
      0 0 3px var(--ground);
  }
  .at.value.right {
    text-align: left;
    transform: translate(0, -100%);
  }
  .at.tick {
    top: calc(100% + 4px);
    transform: translateX(-50%);
  }
  .at.chosen {
    top: 0;
    bottom: 0;
    width: 0;
    border-left: 1px solid var(--text);
  }
  .side {
    position: relative;
    flex: 0 0 80px;
  }
  .side small {
    position: absolute;
    right: 0;
    left: 0;
    text-align: right;
    transform: translateY(-50%);
  }
  @container (max-width: 200px) {
    .side {
      display: none;
    }
  }
  /* Reserve two lines, so that choosing a day does not move the chart. */
  @container (max-width: 420px) {
    .month {
      min-height: 48px;
    }
  }
  @container (min-width: 600px) {
    .plot {
      min-height: 168px;
    }
    .side {
      flex-basis: 112px;
    }
  }
`;
