/** Choice of a past day: the row of small bars of the last seven days. */

import { clamp } from "../built-in-replacements.ts";
import { css, html, nothing, svg, type TemplateResult } from "lit";
import type { CardHost } from "../card-host.ts";
import { type SmallBar, smallBars } from "../data/day-chart-bars.ts";
import { addDays, dayStart, type Locale, plain } from "../locale.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { paragraph, smallLine, statusLine } from "./markup.ts";
import { daySentence } from "../sentences/today.ts";
import { lastKnownDay, shownPast, type YesterdayKey, yesterdayTexts } from "../sentences/last-known-day.ts";
import type { Day, Meter } from "../data/websocket-types.ts";

export interface Choice {
  day: string;
  /** Day as "Sat 21". */
  label: string;
  /** Day as "Saturday 21 November". */
  name: string;
  /** Sentence about the day. */
  sentence: string;
  isKnown: boolean;
  bar: SmallBar;
}

const SMALL_WIDTH = 24;
const SMALL_HEIGHT = 36;

export const weekStyles = css`
  .week {
    display: grid;
    grid-template-columns: repeat(7, 1fr);
    margin-top: 4px;
  }
  .week button {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 4px;
    padding: 6px 0 4px;
    font-size: 13px;
    line-height: 18px;
    color: var(--quiet);
    min-width: 0;
    overflow-wrap: normal;
  }
  .week [aria-checked="true"] {
    color: var(--text);
  }
  .week svg {
    width: 32px;
    height: 36px;
  }
  .week .axis {
    stroke: var(--quiet);
  }
  /* The weekday stands above the number in all seven labels, or beside it in all of them. */
  @container (max-width: 330px) {
    .week span {
      width: min-content;
    }
  }
  @container (max-width: 220px) {
    .week [aria-checked="false"] span {
      visibility: hidden;
    }
  }
  @container (min-width: 420px) {
    .week svg {
      width: 64px;
    }
  }
`;

export function choicesOf(days: readonly string[], sums: readonly Day[], hasSun: boolean, locale: Locale): Choice[] {
  const shownDays = days.map((day) => sums.find((sum) => sum.day === day));
  const bars = smallBars(shownDays, SMALL_WIDTH, SMALL_HEIGHT);
  return days.map((day, index) => {
    const start = dayStart(day);
    const facts = { day: shownDays[index], isToday: false, hasSun, knownCount: 1, firstEnds: undefined, expectedKw: null };
    const sentence = plain(daySentence(facts, locale));
    // Seven labels must fit side by side on a phone. So drop the dot of an abbreviation.
    const label = locale.shortWeekday(start).replace(". ", " ");
    return { day, label, name: locale.weekday(start), sentence, isKnown: Boolean(shownDays[index]), bar: bars[index]! };
  });
}

export function week(name: string, choices: readonly Choice[], chosen: string, choose: (day: string) => void) {
  if (choices.filter(({ isKnown }) => isKnown).length < 2) return nothing;
  // The sentence of the chosen day is already in the card. So the button of this day does not repeat the sentence for
  // screen readers.
  //
  // All buttons together are one stop of the tab key. An arrow key chooses the next button at once, as in any group of
  // radio buttons.
  const key = (event: KeyboardEvent) => {
    const enabled = choices.filter(({ isKnown }) => isKnown);
    const at = enabled.findIndex(({ day }) => day === chosen);
    const to = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: enabled.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = enabled[clamp(to, 0, enabled.length - 1)];
    if (!next) return;
    choose(next.day);
    const group = event.currentTarget as HTMLElement;
    group.querySelector<HTMLElement>(`[data-day="${next.day}"]`)?.focus();
  };
  return html`<div class="week" role="radiogroup" aria-label=${name} @keydown=${key}>
    ${choices.map(
      ({ day, label, name, sentence, isKnown, bar }) => html`<button
        role="radio"
        data-day=${day}
        aria-checked=${day === chosen}
        aria-label=${day === chosen ? name : `${name}: ${sentence}`}
        tabindex=${day === chosen ? 0 : -1}
        ?disabled=${!isKnown}
        @click=${() => choose(day)}
      >
        <svg viewBox="-4 0 ${SMALL_WIDTH + 8} ${SMALL_HEIGHT}" aria-hidden="true">
          ${svg`<path d=${bar.drawn} fill="var(--drawn)"></path><path d=${bar.excess} fill="var(--excess)"></path>
            <path d=${bar.fed} fill="var(--fed-in)"></path>
            <path class="axis" d="M-4 ${bar.zero.toFixed(1)}h${SMALL_WIDTH + 8}"></path>`}
        </svg>
        <span>${label}</span>
      </button>`,
    )}
  </div>`;
}

const WEEK = 7;

export function pastDay(card: CardHost, meter: Meter, feed: MeterFeed, locale: Locale): TemplateResult {
  const t = locale.textOf<YesterdayKey>(yesterdayTexts);
  const last = lastKnownDay(meter);
  if (!last) return html`<h2>${t("yesterday")}</h2>${statusLine(t("nothing_yet"))}`;
  const days = Array.from({ length: WEEK }, (_, index) => addDays(last, index - WEEK + 1));
  const sums = feed.ask("smarty_p1/days", { start: days[0]!, end: addDays(last, 1) }).value?.days ?? [];
  const day = days.find((day) => day === feed.shown.day) ?? last;
  const words = shownPast(meter, day, sums.find((entry) => entry.day === day), last, feed.now, locale);
  const hasSun = sums.some((entry) => entry.exported_wh);
  const choose = (to: string) => feed.show(to === last ? undefined : to);
  card.announce(`${meter.entry_id} ${day}`, "", [`${words.kwh} ${t("drawn")}`, words.cost].filter(Boolean).join(", "));
  return html`<header><h2>${words.title}</h2><small>${words.until}</small></header>
    <div class="big drawn">${words.kwh}<small>\u00a0${t("drawn")}</small></div>
    ${paragraph(words.cost)}
    ${words.highest
      ? html`<p>${words.highest}${words.above ? html`, <b class="excess">${words.above}</b>` : nothing}.</p>`
      : nothing}
    ${week(locale.common("choose_day"), choicesOf(days, sums, hasSun, locale), day, choose)}
    ${words.notes.map(smallLine)}
    ${card.isAdmin ? html`<div>${card.settings(meter, t("add_cable"), "cable")}</div>` : nothing}`;
}
