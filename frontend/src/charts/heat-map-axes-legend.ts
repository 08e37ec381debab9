/** Picture of a year with axes, legend and the value of the chosen quarter-hour. */

import { clamp } from "../built-in-replacements.ts";
import { css, html, nothing, type TemplateResult } from "lit";
import { Cells, dayTicks, isInMonths, STEPS_KW } from "./heat-map-picture.ts";
import type { Locale } from "../locale.ts";
import { yearTexts } from "../sentences/year.ts";
import { type Grid, type Limit, WH_A_KW } from "../data/heat-map-grid.ts";
import { ESTIMATED, QUARTER_HOURS_A_DAY, UNKNOWN } from "../data/year-quarter-hours.ts";
import { type ChosenBar, pointer } from "./chosen-bar.ts";
import { dot } from "./shapes.ts";
import type { Measure } from "../parts/measured-sizes.ts";

const DAY_MS = 86_400_000;
const HEIGHT_PX = 200;
const TURNED_HEIGHTS_PX = [168, 456] as const;
/**
 * Height in px of a day in the turned picture. In this picture, each day is a row. If many days would make the picture
 * too high, the rows are made smaller.
 */
const TURNED_DAY_PX = 14;
/** LABEL_HEIGHT_PX is the height of a label on the left axis in px, GAP_PX the gap beside a label. */
const LABEL_HEIGHT_PX = 18;
const GAP_PX = 8;
/** Labels of the axis of hours. */
const HOURS = [0, 6, 12, 18, 24] as const;

export const mapStyles = css`
  .map {
    display: grid;
    grid-template: "hours field" auto "none days" 22px / var(--axis) 1fr;
    margin-top: 12px;
  }
  .narrow .map {
    grid-template: "none hours" 22px "days field" auto / var(--axis) 1fr;
  }
  .hours,
  .days,
  .field {
    position: relative;
  }
  .hours {
    grid-area: hours;
  }
  .days {
    grid-area: days;
  }
  .field {
    grid-area: field;
    height: var(--height);
  }
  .hours small,
  .days small {
    position: absolute;
    white-space: nowrap;
  }
  @container (max-width: 280px) {
    .narrow .hours :nth-child(even) {
      display: none;
    }
  }
  .narrow .newest {
    margin-top: 8px;
  }
  .narrow .newest + .map {
    margin-top: 0;
  }
  .days small {
    border-inline-start: var(--line);
    padding: 4px 0 0 4px;
  }
  .narrow .days small {
    box-sizing: border-box;
    width: calc(100% - 4px);
    border: 0;
    border-bottom: var(--line);
    padding: 0;
    transform: translateY(-100%);
  }
  .field canvas {
    height: 100%;
  }
  .mark {
    position: absolute;
    width: 8px;
    height: 8px;
    margin: -6px;
    border: 2px solid var(--text);
    outline: 1px solid var(--ground);
    pointer-events: none;
  }
  .read {
    position: absolute;
    padding: 0 12px;
    min-height: 44px;
    white-space: nowrap;
    font-size: 13px;
    background: var(--ground);
    border: var(--line);
    box-shadow: 0 1px 4px rgb(0 0 0 / 30%);
  }
  .legend,
  .legend > div {
    display: flex;
    flex-wrap: wrap;
    gap: 0 10px;
  }
  .legend {
    gap: 4px 20px;
    margin-top: 8px;
  }
  .legend button {
    min-height: 24px;
  }
  .legend span,
  .legend button {
    display: inline-flex;
    align-items: center;
    gap: 4px;
    white-space: nowrap;
  }
  .legend .dot {
    width: 12px;
    height: 12px;
    margin: 0;
  }
  .above svg + svg {
    display: none;
    transform: scaleX(-1);
  }
  /* Here, the picture shows an excess with falling stripes. */
  @media print, (forced-colors: active) {
    .above svg {
      display: none;
    }
    .above svg + svg {
      display: block;
    }
  }
`;

export interface NamedLimit extends Limit {
  /** Limit as text, for example "7 kW". */
  readonly name: string;
}

export interface MapSize {
  readonly isTurned: boolean;
  readonly width: number;
  readonly height: number;
  /** Width in px for the labels at the left. */
  readonly axis: number;
  /** Length in px that the label of a day needs on the axis of days. */
  readonly dayRoom: number;
}

/** Return the size of the picture for an available width in px. */
export function mapSize(grid: Grid, room: number, isTurned: boolean, locale: Locale, widthOf: Measure): MapSize {
  const label = dayWidth(grid, locale, widthOf);
  const axis = Math.ceil(isTurned ? label : Math.max(...HOURS.map((hour) => widthOf(locale.hour(hour))))) + GAP_PX;
  const [min, max] = TURNED_HEIGHTS_PX;
  const height = isTurned ? clamp(grid.days * TURNED_DAY_PX, min, max) : HEIGHT_PX;
  return { isTurned, axis, height, width: Math.max(0, room - axis), dayRoom: isTurned ? LABEL_HEIGHT_PX : label + GAP_PX };
}

const dayName = (day: Date, isMonths: boolean, locale: Locale): string => (isMonths ? locale.shortMonth(day) : locale.shortDay(day));

/** Return the width of the longest label of a day in px. */
function dayWidth({ days }: Grid, locale: Locale, widthOf: Measure): number {
  const longDays = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month, 28, 12)));
  return Math.max(...longDays.map((day) => widthOf(dayName(day, isInMonths(days), locale))));
}

/** Return the calendar day of a cell as 2026-11-21. */
export const dayOf = (cell: number, { firstDay }: Grid): string =>
  new Date((firstDay + Math.floor(cell / QUARTER_HOURS_A_DAY)) * DAY_MS).toISOString().slice(0, 10);

/**
 * Return texts such as "20 Jan" and "18:30". `local` is a date and clock time in Luxembourg, as returned by `localOf`.
 */
export function momentParams(local: number, lastDay: number, locale: Locale): { day: string; time: string } {
  const day = new Date(Math.floor(local / DAY_MS) * DAY_MS + DAY_MS / 2);
  const isThisYear = day.getUTCFullYear() === new Date(lastDay * DAY_MS).getUTCFullYear();
  const time = locale.clock((local % DAY_MS) / 3_600_000);
  return { day: isThisYear ? locale.shortDay(day) : locale.date(day), time };
}

/** Return the text of a cell: "20 Jan, 18:30: 13.2 kW". */
export function reading(cell: number, grid: Grid, locale: Locale): string {
  const value = grid.cells[cell] ?? UNKNOWN;
  const local = grid.firstDay * DAY_MS + cell * 900_000;
  const params = momentParams(local, grid.firstDay + grid.days - 1, locale);
  if (value === UNKNOWN) return locale.text(yearTexts, "unknown_at", params);
  const power = locale.kW(Math.abs(value) / WH_A_KW);
  const isEstimated = grid.estimated?.[cell] === ESTIMATED;
  return locale.text(yearTexts, value < 0 ? "fed_in_at" : "drawn_at", { ...params, power: isEstimated ? `≈\u00a0${power}` : power });
}

export function yearMap(
  grid: Grid,
  { isTurned, width, height, axis, dayRoom }: MapSize,
  limit: NamedLimit | undefined,
  bar: ChosenBar,
  open: (cell: number) => void,
  locale: Locale,
): TemplateResult {
  const cells = new Cells(grid, isTurned);
  const ticks = dayTicks(grid, isTurned ? height : width, dayRoom);
  const day = (time: number) => dayName(new Date(time), isInMonths(grid.days), locale);
  const chosen = bar.index === undefined ? undefined : cells.cell(bar.index);
  const key = (event: KeyboardEvent) => {
    const isFirst = bar.index === undefined && (event.key.startsWith("Arrow") || event.key === "End");
    // If no cell is chosen, the arrow keys begin at the newest known cell. The cells after it are still to come.
    if (isFirst || event.key === "End") {
      event.preventDefault();
      bar.choose(cells.chosen(grid.lastCell));
    } else bar.key(event);
  };
  return html`${isTurned ? html`<small class="newest">${locale.text(yearTexts, "newest_first")}</small>` : nothing}
    <div class="map" style="--axis:${axis}px;--height:${height}px">
      <div class="hours" aria-hidden="true">${HOURS.map((each, index) => hour(locale.hour(each), index / (HOURS.length - 1), isTurned))}</div>
      <div class="field">
        <div
          class="touch"
          role="slider"
          tabindex="0"
          aria-label=${locale.common("to_choose", { name: locale.text(yearTexts, "map") })}
          aria-valuemin="0"
          aria-valuemax=${cells.count - 1}
          aria-valuenow=${chosen ?? grid.lastCell}
          aria-valuetext=${chosen === undefined ? locale.common("nothing_chosen") : reading(chosen, grid, locale)}
          style="height:100%"
          ${pointer(bar)}
          @keydown=${key}
        >
          <canvas aria-hidden="true"></canvas>
        </div>
        ${chosen === undefined ? nothing : mark(cells.middle(bar.index!), reading(chosen, grid, locale), () => open(chosen), locale)}
      </div>
      <div class="days" aria-hidden="true">
        ${ticks.map(({ at, day: time }) => html`<small style="${isTurned ? `top:${100 * (1 - at)}%` : `left:${100 * at}%`}">${day(time)}</small>`)}
      </div>
    </div>
    ${legend(grid, limit, locale)}`;
}

function hour(label: string, share: number, isTurned: boolean): TemplateResult {
  const place = isTurned
    ? `left:${100 * share}%;transform:translateX(-${100 * share}%)`
    : `right:${GAP_PX}px;top:${100 * share}%;transform:translateY(-${100 * share}%)`;
  return html`<small style=${place}>${label}</small>`;
}

/**
 * Return the mark of the chosen cell, and a button with its text. If the cell is in the upper half of the picture, the
 * button is at the lower edge, and vice versa. So no finger on the cell hides the text.
 */
function mark([x, y]: [number, number], text: string, open: () => void, locale: Locale): TemplateResult {
  const place = `left:${100 * x}%;transform:translateX(-${100 * x}%);${y < 0.5 ? "bottom" : "top"}:4px`;
  return html`<i class="mark" style="left:${100 * x}%;top:${100 * y}%"></i>
    <button class="read" style=${place} aria-label=${locale.common("show_day", { value: text })} @click=${open}>${text} ›</button>`;
}

function legend({ feedsIn, estimated }: Grid, limit: NamedLimit | undefined, locale: Locale): TemplateResult {
  const swatch = (color: string, text: string) => html`<span>${dot(color, true)}${text}</span>`;
  const range = (step: number, limit: number) => {
    const from = STEPS_KW[step]!;
    const to = Math.min(STEPS_KW[step + 1] ?? Infinity, limit);
    return to === Infinity ? `>\u00a0${locale.unit(from, "kW")}` : `${locale.short(from)}–${locale.short(to)}`;
  };
  const steps = (color: string, most: number) =>
    STEPS_KW.flatMap((kw, step) => (kw < most ? swatch(`${color}-${step}`, range(step, most)) : []));
  return html`<small class="legend" aria-hidden="true">
    <div><span>${locale.common("drawn")}</span>${steps("drawn", limit?.kw ?? Infinity)}</div>
    ${feedsIn ? html`<div><span>${locale.common("feed_in")}</span>${steps("fed-in", Infinity)}</div>` : nothing}
    <div>
      ${limit ? html`<span class="above">${dot("excess", true)}${dot("excess", true, true)}${locale.text(yearTexts, "above", { R: limit.name })}</span>` : nothing}
      ${estimated ? html`<span>${dot("drawn", true, true)}${locale.text(yearTexts, "estimated")}</span>` : nothing}
    </div>
  </small>`;
}
