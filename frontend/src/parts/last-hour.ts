/** Part of a card with the curve of the last hour, and the line about its newest step or about the chosen time. */

import { plain } from "../locale.ts";
import { lastOf, sumOf } from "../built-in-replacements.ts";
import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import type { CardHost } from "../card-host.ts";
import type { Hass } from "../hass.ts";
import { FollowedHour, MINUTE_SLOTS } from "../data/followed-hour.ts";
import { SLOT_MS, SLOTS } from "../data/last-hour.ts";
import type { Locale } from "../locale.ts";
import { freshFor, type MeterFeed } from "../data/meter-feed.ts";
import { canBeSunny, houseOf } from "../sentences/house.ts";
import { type Cause, chosenLine, curveName, isNamed, stepLine, stepRow } from "../sentences/last-hour.ts";
import { type NowKey, nowTexts } from "../sentences/now.ts";
import { SwitchedDevices } from "../data/recently-switched-devices.ts";
import type { Meter } from "../data/websocket-types.ts";
import { type Curve, drawCross, drawCurve, drawEnd, type Drawn, layOutCurve } from "../charts/last-hour-curve.ts";
import { phasesOf, scaleOf, type Step } from "../data/last-hour-steps.ts";
import { rich, type Table } from "./markup.ts";
import { memoize } from "../data/memoize.ts";
import { ChosenBar, pointer } from "../charts/chosen-bar.ts";
import { measureIn, Width } from "./measured-sizes.ts";

/** A meter sends every ten seconds. One or two missing readings are jitter, and keep the value before. */
const JITTER_SLOTS = 2;
/** A chosen time shows the step at most this many slots away. */
const NEAR_SLOTS = 2;

export class HourPart {
  readonly #frame: Width;
  readonly #chosen: ChosenBar;
  readonly #devices = new SwitchedDevices();
  readonly #scale = memoize(scaleOf);
  readonly #layOut = memoize(layOutCurve);
  readonly #widthOf: (text: string) => number;
  readonly #hour = new FollowedHour();
  #curve: Curve | undefined;
  #drawn: Drawn | undefined;
  #feed: MeterFeed | undefined;

  constructor(card: CardHost) {
    this.#frame = new Width(card, ".frame", true);
    this.#widthOf = measureIn(card);
    this.#chosen = new ChosenBar(card, () => ({ count: SLOTS, page: MINUTE_SLOTS, at: (share) => this.#curve?.slotAt(share) }));
  }

  /** Whether the line is about a step, and not about a time that the user has chosen. */
  isNews = false;

  /** Bring the hour up to date, and return the line about the chosen time, or about the newest step. */
  update(meter: Meter, feed: MeterFeed, hass: Hass, locale: Locale, hasNames: boolean): string {
    const fresh = meter.source === "entities" ? Math.floor((freshFor(meter) * 1000) / SLOT_MS) - 1 : 0;
    const hour = this.#hour;
    const before = hour.begin;
    hour.update(feed.lastHour, Math.max(JITTER_SLOTS, fresh), this.#curve?.until);
    const { net, steps, start, begin } = hour;
    // The chosen time stays the same while the curve moves.
    if (feed === this.#feed) this.#chosen.shift((before - begin) / SLOT_MS, SLOTS);
    else this.#chosen.clear();
    this.#feed = feed;

    const devices = feed.ask("smarty_p1/last_hour", {}, "hour").value?.devices ?? [];
    const inverters = (meter.source === "pulses" ? undefined : houseOf(feed))?.solar.map(({ power }) => power ?? "") ?? [];
    this.#devices.note(hass.states, [...devices, ...inverters], feed.now);
    const reports = feed.live?.house?.solar ?? [];
    inverters.forEach((id, n) => this.#devices.noteReport(id, Date.parse(reports[n]?.reported_at ?? ""), feed.now));
    const causeOf = (step: Step): Cause => {
      const device = hasNames ? this.#devices.find(hass, devices, step, steps, start, net.length) : undefined;
      return { device, canBeSun: !device && Boolean(meter.feeds_in) && this.#canBeSun(step, inverters, feed, hass) };
    };
    const { index } = this.#chosen;
    const newest = lastOf(steps.filter(isNamed));
    this.isNews = index === undefined && newest !== undefined;
    if (index !== undefined) {
      const place = index + hour.shift;
      const near = steps.find(({ at, end }) => place >= at - NEAR_SLOTS && place <= end + NEAR_SLOTS);
      return chosenLine(begin + index * SLOT_MS, net[place] ?? null, near, near && causeOf(near), locale);
    }
    return newest || hour.lowest !== undefined ? stepLine(newest, start, newest && causeOf(newest), locale, hour.since) : "";
  }

  /**
   * Return whether a cloud may have caused a step. It did not if the inverters' power stood still, or if only one phase
   * changed in a house that feeds in on several.
   */
  #canBeSun(step: Step, inverters: string[], feed: MeterFeed, hass: Hass): boolean {
    const house = feed.live?.house ?? { solar: [], battery: [] };
    if (!canBeSunny(house, hass.states["sun.sun"]?.state, feed.readAt)) return false;
    const feeding = feed.lastHour.phases.filter((phase) => phase.some((kw) => (kw ?? 0) < 0)).length;
    if (feeding > 1 && phasesOf(step).length === 1) return false;
    const time = this.#hour.start + step.at * SLOT_MS;
    const moved = inverters.map((id) => this.#devices.moved(id, time, -Math.sign(step.kw)) ?? NaN);
    const sum = sumOf(moved);
    return !moved.length || !(sum < Math.abs(step.kw) / 2);
  }

  /** Whether the whole hour is known. */
  get isWhole(): boolean {
    return this.#hour.since === undefined;
  }

  /** Return the table of the steps. */
  table(locale: Locale): Table {
    const { steps, start } = this.#hour;
    const head = (["time", "step_power", "phases"] as const).map((key) => locale.text(nowTexts, key));
    return { head, rows: steps.map((step) => stepRow(step, start, locale)) };
  }

  /** Return the curve with its line, menu and table. `isOld` makes it grey. */
  render(line: string, reference: number | null, locale: Locale, isOld: boolean, menu: TemplateResult, table: TemplateResult | typeof nothing): TemplateResult {
    const hour = this.#hour;
    const { net, steps, start, lowest = 0, highest = 0 } = hour;
    const { value: width, height } = this.#frame;
    const { index } = this.#chosen;
    const t = locale.textOf<NowKey>(nowTexts);
    const scale = this.#scale(lowest, highest, reference);
    const curve = width ? this.#layOut(net, steps, scale, reference, start, width, height, locale, this.#widthOf) : undefined;
    this.#curve = curve;
    this.#drawn = curve && drawCurve(curve, net, lowest, highest, this.#drawn);
    const last = lastOf(net) ?? null;
    const cross = curve && index !== undefined ? drawCross(curve, index, net[index + hour.shift] ?? null) : nothing;
    const end = this.#drawn && index === undefined && last !== null && !isOld ? drawEnd(this.#drawn) : nothing;
    return html`<div class="hour tall ${isOld ? "old" : (last ?? 0) < 0 ? "feeding" : ""}">
      <div class="labels small"><span>${t("last_hour")}</span>${menu}</div>
      <div class="step small">${isOld && index === undefined ? nothing : rich(line)}</div>
      <div class="frame">
        <svg viewBox="0 0 ${Math.max(1, width)} ${Math.max(1, height)}" tabindex="0" role="slider" aria-label=${locale.common("to_choose", { name: curveName(hour, locale) })}
          aria-valuemin="0" aria-valuemax=${SLOTS - 1} aria-valuenow=${index ?? SLOTS - 1} aria-valuetext=${plain(line) || t("no_readings")}
          ${pointer(this.#chosen)} @keydown=${this.#key}>
          <g aria-hidden="true">${guard([this.#drawn], () => this.#drawn?.drawing)}${cross}${end}</g>
        </svg>
      </div>
      ${table}
    </div>`;
  }

  /** Shift with an arrow goes from step to step; the other keys choose a time. */
  readonly #key = (event: KeyboardEvent): void => {
    const sign = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!event.shiftKey || !sign) return this.#chosen.key(event);
    const { index = sign < 0 ? SLOTS : -1 } = this.#chosen;
    const { steps, shift } = this.#hour;
    const further = steps.map(({ at }) => at - shift).filter((at) => sign * (at - index) > 0);
    if (further.length) this.#chosen.choose(sign < 0 ? lastOf(further) : further[0]);
    event.preventDefault();
  };
}
