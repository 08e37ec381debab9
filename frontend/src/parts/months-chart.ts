/** Chart of the months as stacks. A month is chosen by touch, mouse or keyboard. */

import { css, html, nothing, svg, type TemplateResult } from "lit";
import { type Drawing, monthsDrawing } from "../drawing/months.ts";
import type { Locale } from "../locale.ts";
import { choiceOf, labelOf, type Month, monthsTexts, type Unit, type Year } from "../sentences/months.ts";
import { hatch } from "./markup.ts";
import type { Measure } from "./text-width.ts";

const HEIGHT_PX = 196;
const MONTH_NAMES_PX = 20;
/** Number of months by which the keys PageUp and PageDown move. */
const MONTHS_A_PAGE = 3;
const SO_FAR_PX = 18;
/** Gap between the letters of neighbouring months, in px. */
const MIN_LETTER_GAP_PX = 2;
/** Space in px between a label and the line before the running month. */
const DIVIDER_GAP_PX = 8;
/** Width in px until the card has been measured. */
const DEFAULT_WIDTH_PX = 320;

/** Colours in the order of the parts of a stack. */
export const COLORS: Record<Unit, string[]> = {
  "€": ["var(--drawn)", "var(--drawn-70)", "var(--drawn-44)", "var(--excess)", "var(--fed-in)"],
  kWh: ["var(--drawn)", "var(--excess)", "var(--fed-in)"],
};

export const chartStyles = css`
  :host {
    --drawn-70: color-mix(in srgb, var(--drawn) 70%, var(--ground));
    --drawn-44: color-mix(in srgb, var(--drawn) 44%, var(--ground));
  }
  .chart {
    margin-top: 4px;
    cursor: pointer;
    touch-action: pan-y;
  }
  .line {
    stroke: var(--divider-color);
  }
  .zero {
    stroke: var(--quiet);
  }
  .tick {
    stroke: var(--primary-text-color);
    stroke-width: 2.5;
  }
  .halo {
    stroke: var(--ground);
    stroke-width: 4;
  }
  .value {
    fill: var(--primary-text-color);
    stroke: var(--ground);
    stroke-width: 3.5;
    stroke-linejoin: round;
    paint-order: stroke;
  }
  .chosen {
    font-weight: 500;
    fill: var(--primary-text-color);
  }
  .divider {
    stroke: var(--quiet);
    stroke-dasharray: 2 3;
  }
  .column {
    fill: var(--chosen);
  }
`;

export interface MonthsChart {
  year: Year;
  chosen: Month;
  locale: Locale;
  width: number;
  widthOf: Measure;
  choose: (month: string) => void;
}

export function monthsChart({ year, chosen, locale, width: measured, widthOf, choose }: MonthsChart): TemplateResult {
  const { months, unit } = year;
  const width = measured || DEFAULT_WIDTH_PX;
  const at = months.indexOf(chosen);
  const drawing = drawingOf(year, chosen, width, widthOf, locale);
  const last = months.at(-1)!;
  const soFar = last.isRunning && last.value !== null && year.whole.length ? locale.text(monthsTexts, "so_far_short", { value: locale.whole(last.value) }) : "";
  // On a narrow card, only every second or third month has its letter.
  const every = Math.ceil((widthOf("M") + MIN_LETTER_GAP_PX) / drawing.step);
  const knownMonths = months.filter(({ bill }) => bill);
  const point = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const place = (event.clientX - box.left - drawing.axis) / drawing.step - 0.5;
    const distance = (month: Month) => Math.abs(months.indexOf(month) - place);
    choose(knownMonths.reduce((best, month) => (distance(month) < distance(best) ? month : best), chosen).month);
  };
  const key = (event: KeyboardEvent) => {
    const here = knownMonths.indexOf(chosen);
    const last = knownMonths.length - 1;
    const steps: Record<string, number> = {
      ArrowLeft: here - 1,
      ArrowDown: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      PageUp: here + MONTHS_A_PAGE,
      PageDown: here - MONTHS_A_PAGE,
      Home: 0,
      End: last,
      Escape: last,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(knownMonths[Math.max(0, Math.min(last, to))]!.month);
  };
  return html`<div
    class="chart"
    role="slider"
    tabindex="0"
    aria-label=${locale.common("to_choose", { name: locale.text(monthsTexts, "title_few") })}
    aria-valuemin="1"
    aria-valuemax=${months.length}
    aria-valuenow=${at + 1}
    aria-valuetext=${choiceOf(chosen, unit, locale)}
    @click=${point}
    @pointermove=${(event: PointerEvent) => event.buttons && point(event)}
    @keydown=${key}
  >
    <svg height=${HEIGHT_PX + MONTH_NAMES_PX + (soFar ? SO_FAR_PX : 0)} aria-hidden="true">
      <defs>${hatch("coming", "var(--drawn)")}</defs>
      <rect class="column" x=${drawing.left[at]!} y="0" width=${drawing.step} height=${HEIGHT_PX + MONTH_NAMES_PX} rx="6"></rect>
      ${drawing.lines.map(
        ({ y, value, text }) => svg`<line class=${value ? "line" : "zero"} x1=${drawing.axis} x2=${width} y1=${y} y2=${y}></line>
          <text x=${drawing.axis - 6} y=${y + 4} text-anchor="end">${text}</text>`,
      )}
      ${drawing.paths.map((path, index) => svg`<path d=${path} fill=${COLORS[unit][index]}></path>`)}
      <path d=${drawing.hatched} fill="url(#coming)"></path>
      ${drawing.divider === undefined ? nothing : svg`<line class="divider" x1=${drawing.divider} x2=${drawing.divider} y1=${dividerTop(drawing, widthOf)} y2=${HEIGHT_PX + MONTH_NAMES_PX}></line>`}
      ${soFar ? svg`<text x=${width} y=${HEIGHT_PX + MONTH_NAMES_PX + 12} text-anchor="end">${soFar}</text>` : nothing}
      <line class="zero" x1=${drawing.axis} x2=${width} y1=${drawing.zero} y2=${drawing.zero}></line>
      ${unit === "€" ? svg`<path class="halo" d=${drawing.ticks}></path><path class="tick" d=${drawing.ticks}></path>` : nothing}
      ${drawing.labels.map(
        ({ x, y, text, isChosen }) =>
          svg`<text class="value ${isChosen ? "chosen" : ""}" x=${x} y=${y} text-anchor="middle">${text}</text>`,
      )}
      ${months.map(
        ({ start }, index) =>
          svg`<text class=${index === at ? "chosen" : ""} x=${drawing.left[index]! + drawing.step / 2} y=${HEIGHT_PX + 14}
            text-anchor="middle">${(months.length - 1 - index) % every ? "" : locale.month(start).charAt(0).toUpperCase()}</text>`,
      )}
    </svg>
  </div>`;
}

/**
 * Return the top of the line before the running month. If the line would touch the label of this month, it begins below
 * the label.
 */
function dividerTop({ divider, labels }: Drawing, widthOf: Measure): number {
  const label = labels.find(({ x, text }) => Math.abs(x - divider!) < widthOf(text) / 2 + DIVIDER_GAP_PX && text.startsWith("≈"));
  return label ? label.y + 8 : 0;
}

function drawingOf({ months, unit, whole }: Year, chosen: Month, width: number, widthOf: Measure, locale: Locale): Drawing {
  const columns = months.map((month) => ({
    parts: month.parts,
    tick: month.estimate ?? month.value,
    label: labelOf(month, locale),
    estimate: month.estimate,
    isChosen: month === chosen,
    isOfStack: unit === "kWh",
  }));
  return monthsDrawing(columns, {
    width,
    height: HEIGHT_PX,
    isDivided: months.at(-1)!.isRunning && whole.length > 0,
    widthOf,
    write: (value) => locale.number(value),
  });
}
