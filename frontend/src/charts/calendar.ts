/** Calendar below the title of a day. */

import { css, html, nothing, type TemplateResult } from "lit";
import { addDays, addMonths, capital, dayStart, type Locale } from "../locale.ts";
import { turnOver } from "../parts/markup.ts";
import { todayTexts } from "../sentences/today.ts";
import type { Day } from "../data/websocket-types.ts";

/** Day of the calendar. */
export interface CalendarDay {
  day: string;
  /** Text for screen readers. */
  name: string;
  /** Number of quarter-hours above the reference power. */
  aboveCount: number;
  isKnown: boolean;
}

/** Return the number of days since the first day of the week. */
const weekdayOf = (day: string, { firstWeekday }: Locale): number => (new Date(`${day}T12:00:00Z`).getUTCDay() + 13 - firstWeekday) % 7;

/** Return the weeks of a month (2026-11); undefined for days of other months. */
export function weeksOf(month: string, sums: readonly Day[], range: { first: string; today: string }, locale: Locale): (CalendarDay | undefined)[][] {
  const begin = `${month}-01`;
  const weeks: (CalendarDay | undefined)[][] = [];
  for (let day = addDays(begin, -weekdayOf(begin, locale)); day.slice(0, 7) <= month; day = addDays(day, 7)) {
    weeks.push(Array.from({ length: 7 }, (_, index) => calendarDay(addDays(day, index), month, sums, range, locale)));
  }
  return weeks;
}

function calendarDay(day: string, month: string, sums: readonly Day[], { first, today }: { first: string; today: string }, locale: Locale): CalendarDay | undefined {
  if (!day.startsWith(month)) return undefined;
  const sum = sums.find((known) => known.day === day);
  const aboveCount = sum?.quarter_hours_above ?? 0;
  const title = capital(locale.weekday(dayStart(day)));
  const R = sum?.reference_kw;
  const name = aboveCount && R ? locale.count(todayTexts, "day_above", aboveCount, { day: title, R: locale.referenceKW(R) }) : title;
  return { day, name, aboveCount, isKnown: day >= first && day <= today && sum !== undefined };
}

export const calendarStyles = css`
  .turn h2 button {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    font-weight: inherit;
  }
  .turn h2 ha-icon {
    --mdc-icon-size: 20px;
    color: var(--link);
  }
  .under {
    position: relative;
  }
  .calendar {
    position: absolute;
    z-index: 1;
    left: 50%;
    width: min(100% + 24px, 326px);
    transform: translateX(-50%);
    box-sizing: border-box;
    padding: 8px;
    border: var(--line);
    border-radius: 12px;
    background: var(--ground);
    box-shadow: 0 4px 12px rgb(0 0 0 / 25%);
  }
  .calendar [role="row"] {
    display: grid;
    grid-template-columns: repeat(7, minmax(0, 1fr));
    text-align: center;
  }
  .calendar button {
    min-width: 0;
    font-size: 13px;
    line-height: 18px;
  }
  .calendar [role="row"] small {
    overflow-wrap: normal;
  }
  /* The mark is only for the eyes. Screen readers read the count in the name of the day. */
  .calendar [data-above]::after {
    content: "▲\\00a0" attr(data-above);
    display: block;
    color: var(--excess-text);
  }
  .calendar .now-day {
    border: 1px solid var(--quiet);
  }
  .always {
    margin-top: 12px;
  }
`;

export interface CalendarView {
  /** Day with the keyboard focus; its month is shown. */
  focused: string;
  chosen: string;
  first: string;
  today: string;
  sums: readonly Day[];
  reference: string;
  choose: (day: string) => void;
  move: (day: string, withFocus: boolean) => void;
  close: () => void;
}

/**
 * Return the day that gets the focus when a key is pressed on the focused day `day`. Return undefined for a key that
 * does not move the focus.
 */
export function dayAfterKey(key: string, day: string, locale: Locale): string | undefined {
  const month = day.slice(0, 7);
  const last = (of: string) => addDays(`${addMonths(of, 1)}-01`, -1);
  const inMonth = (to: string) => [`${to}-${day.slice(8)}`, last(to)].sort()[0]!;
  const weekday = weekdayOf(day, locale);
  const steps: Record<string, string> = {
    ArrowLeft: addDays(day, -1),
    ArrowRight: addDays(day, 1),
    ArrowUp: addDays(day, -7),
    ArrowDown: addDays(day, 7),
    PageUp: inMonth(addMonths(month, -1)),
    PageDown: inMonth(addMonths(month, 1)),
    Home: addDays(day, -weekday),
    End: addDays(day, 6 - weekday),
  };
  return steps[key];
}

export function calendar({ focused, chosen, first, today, sums, reference, choose, move, close }: CalendarView, locale: Locale): TemplateResult {
  const month = focused.slice(0, 7);
  const within = (day: string) => (day < first ? first : day > today ? today : day);
  const key = (event: KeyboardEvent) => {
    const to = dayAfterKey(event.key, focused, locale);
    if (event.key === "Escape") close();
    else if (to) move(within(to), true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const turn = (count: number, isThere: boolean) => (isThere ? () => move(within(`${addMonths(month, count)}-01`), false) : undefined);
  const cell = (entry: CalendarDay | undefined) => {
    if (!entry) return html`<span role="gridcell"></span>`;
    const { day, name, aboveCount, isKnown } = entry;
    return html`<button
      role="gridcell"
      class=${day === today ? "now-day" : ""}
      data-day=${day}
      data-above=${aboveCount || nothing}
      aria-label=${name}
      aria-selected=${day === chosen}
      aria-disabled=${!isKnown}
      tabindex=${day === focused ? 0 : -1}
      @click=${() => isKnown && choose(day)}
    >
      ${Number(day.slice(8))}
    </button>`;
  };
  const words = { earlier: locale.common("month_before"), later: locale.common("month_after") };
  const title = capital(locale.monthYear(dayStart(`${month}-15`)));
  const weekdays = locale.common("weekdays").split(" ");
  weekdays.push(...weekdays.splice(0, locale.firstWeekday));
  return html`<div class="calendar" role="dialog" aria-label=${locale.common("choose_day")} @keydown=${key}>
    ${turnOver(title, words, { earlier: turn(-1, month > first.slice(0, 7)), later: turn(1, month < today.slice(0, 7)) })}
    <div role="grid">
      <div role="row">${weekdays.map((name) => html`<small role="columnheader" aria-label=${name}>${capital(name.slice(0, 2))}</small>`)}</div>
      ${weeksOf(month, sums, { first, today }, locale).map((week) => html`<div role="row">${week.map(cell)}</div>`)}
    </div>
    ${reference ? html`<small><span class="excess">▲</span> ${locale.text(todayTexts, "legend", { R: reference })}</small>` : nothing}
  </div>`;
}
