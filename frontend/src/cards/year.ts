/** Card of a year in quarter-hours, with a comparison of the reference powers. */

import { houseYear } from "../sentences/house-savings.ts";
import { type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { navigate, SmartyCard } from "../base-card.ts";
import { Cells } from "../charts/heat-map-picture.ts";
import type { MeterFeed, Reply } from "../data/meter-feed.ts";
import { dayStart, localDay } from "../locale.ts";
import { type Bills, billsOf } from "../parts/shared-bills.ts";
import { chartPart, partStyles } from "../charts/chart-part.ts";
import { chooserStyles, classChooser } from "../parts/class-chooser.ts";
import { HeatMap, type PaintRequest } from "../charts/heat-map-painter.ts";
import { paragraph, rich, smallLine, tableBehind } from "../parts/markup.ts";
import { memoize } from "../data/memoize.ts";
import { ChosenBar } from "../charts/chosen-bar.ts";
import { barStyles } from "../charts/shapes.ts";
import { measureIn, Width } from "../parts/measured-sizes.ts";
import { highsStyles, yearHighs } from "../charts/year-highs.ts";
import { dayOf, mapSize, mapStyles, momentParams, type NamedLimit, yearMap } from "../charts/heat-map-axes-legend.ts";
import { houseOf } from "../sentences/house.ts";
import { olderPrices } from "../sentences/older-prices.ts";
import {
  aboveIn,
  aboveSentence,
  type ClassRow,
  type CostPart,
  classRows,
  classSentence,
  energySentence,
  limitName,
  noComparison,
  plannedTexts,
  withoutParts,
  type YearKey,
  yearTexts,
} from "../sentences/year.ts";
import { summedMonths } from "../sentences/summed-months.ts";
import { styles } from "../styles.ts";
import type { Classes, House, Meter, MonthAbove } from "../data/websocket-types.ts";
import { type Grid, gridOf, highestOf, type Limit, localOf } from "../data/heat-map-grid.ts";
import { type Series, UNKNOWN, yearSeries } from "../data/year-quarter-hours.ts";

/** Inner width of the card in px below which the map is turned. */
const NARROW_PX = 388;
/** Media with other colours. A canvas does not follow them by itself. */
const MEDIA = ["print", "(forced-colors: active)", "(prefers-color-scheme: dark)"];

export class YearCard extends SmartyCard<YearKey> {
  static override readonly texts = yearTexts;
  static override styles: CSSResultGroup = [
    styles,
    mapStyles,
    barStyles,
    chooserStyles,
    highsStyles,
    partStyles,
  ];
  static override properties: PropertyDeclarations = { chosen: { state: true }, planned: { state: true }, hiddenParts: { state: true } };

  /** The class that the user has chosen, and the meter for which it was chosen. */
  declare protected chosen: { entryId: string; kw: number } | undefined;
  /** Entry id of the meter for which the user has asked for the year with a plan. */
  declare protected planned: string | undefined;
  /** Parts of the costs that the user has hidden in the bars. */
  declare protected hiddenParts: readonly CostPart[];
  readonly #map = new HeatMap();
  readonly #bar: ChosenBar = new ChosenBar(this, () => {
    const { grid, isTurned } = this.#painted!;
    const cells = new Cells(grid, isTurned);
    return {
      count: cells.count,
      column: cells.column,
      at: (x, y) => cells.at(x, y),
      middle: (index) => cells.middle(index),
      open: (index) => this.#open?.(cells.cell(index)),
    };
  });
  #painted: PaintRequest | undefined;
  #open: ((cell: number) => void) | undefined;
  readonly #width = new Width(this, ".body");
  readonly #widthOf = measureIn(this);
  readonly #gridOf = memoize(gridOf);
  readonly #highestOf = memoize(highestOf);
  #themes: unknown = null;
  #media: MediaQueryList[] = [];

  constructor() {
    super();
    this.hiddenParts = [];
  }

  override getGridOptions(): object {
    return { ...super.getGridOptions(), columns: "full", min_columns: 9, min_rows: 4 };
  }

  override getCardSize(): number {
    return 10;
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const { value: series, error } = yearSeries(feed, meter);
    const classes = feed.ask("smarty_p1/classes", {});
    const own = (classes.value ?? meter).reference_kw ?? undefined;
    // Without a reference power, there are no costs to compare. The card then shows only energies, which come from the
    // bills.
    const bills = own === undefined && classes.value ? billsOf(feed) : undefined;
    const house = houseOf(feed);
    // This answer takes seconds. So request it only if the user asks for it, and once a day.
    const isPlanned = this.planned === meter.entry_id;
    const plan = isPlanned ? feed.ask("smarty_p1/classes", { with_plan: true }, localDay(feed.now), true) : undefined;
    const state = [plan?.value, plan?.error, isPlanned, house, series, error, classes.value, classes.error, bills?.bills, bills?.error, meter, this.locale, this.chosen, this.hiddenParts, this.#bar.index, this.#width.value, this.isTableShown, this.isWhyShown, this.isAdmin];
    // This method is called by up to twenty telegrams a second, but telegrams do not change the content of this card.
    // So `guard` draws the content again only if one of the values in `state` has changed.
    return html`<header><h2>${this.t("classes")}</h2>${series ? this.menu(this.t("map")) : nothing}</header>
      ${guard(state, () => (series ? this.#content(series, classes, own, bills, house, meter, feed, plan) : this.waiting(error)))}`;
  }

  #content(
    series: Series,
    { value: classes, error }: Reply<Classes>,
    own: number | undefined,
    bills: Bills | undefined,
    house: House | undefined,
    meter: Meter,
    feed: MeterFeed,
    plan: Reply<Classes> | undefined,
  ): TemplateResult {
    if (series.values.every((value) => value === UNKNOWN)) return this.waiting("nothing_counted");
    // Only the picture and the table need the grid, and both are seldom shown.
    const grid = () => this.#gridOf(series);
    const rows = classes && own !== undefined ? classRows(classes) : [];
    const { entryId, kw: chosenKw } = this.chosen ?? {};
    const kw = entryId === meter.entry_id && rows.some((row) => row.kw === chosenKw) ? chosenKw : own;
    const first = localDay(series.start).slice(0, 7);
    const months = (classes?.above ?? []).filter(({ month, quarter_hours }) => month >= first && quarter_hours);
    const decisive = rows.length ? classes!.decisive : undefined;
    const limit = kw === undefined ? undefined : { kw, isContract: kw === own };
    const named = limit && { ...limit, name: limitName(months, limit, this.locale) };
    const above = this.#above(limit, months, decisive);
    const now = new Date(feed.now);
    const result = decisive ? classSentence(rows, kw, decisive.length, this.locale) : noComparison(meter.known_since, now, this.locale);
    if (rows.length) this.announce(`${meter.entry_id} ${kw}`, result, above);
    const reasons = () => html`${above ? smallLine(rich(above)) : nothing}
      ${house ? paragraph(houseYear(house, this.locale)) : nothing}
      ${this.#year(feed, grid(), named)}
      ${yearHighs(this.#highestOf(series), this.locale, (day) => this.#openDay(feed, day))}
      ${rows.length ? smallLine(`${summedMonths(decisive!, "todays", classes!.vat_rate !== 0, this.locale)} ${this.t("only_compares")}`) : nothing}`;
    const head = () => {
      if (bills) return this.#energy(meter, bills);
      return decisive || classes ? this.sentence(result) : this.waiting(error);
    };
    return html`${head()}
      ${rows.length ? html`${this.#classes(rows, kw, classes!, meter, now)}${this.#plan(plan, meter)}${this.why(this.t("classes"), reasons)}` : reasons()}
      ${this.#table(named, grid, months)}`;
  }

  /** Return the picture of the year, and prepare its painting. */
  #year(feed: MeterFeed, grid: Grid, limit: NamedLimit | undefined): TemplateResult {
    const width = this.#width.value;
    const isTurned = width < NARROW_PX;
    const size = mapSize(grid, width, isTurned, this.locale, this.#widthOf);
    const { grid: before, isTurned: wasTurned } = this.#painted ?? {};
    // If the days of the picture or its direction have changed, the chosen index stands for another cell. So drop the
    // choice.
    if (before && (before.firstDay !== grid.firstDay || before.days !== grid.days || wasTurned !== isTurned)) this.#bar.clear();
    this.#painted = { grid, limit, isTurned, width: size.width, height: size.height };
    this.#open = (cell) => this.#openDay(feed, dayOf(cell, grid));
    return html`<div class=${isTurned ? "narrow" : "wide"}>${yearMap(grid, size, limit, this.#bar, this.#open, this.locale)}</div>`;
  }

  /** Return the content for a contract without a reference power: the energies, and a link to enter this power. */
  #energy(meter: Meter, { bills, error }: Bills): TemplateResult {
    return html`${bills ? this.sentence(energySentence(bills, this.locale)) : this.waiting(error)}
      <p>${this.t("no_reference")}</p>
      ${this.toEnter(meter, "reference_power")}`;
  }

  /**
   * Return the sentence about the quarter-hours above the limit. It is about the months for which the costs of the
   * reference powers are compared. If no costs are compared, it is about all months.
   */
  #above(limit: Limit | undefined, all: MonthAbove[], decisive: string[] | undefined): string {
    const months = all.filter(({ month }) => !decisive || decisive.includes(month));
    return limit && months.length ? aboveSentence(months, limit, decisive?.length, this.locale) : "";
  }

  /** Return the year with a plan for the car, or the button that asks for it. */
  #plan(plan: Reply<Classes> | undefined, meter: Meter): TemplateResult {
    if (!plan) return html`<button class="link why" @click=${() => (this.planned = meter.entry_id)}>${this.t("with_plan")}</button>`;
    const planned = plan.value?.with_plan;
    if (!planned) return this.waiting(plan.error);
    const { sentence, onePhase, rows, notes } = plannedTexts(planned, this.locale);
    const head = (["classes", "now", "at_once", "by_plan"] as const).map((key) => this.t(key));
    return html`<div role="status">${paragraph(sentence)}${paragraph(onePhase)}</div>
      ${rows.length ? html`${tableBehind(this.t("with_plan"), { head, rows })}${smallLine(notes)}` : nothing}`;
  }

  /** Return the costs of the classes, and a note if their prices are older. */
  #classes(rows: ClassRow[], kw: number | undefined, { decisive, prices_of }: Classes, { entry_id: entryId }: Meter, now: Date): TemplateResult {
    const { hiddenParts: hidden } = this;
    const part = (key: CostPart, color: string) => chartPart(key, color, this.t(key), hidden, (parts) => (this.hiddenParts = parts));
    const older = olderPrices(prices_of, localDay(now), this.locale);
    return html`<small class="legend">${part("fixed", "quiet")}${rows.some(({ surcharge }) => surcharge) ? part("surcharge", "excess") : nothing}</small>
      ${classChooser(withoutParts(rows, hidden), kw, decisive.length, this.locale, (chosen) => (this.chosen = { entryId, kw: chosen }))}
      ${smallLine(older)}`;
  }

  #table(limit: NamedLimit | undefined, grid: () => Grid, months: MonthAbove[]): TemplateResult | typeof nothing {
    const t = (key: "month" | "highest" | "count_above" | "kwh_above") => this.t(key, limit ? { R: limit.name } : {});
    const row = (month: MonthAbove) => {
      const { start, mean_kw: kw } = month.peak ?? {};
      const params = start && { ...momentParams(localOf(Date.parse(start)), grid().firstDay + grid().days - 1, this.locale), power: this.locale.kW(kw!) };
      const cells = [this.locale.monthYear(dayStart(`${month.month}-15`)), params ? this.t("drawn_at", params) : "–"];
      if (!limit) return cells;
      const { quarter_hours: count, kwh } = aboveIn([month], limit);
      return [...cells, this.locale.number(count), this.locale.number(kwh, 1)];
    };
    const head = [t("month"), t("highest"), ...(limit ? [t("count_above"), t("kwh_above")] : [])];
    return this.table(this.t("map"), () => ({ head, rows: months.map(row) }));
  }

  /** Show a day in the day card. The year view of the dashboard has no such card, so go to the view "now". */
  #openDay(feed: MeterFeed, day: string): void {
    feed.show(day);
    // Only the generated dashboard sets `chooser`, and only this dashboard surely has the view "now". On a dashboard
    // that the user has built, stay in the view.
    if (this.config.chooser && location.pathname.endsWith("/year")) navigate(location.pathname.replace(/\/year$/, "/now"));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#media = MEDIA.map((query) => matchMedia(query));
    for (const query of this.#media) query.addEventListener("change", this.#repaint);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const query of this.#media) query.removeEventListener("change", this.#repaint);
  }

  protected override updated(): void {
    if (this.hass?.themes === this.#themes) return this.#paint();
    this.#themes = this.hass?.themes;
    // When the theme changes, the card may get the new `hass` before the frontend sets the theme's CSS variables. So
    // read the colours a frame later.
    requestAnimationFrame(this.#repaint);
  }

  readonly #repaint = (): void => {
    this.#map.readColors(this);
    this.#paint();
  };

  #paint(): void {
    const canvas = this.renderRoot.querySelector("canvas");
    if (canvas && this.#painted) this.#map.paint(canvas, this.#painted);
  }
}
