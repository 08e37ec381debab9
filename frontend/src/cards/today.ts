/** Card of a day in quarter-hours: power, excess over the reference power, and its cost. */

import { clamp, lastOf } from "../built-in-replacements.ts";
import { type CSSResultGroup, html, nothing, type PropertyDeclarations, type PropertyValues, svg, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { SmartyCard } from "../base-card.ts";
import { type Chart, kwOf, type Quarter, quartersOf, roomFor } from "../data/day-chart-bars.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { IDLE_RESET_MS } from "../data/return-to-today.ts";
import { addDays, addMonths, dayStart, plain, QUARTER_HOUR_MS, round } from "../locale.ts";
import { costsOf, firstEnds, type KnownPart, knownPartOf, quarterHoursOf, type Running, runningOf, type ShownDay, shownOf } from "../parts/day-quarter-hours.ts";
import { layOutDay, chosenLine, dayStyles, heightOf, drawFixedParts, highestLabel, isNarrow, laterReference, runningBar, strip } from "../charts/day-chart.ts";
import { calendar, calendarStyles } from "../charts/calendar.ts";
import { rich, turnOver } from "../parts/markup.ts";
import { memoize } from "../data/memoize.ts";
import { ChosenBar, pointer } from "../charts/chosen-bar.ts";
import { dot } from "../charts/shapes.ts";
import { measureIn, Width } from "../parts/measured-sizes.ts";
import { choicesOf, week, weekStyles } from "../parts/day-chooser.ts";
import {
  alwaysOnSentence,
  dayNotes,
  daySentence,
  dayTable,
  dayTitle,
  firstDay,
  quarterSentence,
  sinceNote,
  type TodayKey,
  todayTexts,
  weekOf,
} from "../sentences/today.ts";
import { houseOf } from "../sentences/house.ts";
import { lastKnownDay } from "../sentences/last-known-day.ts";
import { styles } from "../styles.ts";
import type { Day, Live, Meter } from "../data/websocket-types.ts";

const QUARTER_HOURS_AN_HOUR = 4;

/** Drawing of a day, and the data for its texts. */
interface Drawn extends KnownPart {
  shown: ShownDay;
  chart: Chart;
  quarters: Quarter[];
  day: Day | undefined;
  reference: number | null;
  running: Running | undefined;
  hasSun: boolean;
}

/** Return whether the day is the first one of its meter, and only its running quarter-hour is known. */
const isFirst = ({ knownCount, running, shown }: Drawn): boolean => !knownCount && running !== undefined && shown.day === shown.since;

export class TodayCard extends SmartyCard<TodayKey> {
  static override readonly texts = todayTexts;
  static override styles: CSSResultGroup = [styles, dayStyles, calendarStyles, weekStyles];
  static override properties: PropertyDeclarations = { focusedDay: { state: true } };

  /** Day with the focus in the open calendar; undefined while the calendar is closed. */
  declare protected focusedDay: string | undefined;
  /** Whether a button above the calendar keeps the focus, because it was pressed to turn the month. */
  #keepsFocus = false;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #chart: Chart | undefined;
  #last = 0;
  #day = "";
  readonly #chosen: ChosenBar = new ChosenBar(this, () => ({
    count: this.#last + 1,
    at: (x) => this.#indexAt(x),
    page: QUARTER_HOURS_AN_HOUR,
  }));
  readonly #width = new Width(this, ".body");
  readonly #widthOf = measureIn(this);
  readonly #quarters = memoize(quartersOf);
  readonly #chartOf = memoize(layOutDay);
  readonly #choices = memoize(choicesOf);
  readonly #week = memoize((day: string, today: string) => weekOf(day, today));
  readonly #costs = memoize(costsOf);

  override getGridOptions(): object {
    return { ...super.getGridOptions(), columns: "full", min_columns: 9, min_rows: 4 };
  }

  override getCardSize(): number {
    return 7;
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const { live } = feed;
    if (!live) return this.waiting();
    const isOld = feed.isOld(meter);
    const shown = shownOf(meter, live, feed.shown.day ?? lastKnownDay(meter), isOld, feed.now);
    const { day, today, start, count } = shown;
    if (day !== this.#day) this.#chosen.clear();
    this.#day = day;

    const { imported, exported, past } = quarterHoursOf(feed, shown, meter.feeds_in);
    if (!imported) return html`${this.#header(meter, feed, shown)}${this.#instead(live.gone, undefined)}`;
    const days = this.#week(day, today);
    const until = addDays(lastOf(days)!, 1);
    const sums = feed.ask("smarty_p1/days", { start: days[0]!, end: until }, until > today ? undefined : past);
    const hasSun = meter.feeds_in === true || Boolean(sums.value?.days.some((entry) => entry.exported_wh));
    const drawn =
      imported.value && sums.value
        ? this.#drawn(meter, live, shown, this.#quarters(start, count, imported.value, exported?.value), sums.value.days, hasSun)
        : undefined;
    const choose = (to: string) => feed.show(to === today ? undefined : to);
    const newest = lastKnownDay(meter) ?? today;
    // The content below has the row of days even while the next day loads. Otherwise, the pressed button in this row
    // would lose the keyboard focus.
    const open = this.#calendar(meter, feed, shown, past, choose);
    return html`${this.#header(meter, feed, shown, Boolean(drawn?.knownCount))}
      ${drawn ? this.#chartAndWords(drawn, meter, open) : this.#instead(live.gone, imported.error ?? sums.error)}
      ${guard([days, day, sums.value, hasSun, this.locale], () =>
        // For a meter without a cable, the card above this one has the buttons of the days. So show none here.
        sums.value && meter.source !== "leneda" ? week(this.locale.common("choose_day"), this.#choices(days, sums.value.days, hasSun, this.locale), day, choose) : nothing,
      )}
      ${drawn ? this.#alwaysOn(feed) : nothing}
      ${drawn ? this.#foot(drawn, isOld ? this.stamp(feed) : nothing, days.includes(newest) ? nothing : this.#back(newest, today, feed)) : nothing}`;
  }

  #drawn(meter: Meter, live: Live, shown: ShownDay, quarters: Quarter[], days: Day[], hasSun: boolean): Drawn {
    const { start, present, quarterHour } = shown;
    const day = days.find((entry) => entry.day === shown.day);
    const running = runningOf(shown, live);
    const isToday = shown.day === shown.today;
    const todaysReference = isToday ? (quarterHour?.reference_kw ?? meter.reference_kw) : null;
    const reference = (day ? day.reference_kw : todaysReference) ?? null;
    const knownPart = knownPartOf(shown, quarters);
    const { begun, ended } = knownPart;
    this.#last = Math.max(0, running ? present : ended - 1);
    if ((this.#chosen.index ?? 0) > this.#last) this.#chosen.choose(this.#last);
    // If the reference power has changed during the day, leave room in the chart for the line of the new power.
    const later = running?.reference != null && running.reference !== reference ? running.reference + 0.4 : 0;
    const room = running ? roomFor(Math.max(running.drawn, later)) : 0;
    const chart = this.#chartOf(quarters, start, reference, begun, ended, room, roomFor(running?.fed ?? 0), this.#width.value, this.locale, this.#widthOf);
    this.#chart = chart;
    return { shown, chart, quarters, day, reference, running, hasSun, ...knownPart };
  }

  #chartAndWords(drawn: Drawn, meter: Meter, open: unknown): TemplateResult {
    const price = meter.excess_price;
    const { shown, quarters, day, reference, running, knownCount, hasSun } = drawn;
    const { quarterHour } = shown;
    const isExpectedAbove = running && running.reference !== null && round(running.drawn, 1) > running.reference;
    const told = daySentence(
      {
        day,
        isToday: shown.day === shown.today,
        hasSun,
        knownCount,
        firstEnds: quarterHour && firstEnds(quarterHour),
        expectedKw: isExpectedAbove ? running.drawn : null,
      },
      this.locale,
    );
    const sentence = isFirst(drawn) ? `${told} ${this.t("bars_come")}` : told;
    const chosen = this.#chosenSentence(drawn, this.#costs(quarters, reference, day, price), price);
    this.announce(`${meter.entry_id} ${shown.day}`, this.#title(shown), sentence);
    return html`<div class="said ${shown.day === shown.today ? "today" : ""}">
        <div class=${chosen ? "behind-chosen" : ""}>${this.sentence(sentence)}</div>
        ${chosen ? html`<p aria-hidden="true">${rich(chosen)}</p>` : nothing}
      </div>
      ${open} ${this.#svg(drawn, plain(chosen))}`;
  }

  #back(newest: string, today: string, feed: MeterFeed): TemplateResult {
    const name = newest === today ? this.locale.common("today") : dayTitle(dayStart(newest), newest, today, this.locale);
    return html`<button class="link" @click=${() => feed.show(undefined)}>${name}</button>`;
  }

  /** Return the notes, and the way back from a day that is not in the row of days with the newest one. */
  #foot(drawn: Drawn, stamp: TemplateResult | typeof nothing, back: TemplateResult | typeof nothing): TemplateResult {
    const { quarters, ended, reference, hasSun, shown } = drawn;
    const facts = { ...drawn, start: shown.start };
    const { gaps, portal } = dayNotes(facts, this.locale);
    return html`<footer>
        <div class="small">${[gaps && html`${dot("gap", true)}${gaps}`, sinceNote(facts, this.locale), portal].map((note) => (note ? html`<div>${note}</div>` : nothing))} ${stamp}</div>
        ${back}
      </footer>
      ${guard([this.isTableShown, quarters, ended, reference, hasSun, this.locale], () => this.table(this.t("chart"), () => dayTable(facts, this.locale)))}`;
  }

  #instead(isGone: boolean | undefined, error: string | undefined): TemplateResult {
    const isUnread = isGone || error === "not_loaded";
    // While the data is loading, reserve the height of the chart.
    const height = isUnread || error ? 0 : heightOf(this.#width.value) + 60;
    return html`<div class="instead" style="min-height:${height}px">
      ${isUnread ? html`<p class="small" role="status">${this.t("not_read")}</p>` : this.waiting(error)}
    </div>`;
  }

  #title({ day, today, start }: ShownDay): string {
    return dayTitle(new Date(start), day, today, this.locale);
  }

  #header(meter: Meter, feed: MeterFeed, shown: ShownDay, hasTable = false): TemplateResult {
    const { day, today, since } = shown;
    const turn = (count: number) => () => {
      const to = addDays(day, count);
      feed.show(to >= today ? undefined : to);
    };
    const title = this.#title(shown);
    const open = () => {
      this.focusedDay = this.focusedDay ? undefined : day;
      this.#keepsFocus = false;
    };
    const name = this.t("title_choose", { title });
    return turnOver(
      html`<button class="pick" aria-label=${name} aria-expanded=${this.focusedDay !== undefined} @click=${open}>${title}<ha-icon icon="mdi:calendar"></ha-icon></button>`,
      { earlier: this.t("earlier"), later: this.t("later") },
      { earlier: day > firstDay(today, since) ? turn(-1) : undefined, later: day < (lastKnownDay(meter) ?? today) ? turn(1) : undefined },
      hasTable ? this.menu(this.t("chart")) : nothing,
    );
  }

  /** Return the open calendar, which stands over the chart. */
  #calendar(meter: Meter, feed: MeterFeed, { day, today, since }: ShownDay, past: string, choose: (day: string) => void) {
    const focused = this.focusedDay;
    if (!focused) return nothing;
    const month = focused.slice(0, 7);
    const end = `${addMonths(month, 1)}-01`;
    const sums = feed.ask("smarty_p1/days", { start: `${month}-01`, end }, end > today ? undefined : past).value?.days ?? [];
    const view = {
      focused,
      chosen: day,
      first: firstDay(today, since),
      today,
      sums,
      reference: meter.reference_kw === null ? "" : this.locale.referenceKW(meter.reference_kw),
      choose: (to: string) => (this.#close(), choose(to)),
      move: (to: string, withFocus: boolean) => {
        this.focusedDay = to;
        this.#keepsFocus = !withFocus;
        if (this.#keepsFocus) this.speak(this.locale.monthYear(dayStart(to)));
      },
      close: this.#close,
    };
    return html`<div class="under">${calendar(view, this.locale)}</div>`;
  }

  readonly #close = (): void => {
    // The button that opens the calendar takes the focus of a day in it.
    if (this.renderRoot.querySelector(".calendar :focus")) this.renderRoot.querySelector<HTMLElement>(".pick")?.focus();
    this.focusedDay = undefined;
  };

  protected override updated(changed: PropertyValues): void {
    if (!changed.has("focusedDay")) return;
    // On a tablet on a wall, an open calendar would cover the chart until the next touch.
    clearTimeout(this.#idle);
    if (this.focusedDay) this.#idle = setTimeout(this.#close, IDLE_RESET_MS);
    if (this.focusedDay && !this.#keepsFocus) this.renderRoot.querySelector<HTMLElement>(`.calendar [data-day="${this.focusedDay}"]`)?.focus();
  }

  /** Return the sentence about the base load. */
  #alwaysOn(feed: MeterFeed): unknown {
    const { value } = feed.ask("smarty_p1/highlights", {});
    // In a house with a battery, the battery can supply the base load. The meter does not measure this energy. So leave
    // out the sentence about the base load.
    const hasBattery = Boolean(houseOf(feed)?.battery.length);
    return guard([value, hasBattery, this.locale], () => {
      const sentence = hasBattery || !value ? "" : alwaysOnSentence(value.always_on, this.locale);
      return sentence ? html`<p class="always">${rich(sentence)}</p>` : nothing;
    });
  }

  #svg(drawn: Drawn, chosen: string): TemplateResult {
    const { shown, chart, quarters, reference, running, knownCount } = drawn;
    const width = this.#width.value;
    const height = heightOf(width);
    // For a day without data, the card shows a sentence instead of a chart. For a past day, reserve the height of a
    // chart, so that the content below does not move when the user turns to another day.
    if (!knownCount && shown.day !== shown.today) return html`<div style="height:${height}px"></div>`;
    if (!knownCount && !running) return html``;
    if (isFirst(drawn)) return html`${strip(chart, running!.index, this.locale)}`;
    const name = this.t("reference");
    const at = this.#chosen.index;
    const later = running && running.reference !== reference ? running.reference : null;
    const isNamed = chart.isCalm || (running?.reference != null && running.drawn > running.reference);
    const highest = running && isNamed && running.drawn > (chart.highest?.kw ?? 0)
      ? { x: chart.x(running.index) + chart.slot / 2, y: chart.y(running.drawn), kw: running.drawn, isEstimated: true }
      : chart.highest;
    const chosenKw = () => (at === running?.index ? running!.drawn || -running!.fed : kwOf(quarters[at!]!.imported) || -kwOf(quarters[at!]!.exported));
    const label = () => {
      if (at !== undefined) return chosenLine(chart, at, chosenKw());
      return highest ? highestLabel(chart, highest, this.locale, this.#widthOf) : svg``;
    };
    return html`<svg
      class="day"
      height=${height}
      viewBox="0 0 ${Math.max(1, width)} ${height}"
      tabindex="0"
      role="slider"
      aria-label=${this.locale.common("to_choose", { name: this.t("chart") })}
      aria-valuemin="0"
      aria-valuemax=${this.#last}
      aria-valuenow=${at ?? this.#last}
      aria-valuetext=${chosen || this.locale.common("nothing_chosen")}
      ${pointer(this.#chosen)}
      @keydown=${this.#chosen.key}
    >
      <g aria-hidden="true">
      ${drawFixedParts(chart, shown.start, { kw: reference, until: later === null ? undefined : running?.index, name }, this.locale)}
      ${later === null || !running ? nothing : laterReference(chart, later, chart.x(running.index), name, this.locale)}
      ${running ? runningBar(chart, running, isNarrow(width)) : nothing}
      ${label()}
      </g>
    </svg>`;
  }

  #indexAt(share: number): number | undefined {
    if (!this.#chart || !this.#width.value) return undefined;
    return clamp(Math.floor((share * this.#width.value - this.#chart.left) / this.#chart.slot), 0, this.#last);
  }

  #chosenSentence({ shown, quarters, reference, running }: Drawn, costs: Map<number, number | null>, price: number | null): string {
    const index = this.#chosen.index;
    const quarter = index === undefined ? undefined : quarters[index];
    if (index === undefined || !quarter) return "";
    const start = new Date(shown.start + index * QUARTER_HOUR_MS);
    const { imported, exported, origin } = quarter;
    const runningCost = ({ drawn, reference: limit }: Running) => (price === null || limit === null ? null : ((drawn - limit) / QUARTER_HOURS_AN_HOUR) * price);
    const facts =
      index === running?.index
        ? { ...running, cost: runningCost(running), origin: undefined, isRunning: true }
        : {
            drawn: imported === null ? null : kwOf(imported),
            fed: exported === null ? null : kwOf(exported),
            reference,
            cost: costs.get(index) ?? null,
            origin,
            isRunning: false,
          };
    return quarterSentence({ start, ...facts }, this.locale, shown.count);
  }
}
