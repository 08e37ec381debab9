/** Card of a gas, water or heat meter: today's amount and the course of the month. */

import { type CSSResultGroup, html, nothing, type TemplateResult } from "lit";
import { formOf, type CardConfig, pageLocale, SmartyCard } from "../base-card.ts";
import { localDay, plain } from "../locale.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { amountToday, type Night, nightTo, type Standing, standingOn } from "../data/gas-water-heat-amounts.ts";
import { drawMedium, mediumChart, type MediumDrawing } from "../charts/gas-water-heat-chart.ts";
import { colorOf, iconOf, mediumStyles } from "./gas-water-heat-styles.ts";
import { paragraph, rich, statusLine } from "../parts/markup.ts";
import { ChosenBar } from "../charts/chosen-bar.ts";
import { chosenSentence, type Days, daysTable, footnote } from "../sentences/gas-water-heat-days.ts";
import { styles } from "../styles.ts";
import type { MediumHistory, MediumReading, Meter } from "../data/websocket-types.ts";
import * as cost from "../sentences/gas-costs.ts";
import * as say from "../sentences/gas-water-heat-month.ts";

const DAYS_A_WEEK = 7;
const READ_EACH_MS = 3_600_000;
const OLD_MS = 3 * 3_600_000;
const SILENT_MS = 48 * 3_600_000;

interface Shown {
  name: string;
  deviceId: string | null;
  history: MediumHistory;
  newer: MediumReading | undefined;
  /** Time of the last reading. */
  time: Date | undefined;
  /** The present in ms since 1970, and its day as 2026-11-21. */
  now: number;
  today: string;
}

interface Drawn {
  days: MediumHistory["days"];
  today: string;
  standing: Standing;
  units: say.Units;
  night: Night | undefined;
  costs: cost.KnownCosts | undefined;
  /** Data of the chart. If the costs are known, the chart shows euros. Otherwise, it shows amounts. */
  charted: { standing: Standing; units: say.Units };
  drawing: MediumDrawing;
}

export class MediumCard extends SmartyCard<say.MediumKey> {
  static override readonly texts = say.mediumTexts;
  static override styles: CSSResultGroup = [styles, mediumStyles];
  #drawn: Drawn | undefined;
  #shownName = "";
  readonly #chosen = new ChosenBar(this, () => ({ count: this.#drawn?.drawing.days ?? 0, page: DAYS_A_WEEK }));

  static override getConfigForm(): object {
    const label = pageLocale().text(say.mediumTexts, "device");
    return formOf({ name: "device", label, selector: { device: { filter: [{ integration: "smarty_p1", model_id: "M-Bus" }] } } });
  }

  /** Check the options: `meter` is the id on the M-Bus, `device` the device id from the form. */
  override setConfig(config: CardConfig): void {
    super.setConfig(config);
    for (const option of ["meter", "device"]) {
      const value = config[option];
      if (value !== undefined && value !== null && typeof value !== "string") throw new Error(`${option}: an id, as text`);
    }
  }

  /** Electricity meter that reads the configured M-Bus device; without a device, the meter of the card. */
  protected override get meter(): Meter | undefined {
    const { device } = this.config;
    const isOwner = ({ media }: Meter) => media.some(({ device_id }) => device_id === device);
    return (device ? this.meters?.list?.find(isOwner) : undefined) ?? super.meter;
  }

  override get label(): string {
    return this.#shownName || this.t("name");
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const answer = feed.ask("smarty_p1/media", {});
    if (answer.error === "unauthorized") {
      return statusLine(this.locale.common("not_allowed"));
    }
    const histories = answer.value?.media ?? [];
    const { device, meter: configured } = this.config;
    const byDevice = device ? meter.media.find(({ device_id }) => device_id === device)?.meter : undefined;
    const id = device ? byDevice : (configured ?? (meter.media[0] ?? histories[0])?.meter);
    const listed = meter.media.find((medium) => medium.meter === id);
    const stored = histories.find((medium) => medium.meter === id);
    if (!listed && !stored) {
      if (!answer.value) return this.waiting(answer.error);
      if (meter.state !== "receiving") return statusLine(this.t("nothing_read"));
      return statusLine(this.t(device || configured ? "not_there" : "no_media"));
    }
    const newer = feed.live?.media?.[String(id)];
    const history: MediumHistory = stored ?? {
      ...listed!, index: newer?.index ?? null, time: newer?.time ?? null, days: null, costs: null, hours: null,
    };
    const times = [newer?.time, history.time].map((time) => Date.parse(time ?? "")).filter(Number.isFinite);
    const shown: Shown = {
      name: (this.#shownName = this.#name(meter, history, listed?.device_id)),
      deviceId: listed?.device_id ?? null,
      history,
      newer,
      time: times.length ? new Date(Math.max(...times)) : undefined,
      now: feed.now,
      today: localDay(feed.now),
    };
    const color = colorOf(history.type, Boolean(this.hass?.themes?.darkMode));
    const content = () => {
      if (history.days) return this.#days(meter, shown);
      return stored || answer.error ? this.#index(shown) : this.waiting();
    };
    return html`<div class="all" style="--medium:${color}">
      <header>
        <h2><ha-icon icon=${iconOf(history.type)}></ha-icon><span>${shown.name}</span></h2>
        ${this.#stamp(shown)}${history.days ? this.menu(shown.name) : nothing}
      </header>
      ${content()}
    </div>`;
  }

  /**
   * Return the name that the user gave to a gas, water or heat meter. Without such a name, return the kind of the
   * meter. If there are several meters of this kind, add the end of the meter's number. If there are several
   * electricity meters, add the name of the electricity meter that reads this meter.
   */
  #name(meter: Meter, { type, meter: id }: MediumHistory, deviceId: string | null | undefined): string {
    const nickname = deviceId ? this.hass?.devices[deviceId]?.name_by_user : undefined;
    if (nickname) return nickname;
    const name = say.nameOf(type, this.locale);
    const number = meter.media.filter((medium) => medium.type === type).length > 1 ? ` ${id.slice(-4)}` : "";
    return `${name}${number}${this.isOneOfSeveral ? `, ${this.nameOf(meter)}` : ""}`;
  }

  #stamp({ history, time, now }: Shown): TemplateResult | typeof nothing {
    if (!time) return nothing;
    if (cost.hasMonth(history.costs)) return html`<small class="number">${cost.costUntil(history.costs, this.locale)}</small>`;
    const words = this.locale.dayAndTime(time, now);
    const isOld = now - time.getTime() > OLD_MS;
    return html`<small class="number">${isOld ? this.locale.common("last", { time: words }) : words}</small>`;
  }

  /** Show only the meter reading, because no daily amounts are known yet. */
  #index({ history, newer, time, now }: Shown): TemplateResult {
    const index = newer?.index ?? history.index;
    if (index === null || !time) return html`<p class="sentence">${this.t("nothing_read")}</p>`;
    const { own } = say.unitsOf(history.type, history.unit, null, 0);
    const words = { index: say.write(index, own, this.locale), time: this.locale.dayAndTime(time, now), next: this.locale.time(Math.max(time.getTime() + READ_EACH_MS, now)) };
    return html`<p class="sentence">${rich(this.t("index_only", words))}</p>`;
  }

  #draw({ history, today }: Shown): Drawn {
    let drawn = this.#drawn;
    if (drawn?.days !== history.days || drawn?.today !== today) {
      const standing = standingOn(history, today, say.isSeasonal(history.type));
      const amounts = [...standing.month.amounts, ...(standing.reference?.amounts ?? [])];
      const biggest = Math.max(0, ...amounts.map((amount) => amount ?? 0));
      const units = say.unitsOf(history.type, history.unit, history.kwh_per_m3, biggest);
      const night = say.kindOf(history.type) === "water" ? nightTo(history, today) : undefined;
      const costs = cost.hasMonth(history.costs) ? history.costs : undefined;
      const charted = costs ? { standing: cost.costStanding(costs), units: cost.costUnits(costs) } : { standing, units };
      const drawing = drawMedium(charted.standing);
      this.#drawn = drawn = { days: history.days, today, standing, units, night, costs, charted, drawing };
    }
    return drawn!;
  }

  #days(meter: Meter, shown: Shown): TemplateResult {
    const { history, newer, name, deviceId, time, now, today } = shown;
    const { standing, units, night, costs, charted, drawing } = this.#draw(shown);
    const amount = amountToday(history, today, newer);
    const days: Days = { history, standing, units, night, today, amount, time };
    const shownDays: Days = costs ? { ...days, ...charted, amount: null } : days;
    const { number, unit } = costs ? cost.costTotal(costs, today, this.locale) : this.#today(amount, units);
    const month =
      time && now - time.getTime() > SILENT_MS
        ? this.t("silent", { time: this.locale.dayAndTime(time, now) })
        : costs
          ? cost.costSentence(costs, today, this.locale)
          : say.monthSentence(standing, units, history.days!.start, today, this.locale);
    // In another month, a choice ends.
    this.#chosen.follow(Date.parse(charted.standing.month.month), drawing.days);
    const chosen = this.#chosen.index;
    const sentence = chosen === undefined ? month : chosenSentence(shownDays, chosen + 1, this.locale);
    const isOfBar = chosen !== undefined;
    return html`<div class="big">${this.moreInfo(history.type, number, `${name} ${number} ${unit}`, deviceId)} <small>${unit}</small></div>
      ${sentence ? this.sentence(sentence, "month", isOfBar) : nothing}
      ${drawing.own || drawing.reference ? mediumChart({ name, days: shownDays, drawing, reading: isOfBar ? plain(sentence) : "" }, this.#chosen, this.locale) : nothing}
      ${this.table(name, () => daysTable(days, this.locale))} ${this.#foot(meter, days, costs, newer?.index ?? history.index)}`;
  }

  /** Return the big number and the words beside it: "20", "kWh today". */
  #today(amount: number | null, units: say.Units): { number: string; unit: string } {
    const unit = amount !== null && amount * units.day.factor >= 100_000 ? units.month : units.day;
    const number = amount === null ? "–" : this.locale.number(amount * unit.factor, unit.decimals);
    return { number, unit: this.t("today", { unit: unit.unit }).trim() };
  }

  #foot(meter: Meter, days: Days, costs: cost.KnownCosts | undefined, index: number | null): TemplateResult {
    const { text, isWarning } = footnote(days, index, this.locale);
    const { history, units, amount } = days;
    const today = costs && amount !== null ? this.t("own", { amount: say.write(amount, units.day, this.locale) }) : "";
    const notesWithoutCosts = isWarning ? [] : [text];
    const notes = costs ? [cost.costFoot(costs, this.locale), today] : notesWithoutCosts;
    const canEnter = history.type === "gas" && history.unit === "m3" && !history.costs && this.isAdmin;
    const enterKey = units.day.unit === "kWh" ? "enter_price" : "enter_prices";
    return html`${isWarning ? paragraph(text) : nothing}
      <footer>
        ${notes.filter(Boolean).map((note) => html`<small>${note}</small>`)}
        ${canEnter ? html`<div>${this.settings(meter, this.t(enterKey), "gas_price")}</div>` : nothing}
      </footer>`;
  }
}
