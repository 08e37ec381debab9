/** Card of the present power, with the advice whether the household can switch on another device. */

import { clamp } from "../built-in-replacements.ts";
import { type CSSResultGroup, html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { formOf, pageLocale, SmartyCard } from "../base-card.ts";
import { kwDecimals, localDay } from "../locale.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { dismissSaving, keptSaving } from "../data/planned-car-saving.ts";
import { banner, type Trouble, troubleOf } from "../parts/banner.ts";
import { rich, smallLine } from "../parts/markup.ts";
import { bar, type BarPart, splitAtLimit, TRACK } from "../charts/shapes.ts";
import { HourPart } from "../parts/last-hour.ts";
import { MAX_TABS } from "../parts/meter-chooser.ts";
import { nowStyles } from "./now-styles.ts";
import { drawPhases, MIN_PHASE_KW, phaseBars, phasePowers, phaseStyles } from "../charts/phase-bars.ts";
import { pastDay, weekStyles } from "../parts/day-chooser.ts";
import { canBeSunny, houseOf, usedPower, usesSentence } from "../sentences/house.ts";
import {
  asNumber,
  direction,
  firstDayRows,
  isAbove,
  lacksPast,
  nowAdvice,
  type NowKey,
  nowTexts,
  projectedEnergy,
  roomOf,
  shownMean,
  type Situation,
  situationOf,
  SteadyRoom,
} from "../sentences/now.ts";
import type { DeviceEntry } from "../hass.ts";
import { styles } from "../styles.ts";
import type { Live, Meter, RunningQuarterHour } from "../data/websocket-types.ts";
import bannerTexts from "../texts/banner.json" with { type: "json" };
import whatIfTexts from "../texts/what-if.json" with { type: "json" };

/**
 * Return the consecutive parts of the bar. Also return the position of `limit` on the bar, and the energy at which the
 * scale ends. Positions and the ends of the parts are shares of the scale, from 0 to 1. All energies, including the
 * parameters, are in kWh.
 */
export function quarterHourBar(
  energy: number,
  projected: number | undefined,
  limit: number | undefined,
): { parts: BarPart[]; limit: number | undefined; scale: number } {
  const end = Math.max(energy, projected ?? 0);
  // The limit stays in the middle, so that it does not move with the load. Without a limit, the scale ends at whole kWh.
  const scale = limit === undefined ? Math.ceil(Math.max(1, 1.08 * end)) : 2 * limit;
  const share = (value: number): number => clamp(value / scale, 0, 1) || 0;
  const line = limit === undefined ? undefined : share(limit);
  return { parts: splitAtLimit(0, share(energy), share(end), line ?? 1, "drawn", "excess"), limit: line, scale };
}

export class NowCard extends SmartyCard<NowKey> {
  static override readonly texts = nowTexts;
  static override styles: CSSResultGroup = [styles, phaseStyles, nowStyles, weekStyles];

  readonly #hour = new HourPart(this);
  #room = new SteadyRoom();
  /** Highest power of a phase today in kW, at least MIN_PHASE_KW. The scale of the phases ends at this power. */
  #highest = { day: "", kw: MIN_PHASE_KW };
  #shownMeter = "";

  static override getConfigForm(): object {
    const t = (key: NowKey) => pageLocale().text(nowTexts, key);
    return formOf({ name: "names", label: t("show_names"), help: t("show_names_help"), default: true, selector: { boolean: {} } });
  }

  protected override otherFeeds(): MeterFeed[] {
    const { meters, meter } = this;
    const list = meters?.list ?? [];
    if (!meters || list.length > MAX_TABS) return [];
    return list.filter(({ entry_id }) => entry_id !== meter?.entry_id).map(({ entry_id }) => meters.feed(entry_id));
  }

  protected override get isFirst(): boolean {
    return true;
  }

  protected override get showsPulseReaders(): boolean {
    return true;
  }

  override get label(): string {
    return this.meter?.source === "leneda" ? this.locale.common("yesterday") : this.#title("name");
  }

  /** Return a title of the card; that of a pulse reader is its name. */
  #title(key: NowKey): string {
    const { meter } = this;
    return meter?.source === "pulses" ? this.nameOf(meter) : this.t(key);
  }

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    if (meter.source === "leneda") return html`${this.chooser(meter)}${pastDay(this, meter, feed, this.locale)}`;
    const { live } = feed;
    if (!live) return html`${this.chooser(meter, (...other) => this.#detail(...other))}${this.waiting()}`;
    if (meter.entry_id !== this.#shownMeter) this.#begin(meter.entry_id);
    const trouble = feed.isLost ? undefined : troubleOf(meter, live, feed, this.locale);
    const now = situationOf(live, meter);
    if (now) now.hasFedIn ||= this.#hasFedIn(meter, feed);
    return html`${trouble ? banner(trouble, this.#action(trouble)) : nothing}${this.chooser(meter, (...other) => this.#detail(...other))}
      ${trouble || !now || feed.isOld(meter) ? this.#lastKnown(meter, feed, now, trouble) : this.#present(meter, feed, live, now)}`;
  }

  #action({ link }: Trouble): TemplateResult | typeof nothing {
    if (!link) return nothing;
    return this.isAdmin ? this.link(link.path, link.text) : html`<p>${this.locale.text(bannerTexts, "ask_admin")}</p>`;
  }

  /** Return whether energy was fed in today. */
  #hasFedIn({ feeds_in }: Meter, feed: MeterFeed): boolean {
    if (!feeds_in) return false;
    const today = localDay(feed.now);
    const days = feed.ask("smarty_p1/days", {}, feed.readMinute).value?.days ?? [];
    return days.some(({ day, exported_wh }) => day === today && (exported_wh ?? 0) > 0);
  }

  /** Reset the state that was kept for another meter. */
  #begin(entryId: string): void {
    this.#shownMeter = entryId;
    this.#room = new SteadyRoom();
    this.#highest = { day: "", kw: MIN_PHASE_KW };
  }

  #present(meter: Meter, feed: MeterFeed, live: Live, now: Situation): TemplateResult {
    // An LED says neither the direction of the energy, nor whether the whole house uses it.
    const isPulses = meter.source === "pulses";
    const is = isPulses ? "drawn" : direction(now.power);
    const title = this.#title(is);
    const running = live.quarter_hour;
    // The server sends the powers of inverter and battery once the house was requested.
    if (!isPulses) houseOf(feed);
    const house = live.house ?? { solar: [], battery: [] };
    const at = feed.readAt;
    const uses = usesSentence(house, now.power, at, this.locale);
    now.isDark = !canBeSunny(house, this.hass!.states["sun.sun"]?.state, at);
    now.house = usedPower(house, now.power, at);
    const room = roomOf(now);
    const advice = nowAdvice(now, this.locale, room && this.#room.steadied(room, feed.now));
    const line = this.#updateHour(meter, feed);
    const news = this.#hour.isNews ? [advice.text, line].filter(Boolean).join(" ") : advice.text;
    this.announce(meter.entry_id, `${title} ${this.locale.kW(Math.abs(now.power))}`, news, true);
    const rows = running ? firstDayRows(meter, running, this.locale) : [];
    this.toggleAttribute("above", isAbove(now));
    return html`<header><h2>${title}</h2>${this.stamp(feed)}</header>
      ${this.#answer(this.#number(now.power, is === "drawn" && isAbove(now) ? "excess" : is, title), advice.small, advice.text, isPulses)}
      ${house.solar.length ? html`<p class="uses">${rich(uses)}</p>` : nothing}
      ${smallLine(meter.integration ? this.t("by", { integration: meter.integration }) : "")}
      ${[rows.slice(0, -2), rows.slice(-2)].map((line) => html`<p class="small">${line.map(([name, time]) => `${name}${this.locale.sign(":")} ${time}`).join(" · ")}</p>`)}
      ${this.#curve(line, now)}
      <div class="rest">
        ${now.reference === null && running ? this.#withoutReference(meter) : nothing}
        ${running && (now.reference !== null || rows.length) ? this.#quarterHour(running, now) : nothing}
        ${this.#phases(meter, live, feed)}
      </div>
      ${isPulses ? nothing : this.#savedByPlan(meter, feed)}
      ${this.isAdmin && lacksPast(meter, feed.now) ? html`<div class="hint">${smallLine(this.t("leneda"))}${this.settings(meter, this.t("from_leneda"), "leneda")}</div>` : nothing}`;
  }

  /** Return what a plan for the chosen car would have saved last year, until a load is entered or the user has read it. */
  #savedByPlan(meter: Meter, feed: MeterFeed): TemplateResult | typeof nothing {
    const saving = keptSaving(meter, localDay(feed.now));
    const isLoad = ({ id, via_device_id }: DeviceEntry) => via_device_id === meter.device_id && this.entityOf("limit_price", id);
    if (!saving || Object.values(this.hass!.devices).some(isLoad)) return nothing;
    const dismiss = () => {
      dismissSaving(meter.entry_id);
      this.requestUpdate();
    };
    return html`<div class="hint">
      ${smallLine(rich(this.locale.text(whatIfTexts, "less", { changes: this.locale.text(whatIfTexts, "with_own_plan"), amount: this.locale.euros(saving) })))}
      ${this.addLoad(meter)}
      <button class="link" @click=${dismiss}>${this.t("not_now")}</button>
    </div>`;
  }

  /** Update the curve of the last hour, and return its line. */
  #updateHour(meter: Meter, feed: MeterFeed): string {
    return this.#hour.update(meter, feed, this.hass!, this.locale, this.config.names !== false);
  }

  #curve(line: string, { reference }: Situation, isOld = false): TemplateResult {
    const caption = this.t(this.#hour.isWhole ? "steps" : "steps_known");
    const table = this.table(caption, () => this.#hour.table(this.locale));
    return this.#hour.render(line, reference, this.locale, isOld, this.menu(caption), table);
  }

  /** Return the last known power in grey, so that it does not look current. Without a known power, show no value. */
  #lastKnown(meter: Meter, feed: MeterFeed, now: Situation | undefined, trouble: Trouble | undefined): TemplateResult {
    const { isLost, live } = feed;
    const line = now ? this.#updateHour(meter, feed) : "";
    const key: NowKey = now ? `last_${direction(now.power)}` : trouble?.isUnverified ? "unverified" : "no_value";
    const isPulses = meter.source === "pulses";
    const title = this.#title(key);
    const sentence: NowKey | undefined = now
      ? "not_present"
      : trouble?.isUnverified
        ? "nothing_unverified"
        : live?.state === "waiting"
          ? "awaited"
          : meter.source === "entities" && live?.state === "receiving"
            ? "no_power"
            : undefined;
    this.removeAttribute("above");
    return html`<div class="old">
        <header><h2>${title}</h2>${now ? this.stamp(feed) : nothing}</header>
        ${this.#answer(this.#number(now?.power, "old", title), "", isLost ? this.#lost() : sentence ? this.t(sentence) : "", isPulses)}
      </div>
      ${now ? this.#curve(line, now, true) : nothing}
      ${isLost && now && live?.quarter_hour ? html`<div class="rest">${this.#emptyBar(live.quarter_hour, now)}<div class="unseen">${this.#phases(meter, live, feed)}</div></div>` : nothing}`;
  }

  /** Return the number with the advice. Its room is that of the longest advice, so that the parts below do not move. */
  #answer(number: TemplateResult, small: string, text: string | TemplateResult, isPulses: boolean): TemplateResult {
    return html`<div class=${isPulses ? "" : "answer"}>${number}${typeof text === "string" ? (text ? this.sentence(text) : nothing) : text}<p class="small">${small}</p></div>`;
  }

  #lost(): TemplateResult {
    return html`<p class="sentence notice" role="status"><ha-icon icon="mdi:wifi-off"></ha-icon><span><b>${this.t("lost")}</b><br />${this.t("lost_help")}</span></p>`;
  }

  #emptyBar(running: RunningQuarterHour, { end }: Situation): TemplateResult {
    return html`<div class="labels small"><span>${this.locale.timeRange(running.start, end)}</span><span>–</span></div>
      ${bar([TRACK])}`;
  }

  #number(power: number | undefined, className: string, title: string): TemplateResult {
    const shown = power === undefined ? "–" : this.locale.number(Math.abs(power), kwDecimals(power));
    const unit = html`<small>\u00a0kW</small>`;
    if (power === undefined) return html`<div class="big ${className}">${shown}${unit}</div>`;
    return html`<div class="big ${className}">${this.moreInfo(this.meter?.source === "pulses" ? "pulse_power" : "power_net", keyed(shown, html`${shown}${unit}`), `${title} ${shown}\u00a0kW`)}</div>`;
  }

  #withoutReference(meter: Meter): TemplateResult {
    return html`${smallLine(this.t("no_reference"))}${this.toEnter(meter, "reference_power")}`;
  }

  #quarterHour(running: RunningQuarterHour, now: Situation): TemplateResult {
    const { locale } = this;
    const range = locale.timeRange(running.start, now.end);
    const left = now.isWhole ? range : this.t("counted", { range, time: locale.time(running.measured_since) });
    const reference = now.isWhole ? now.reference : null;
    const projected = projectedEnergy(now);
    const drawn = quarterHourBar(
      now.energy,
      reference === null ? undefined : projected,
      reference === null ? undefined : reference / 4,
    );
    const R = reference === null ? "" : locale.referenceKW(reference);
    const mean = shownMean(now);
    const energy = locale.kWh(now.energy);
    const description =
      reference === null
        ? this.t("so_far", { range: left, energy })
        : this.t("projected", { range: left, energy, mean: locale.kW(mean), R });
    const isAbove = reference !== null && projected * 4 > reference;
    return html`<div role="img" aria-label=${description}>
      <div class="labels small" aria-hidden="true">
        <span>${left}</span>
        ${reference === null
          ? nothing
          : keyed(mean, html`<span class="mean">${this.#mean(`≈ ${locale.number(mean, kwDecimals(mean))}`, R, isAbove)}</span>`)}
      </div>
      ${bar(
        [TRACK, ...drawn.parts],
        drawn.limit,
        html`<small>${reference === null ? nothing : locale.short(reference)}</small>`,
        reference === null ? html`<small>${locale.kWh(drawn.scale, 0)}</small>` : nothing,
      )}
    </div>`;
  }

  /** Return the estimated mean beside the reference power. Only the estimate turns red. */
  #mean(mean: string, R: string, isAbove: boolean): TemplateResult {
    const [before = "", after = ""] = this.t("of", { mean: "\n", R }).split("\n");
    return html`${before}<span class=${isAbove ? "excess" : ""}>${mean}</span>${after}`;
  }

  /**
   * Return the bars of the phases, if a phase was above half of its share of the connection today. Other days, the card
   * of the voltage has them.
   */
  #phases(meter: Meter, live: Live, feed: MeterFeed): TemplateResult | typeof nothing {
    const powers = phasePowers(meter, live);
    const day = localDay(feed.now);
    const before = this.#highest.day === day ? [this.#highest.kw] : feed.lastHour.phases.flat();
    this.#highest = { day, kw: [...before, ...powers].reduce<number>((highest, power) => Math.max(highest, Math.abs(power ?? 0)), MIN_PHASE_KW) };
    return this.#highest.kw > (meter.connection_kva ?? Infinity) / 3 / 2 ? drawPhases(phaseBars(powers, this.#highest.kw), this.locale) : nothing;
  }

  #detail(meter: Meter, feed: MeterFeed): string {
    const power = asNumber(feed.live?.values?.power_net);
    if (power === null || feed.live?.state !== "receiving" || feed.isOld(meter)) return "–";
    const is = direction(power);
    if (is === "balanced") return this.t("meter_nothing");
    return this.t(`meter_${is}`, { power: this.locale.kW(Math.abs(power)) });
  }
}
