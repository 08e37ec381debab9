/**
 * Card of supply quality. Its option `part` chooses one of four contents: the voltage; the breaker and the telegrams;
 * the interruptions; or the limits of the grid operator.
 */

import { plain } from "../locale.ts";
import { html, nothing, type TemplateResult } from "lit";
import { formOf, type CardConfig, pageLocale, SmartyCard } from "../base-card.ts";
import {
  interruptionLines,
  type InterruptionsDrawing,
  interruptionsDrawing,
  interruptionsSentence,
  interruptionsStyles,
  interruptionsTable,
  KIND_HEIGHT,
  markSentence,
  NARROW_KIND_HEIGHT,
  readDisturbances,
} from "../charts/quality-interruptions.ts";
import {
  rowSentence,
  voltageDay,
  type VoltageDay,
  voltageDrawing,
  voltageRows,
  voltageSentence,
  voltageStyles,
  voltageTable,
} from "../charts/quality-voltage.ts";
import { limitRows, limitsSentence, limitsTable, readLimits } from "./quality-limits.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { rich, smallLine } from "../parts/markup.ts";
import { memoize } from "../data/memoize.ts";
import { drawPhases, phaseBars, phasePowers, phaseStyles } from "../charts/phase-bars.ts";
import { operatorMessage, operatorMessageStyles } from "../parts/operator-message.ts";
import { ChosenBar } from "../charts/chosen-bar.ts";
import {
  alteredSentence,
  heldSentence,
  homeSentence,
  lastTelegram,
  receptionBlocks,
  receptionDay,
  receptionHours,
  receptionTable,
  supplyRows,
  supplySentence,
  supplyStyles,
  switchState,
} from "./quality-switches-and-reception.ts";
import { measureIn, Width } from "../parts/measured-sizes.ts";
import { houseOf } from "../sentences/house.ts";
import { type QualityKey, qualityTexts, say } from "../sentences/quality.ts";
import { styles } from "../styles.ts";
import type { Events, Meter } from "../data/websocket-types.ts";

const PARTS = ["voltage", "supply", "interruptions", "limits"] as const;
type Part = (typeof PARTS)[number];

const ROWS_AN_HOUR = 12;
const FIVE_MINUTES_MS = 300_000;
/** Inner width of the card in px below which the layout is narrow, as in other cards. */
const NARROW_PX = 420;
/**
 * Live values that change with an event. If such a value changes, the events are requested at once, not after five
 * minutes.
 */
const WATCHED = [
  "breaker", "relay_1", "relay_2", "power_failures",
  ...["l1", "l2", "l3"].flatMap((phase) => [`voltage_sags_${phase}`, `voltage_swells_${phase}`]),
];

export class QualityCard extends SmartyCard<QualityKey> {
  static override readonly texts = qualityTexts;
  static override styles = [styles, phaseStyles, voltageStyles, supplyStyles, operatorMessageStyles, interruptionsStyles];

  readonly #voltageDay = memoize(voltageDay);
  readonly #voltageDrawing = memoize(voltageDrawing);
  readonly #receptionDay = memoize(receptionDay);
  readonly #blocks = memoize(receptionBlocks);
  readonly #disturbances = memoize(readDisturbances);
  readonly #marks = memoize(interruptionsDrawing);
  readonly #card = new Width(this, ".body");
  readonly #width = new Width(this, ".marks");
  readonly #widthOf = measureIn(this);
  /** Data of the last drawing. Keys and pointer choose a point of this drawing. */
  #day: VoltageDay | undefined;
  #drawn: InterruptionsDrawing | undefined;
  #second: ReturnType<typeof setTimeout> | undefined;
  readonly #chosen = new ChosenBar(this, () => {
    if (this.#drawn) return { count: this.#drawn.marks.length, at: (x) => this.#nearestMark(x) };
    return { count: this.#day?.rows ?? 0, page: ROWS_AN_HOUR };
  });

  static override getConfigForm(): object {
    const locale = pageLocale();
    const options = PARTS.map((value) => ({ value, label: say(locale, value) }));
    return formOf({ name: "part", label: say(locale, "part"), default: "voltage", selector: { select: { mode: "dropdown", options } } });
  }

  override setConfig(config: CardConfig): void {
    const part = config?.part ?? "voltage";
    if (!PARTS.some((name) => name === part)) throw new Error(`part: ${PARTS.join(", ")}`);
    super.setConfig(config);
    this.#chosen.choose(undefined);
  }

  override getGridOptions(): object {
    const options = super.getGridOptions();
    return this.#part === "interruptions" || this.#part === "limits" ? { ...options, columns: "full" } : options;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#second);
  }

  override get label(): string {
    return `${this.t("name")}, ${this.t(this.#part)}`;
  }

  get #part(): Part {
    return (this.config?.part ?? "voltage") as Part;
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    clearTimeout(this.#second);
    this.#day = this.#drawn = undefined;
    if (this.#part === "supply") return this.#supply(meter, feed);
    if (this.#part === "limits") return this.#limits(meter, feed);
    return this.#part === "interruptions" ? this.#interruptions(meter, feed) : this.#voltage(meter, feed);
  }

  /** Return the card. With the name of its table, it has a menu. */
  #frame(body: TemplateResult, stamp: TemplateResult | typeof nothing = nothing, table?: string): TemplateResult {
    return html`<header><h2>${this.t(this.#part)}</h2>${stamp}${table ? this.menu(table) : nothing}</header>${body}`;
  }

  /** Return the text shown instead of a missing answer; `error` may give the reason. */
  #without(error?: string): TemplateResult {
    if (error === "not_loaded" || error === "not_found") return html`<p>${this.t("not_read")}</p>`;
    return error === "unauthorized" ? html`<p>${this.locale.common("not_allowed")}</p>` : this.waiting(error);
  }

  #voltage(meter: Meter, feed: MeterFeed): TemplateResult {
    const { locale } = this;
    const answer = feed.ask("smarty_p1/voltages", {}, String(Math.floor(feed.now / FIVE_MINUTES_MS)));
    if (!answer.value) return this.#frame(this.#without(answer.error), this.stamp(feed));
    const day = this.#voltageDay(answer.value);
    if (!day.phases.length) return this.#frame(html`<p>${this.t(this.#noVoltage(meter, feed))}</p>`, this.stamp(feed));
    this.#day = day;
    this.#chosen.follow(day.start / FIVE_MINUTES_MS, day.rows);
    const row = this.#chosen.index;
    const result = voltageSentence(day, locale);
    const isOfBar = row !== undefined;
    const sentence = isOfBar ? rowSentence(day, row, locale) : result;
    this.announce(meter.entry_id, this.t("voltage"), result);
    const now = (phase: string) => {
      const value = feed.live?.values?.[`voltage_${phase.toLowerCase()}`];
      const shown = typeof value === "number" && Number.isFinite(value) ? locale.unit(value, "V") : "–";
      return this.moreInfo(`voltage_${phase.toLowerCase()}`, shown, `${phase} ${shown}`);
    };
    const label = this.t("voltage_chart");
    const shown = { day, drawing: this.#voltageDrawing(day), locale, chosen: this.#chosen, label, now, isOld: feed.isOld(meter) };
    return this.#frame(
      html`${this.sentence(sentence, "reserved", isOfBar)} ${voltageRows({ ...shown, reading: isOfBar ? plain(sentence) : "" })}
        ${drawPhases(feed.live && !feed.isOld(meter) ? phaseBars(phasePowers(meter, feed.live)) : [], locale)}
        ${this.table(label, () => ({ head: [this.t("hour"), ...day.phases.map(({ name }) => `${name} (V)`)], rows: voltageTable(day, locale) }))}`,
      this.stamp(feed),
      label,
    );
  }

  #noVoltage(meter: Meter, feed: MeterFeed): "no_voltage_yet" | "no_voltage_lately" | "sends_no_voltage" {
    if (lastTelegram(feed.live, meter) === undefined) return "no_voltage_yet";
    if (feed.isOld(meter)) return "no_voltage_lately";
    const { voltage_l1, voltage_l2, voltage_l3 } = feed.live?.values ?? {};
    return (voltage_l1 ?? voltage_l2 ?? voltage_l3 ?? null) === null ? "sends_no_voltage" : "no_voltage_yet";
  }

  #supply(meter: Meter, feed: MeterFeed): TemplateResult {
    const { live } = feed;
    const { locale } = this;
    if (!live) return this.#frame(this.waiting());
    const answer = this.#events(feed);
    const isOld = feed.isOld(meter);
    const sentence = supplySentence(live, meter, isOld, feed.now, locale);
    this.announce(meter.entry_id, this.t("supply"), sentence);
    const isKnown = lastTelegram(live, meter) !== undefined;
    const state = (key: "relay_1" | "relay_2", isSecond = false) => {
      const shown = switchState(live.values?.[key], locale);
      return this.moreInfo(key, isSecond ? shown.toLocaleLowerCase(locale.language) : shown, `${this.t(key)} ${shown}`);
    };
    const relays = [live.values?.relay_1, live.values?.relay_2];
    const rows: [string, TemplateResult | string][] = relays.some((relay) => relay && relay !== "connected")
      ? [[this.t("relays"), html`${state("relay_1")} / ${state("relay_2", true)}`]]
      : [];
    if (!isOld && isKnown) this.#second = setTimeout(this.#tick, 1000);
    const day = answer.value && this.#receptionDay(answer.value, this.#answeredAt(answer.value, feed));
    const isReceived = (day?.share ?? null) !== null;
    const altered = answer.value ? alteredSentence(answer.value, locale) : "";
    const held = answer.value ? heldSentence(answer.value, feed.now, locale) : "";
    const home = homeSentence(houseOf(feed), locale);
    return this.#frame(
      html`${this.sentence(sentence)} ${isKnown && rows.length ? html`${supplyRows(rows, isOld)}${smallLine(this.t("relays_are"))}` : nothing}
        ${day ? html`${receptionHours(day, this.#blocks(day), locale)} ${altered ? smallLine(rich(altered)) : nothing} ${held ? smallLine(rich(held)) : nothing} ${home ? smallLine(rich(home)) : nothing} ${operatorMessage(answer.value!, locale)}` : this.#without(answer.error)}
        ${isReceived ? this.table(this.t("telegrams"), () => ({ head: [this.t("hour"), this.t("received")], rows: receptionTable(day!, locale) })) : nothing}`,
      isOld ? this.stamp(feed) : nothing,
      isReceived ? this.t("telegrams") : "",
    );
  }

  #interruptions(meter: Meter, feed: MeterFeed): TemplateResult {
    const { locale } = this;
    const answer = this.#events(feed);
    if (!answer.value) return this.#frame(this.#without(answer.error));
    const now = this.#answeredAt(answer.value, feed);
    const interruptions = this.#disturbances(answer.value, now);
    const result = interruptionsSentence(interruptions, now, locale);
    if (!Object.keys(interruptions.seen).length) return this.#frame(html`<p>${result}</p>`);
    const height = this.#card.value < NARROW_PX ? NARROW_KIND_HEIGHT : KIND_HEIGHT;
    const drawing = (this.#drawn = this.#marks(interruptions, this.#width.value || 320, height, locale, this.#widthOf));
    const mark = this.#chosen.index === undefined ? undefined : drawing.marks[this.#chosen.index];
    const reading = mark && markSentence(mark.disturbances, now, locale);
    this.announce(meter.entry_id, this.t("interruptions"), result);
    const shown = { interruptions, drawing, locale, chosen: this.#chosen, reading: plain(reading ?? "") };
    const hasRows = interruptions.all.length > 0;
    const head = [this.t("when"), this.t("what"), this.t("phases")];
    return this.#frame(
      html`${this.sentence(reading ?? result, "reserved", reading !== undefined)} ${interruptionLines(shown)}
        ${smallLine(this.t("counts_only"))}
        ${hasRows ? this.table(this.t("interruptions"), () => ({ head, rows: interruptionsTable(interruptions, now, locale) })) : nothing}`,
      nothing,
      hasRows ? this.t("interruptions") : "",
    );
  }

  #limits(meter: Meter, feed: MeterFeed): TemplateResult {
    const { locale } = this;
    const answer = this.#events(feed);
    if (!answer.value) return this.#frame(this.#without(answer.error));
    const limits = readLimits(answer.value);
    const sentence = limitsSentence(limits, feed.now, locale);
    this.announce(meter.entry_id, this.t("limits"), sentence);
    if (!limits.length) return this.#frame(html`<p>${sentence}</p>`);
    const head = (["from", "to", "load", "before", "allowed", "after", "obeyed_after"] as const).map((name) => this.t(name));
    return this.#frame(
      html`${this.sentence(sentence)} ${supplyRows(limitRows(limits, locale), false)} ${smallLine(this.t("limits_are"))}
        ${this.table(this.t("limits"), () => ({ head, rows: limitsTable(limits, locale) }))}`,
      nothing,
      this.t("limits"),
    );
  }

  #events(feed: MeterFeed) {
    const seen = WATCHED.map((key) => feed.live?.values?.[key] ?? "").join(" ");
    return feed.ask("smarty_p1/events", {}, `${Math.floor(feed.now / FIVE_MINUTES_MS)} ${feed.live?.state} ${seen}`);
  }

  /**
   * Return the time at which the card first used an answer. The time axis of a drawing ends at this time, so the
   * drawing does not move until the next answer.
   */
  readonly #answeredAt = memoize((_answer: Events, feed: MeterFeed) => feed.now);

  readonly #tick = (): void => {
    const { top, bottom } = this.getBoundingClientRect();
    if (!document.hidden && bottom > 0 && top < innerHeight) this.requestUpdate();
  };

  #nearestMark(share: number): number | undefined {
    const { marks = [], width = 0 } = this.#drawn ?? {};
    const far = marks.map(({ x }) => Math.abs(x - share * width));
    return far.length ? far.indexOf(Math.min(...far)) : undefined;
  }
}
