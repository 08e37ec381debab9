/** Card of energy and costs: today and this month so far, and the goal of the month. */

import { lastOf } from "../built-in-replacements.ts";
import { css, type CSSResultGroup, html, nothing, type TemplateResult } from "lit";
import { SmartyCard } from "../base-card.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { dayStart, type Locale, localDay } from "../locale.ts";
import { bar, barStyles, TRACK } from "../charts/shapes.ts";
import { Width } from "../parts/measured-sizes.ts";
import { columnHeads, rich, smallLine, statusLine } from "../parts/markup.ts";
import { memoize } from "../data/memoize.ts";
import { missingField } from "../sentences/bill.ts";
import { houseOf } from "../sentences/house.ts";
import {
  type GoalBar,
  type Row,
  type SoFar,
  soFar,
  type SoFarKey,
  soFarTexts,
  type UsualTexts,
  usualTexts,
} from "../sentences/so-far.ts";
import { styles } from "../styles.ts";
import type { Bill, Day, House, Meter } from "../data/websocket-types.ts";

/** If less than this share of today is known, today is not compared with a usual day. */
const MIN_COMPARED_SHARE = 0.9;

export class SoFarCard extends SmartyCard<SoFarKey> {
  static override readonly texts = soFarTexts;
  static override styles: CSSResultGroup = [
    styles,
    barStyles,
    css`
      .month {
        margin-top: 12px;
        padding-top: 12px;
        border-top: var(--line);
      }
      .above {
        color: var(--warning-text);
      }
      .bar {
        margin: 10px 0;
      }
      .month p.small {
        margin-top: 6px;
      }
      .labels {
        display: flex;
        flex-wrap: wrap;
        justify-content: flex-end;
        gap: 0 16px;
      }
      .labels > :first-child {
        margin-inline-end: auto;
      }
      .labels b {
        color: var(--text);
      }
      .labels .above {
        font-weight: 500;
      }
      .rows {
        margin-top: 8px;
        flex: 1;
      }
      .rows th,
      .rows td {
        height: 47px;
        padding-block: 0;
        border-top: var(--line);
      }
      .rows th {
        min-width: 84px;
        overflow-wrap: break-word;
      }
      td small {
        display: block;
      }
      /* Long numbers leave no room for the names beside them. So put the names above the numbers. */
      [stacked] tr {
        display: flex;
        flex-wrap: wrap;
        border-top: var(--line);
        padding: 6px 0;
      }
      [stacked] tr > * {
        flex: 1 0 0;
        height: auto;
        border: 0;
        padding: 0;
      }
      [stacked] tbody th {
        flex-basis: 100%;
      }
      [stacked] thead tr {
        border: 0;
        padding: 0;
      }
      [stacked] thead td {
        display: none;
      }
      .rows thead > tr > * {
        height: auto;
        padding-bottom: 4px;
        border: 0;
      }
      .rows thead th {
        white-space: nowrap;
      }
      thead > tr > ::first-letter {
        text-transform: uppercase;
      }
      td button.plain {
        min-height: 44px;
        text-align: end;
      }
      .own td {
        white-space: normal;
      }
      .old td {
        color: var(--quiet);
      }
    `,
  ];

  readonly #width = new Width(this, ".body");
  /** Width of the card and words of the table at the last measurement. */
  #measured = "";

  /** Content of the card. It is calculated again only if an argument, such as an answer or the day, has changed. */
  readonly #soFar = memoize(
    (days: Day[], bill: Bill | undefined, locale: Locale, house: House | undefined, today: string): SoFar =>
      soFar(days, bill, dayStart(today), locale, house),
  );

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const days = feed.ask("smarty_p1/days", {}, feed.readMinute);
    const bill = feed.ask("smarty_p1/bill", { months: 1 }, feed.readMinute);
    const title = html`<h2>${this.t("title")}</h2>`;
    if (!days.value) return html`${title}${this.waiting(days.error)}`;
    const today = localDay(feed.now);
    const shown = lastOf(bill.value?.months ?? []);
    const content = this.#soFar(days.value.days, shown, this.locale, houseOf(feed), today);
    const usual = this.#usual(feed, lastOf(days.value.days), today);
    const ofToday = usual?.sentence || content.cost;
    const result = ofToday || content.forecast;
    if (result) this.announce(meter.entry_id, this.t("title"), result);
    const isOld = feed.isOld(meter) || feed.live?.state !== "receiving";
    const notes = [...(usual ? [usual.note] : []), ...content.notes];
    return html`<header>${title}<small class="number">${content.until ?? nothing}</small>${content.parts.length ? this.menu(this.t("cost")) : nothing}</header>
      ${ofToday ? this.sentence(ofToday) : nothing}
      ${content.lacks ? this.toEnter(meter, missingField(shown!)) : nothing}
      ${content.forecast ? this.#month(content, meter, shown!) : nothing}
      ${content.rows.length || content.cost ? nothing : statusLine(this.nothingYet())}
      ${content.rows.length ? this.#rows(content, usual, isOld) : nothing}
      ${notes.map(smallLine)}
      ${content.parts.length ? this.table(this.t("cost"), () => ({ head: [this.t("cost"), content.today], rows: content.parts })) : nothing}`;
  }

  #rows(content: SoFar, usual: UsualTexts | undefined, isOld: boolean): TemplateResult {
    return html`<table class="rows ${isOld ? "old" : ""}">
        <thead>
          <tr class="small"><td></td>${columnHeads([content.today, content.month])}</tr>
        </thead>
        <tbody>${content.rows.map((row) => this.#row(row, content.month, usual?.below[row.key]))}</tbody>
      </table>`;
  }

  /**
   * Return the texts about the usual day; undefined if the usual day is unknown, if `day` is not today, or if much of
   * today is unknown: on its first day, a meter would seem to save.
   */
  #usual(feed: MeterFeed, day: Day | undefined, today: string): UsualTexts | undefined {
    const { value } = feed.ask("smarty_p1/usual", {}, feed.readMinute);
    return value?.usual && day?.day === today && day.quarter_hours >= MIN_COMPARED_SHARE * day.of_quarter_hours ? usualTexts(day, value.usual, value.reason, new Date(value.until), this.locale) : undefined;
  }

  /** Return the forecast of the month, and its goal as a bar. */
  #month({ forecast, isAbove, bar: goal, underBar }: SoFar, meter: Meter, bill: Bill): TemplateResult {
    // The verdict is the last of the bold words.
    const at = isAbove ? forecast.lastIndexOf("**", forecast.lastIndexOf("**") - 1) : forecast.length;
    const [before, verdict, end = ""] = [forecast.slice(0, at), ...forecast.slice(at + 2).split("**")];
    return html`<div class="month">
      <p>${rich(before)}${verdict && isAbove ? html`<b class="above">${verdict}</b>${end}` : nothing}</p>
      ${goal ? this.#bar(goal) : nothing}
      ${smallLine(underBar)}
      ${bill.goal || !this.isAdmin ? nothing : this.settings(meter, this.t("set_goal"), "goal")}
    </div>`;
  }

  #bar({ parts, line, isAbove, words, soFar, ...labels }: GoalBar): TemplateResult {
    const goal = html`<span>${rich(labels.goal)}</span>`;
    const forecast = labels.forecast ? html`<span class=${isAbove ? "above" : ""}>${labels.forecast}</span>` : nothing;
    return html`<div role="img" aria-label=${words}>
      ${bar([TRACK, ...parts], line)}
      <div class="labels small" aria-hidden="true">
        <span>${rich(soFar)}</span>${isAbove ? [goal, forecast] : [forecast, goal]}
      </div>
    </div>`;
  }

  /** Put the names above the numbers if the table is wider than the card. */
  protected override updated(): void {
    const table = this.renderRoot.querySelector("table");
    if (!table) return;
    const words = `${this.#width.value} ${table.textContent}`;
    if (words === this.#measured) return;
    this.#measured = words;
    table.removeAttribute("stacked");
    table.toggleAttribute("stacked", table.offsetWidth > table.parentElement!.clientWidth);
  }

  #row({ key, name, today, month }: Row, monthName: string, usual: string | undefined): TemplateResult {
    const whole = key === "grid" ? this.moreInfo("energy_imported", month, `${name}, ${monthName} ${month}`) : month;
    return html`<tr class=${key}>
      <th scope="row">${name}</th>
      <td class="number">${today}${usual ? html`<small>${usual}</small>` : nothing}</td>
      <td class="number">${whole}</td>
    </tr>`;
  }
}
