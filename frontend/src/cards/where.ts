/** Card that shows where the energy of a house went: devices, what is always on, and the rest. */

import { columnHeads, smallLine, statusLine } from "../parts/markup.ts";
import { css, type CSSResultGroup, html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { SmartyCard } from "../base-card.ts";
import type { MeterFeed } from "../data/meter-feed.ts";
import { capital } from "../locale.ts";
import { bar, barStyles } from "../charts/shapes.ts";
import { switchStyles, twoWaySwitch } from "../parts/two-way-switch.ts";
import { soFarTexts } from "../sentences/so-far.ts";
import { firstPeriod, type Period, where, type WhereKey, type WhereRow, whereTexts } from "../sentences/where.ts";
import { styles } from "../styles.ts";
import type { Meter, Shares } from "../data/websocket-types.ts";

export class WhereCard extends SmartyCard<WhereKey> {
  static override readonly texts = whereTexts;
  static override styles: CSSResultGroup = [
    styles,
    switchStyles,
    barStyles,
    css`
      .rows {
        margin-top: 8px;
      }
      .rows th,
      .rows td {
        padding-block: 6px;
        border-top: var(--line);
      }
      .rows tr > :first-child {
        padding-left: 0;
        overflow-wrap: break-word;
      }
      .length {
        width: 32%;
      }
      .length .bar {
        height: 12px;
      }
      .rows tfoot tr > * {
        border-top: 2px solid var(--text);
      }
      @container (max-width: 420px) {
        .rows,
        .rows tbody,
        .rows tfoot {
          display: block;
        }
        .rows tfoot tr {
          display: flex;
        }
        .rows tfoot th {
          flex: 1;
        }
        .rows tbody tr {
          display: flex;
          flex-wrap: wrap;
          border-top: var(--line);
          padding: 4px 0;
        }
        .rows tbody tr > * {
          border: 0;
          padding: 0 0 0 12px;
        }
        .rows tbody th {
          flex: 1;
        }
        .rows .length {
          order: 1;
          width: 100%;
          padding: 0;
        }
        .length .bar {
          height: 5px;
        }
      }
    `,
  ];
  static override properties: PropertyDeclarations = { period: { state: true } };

  declare protected period: Period | undefined;

  protected content(meter: Meter, feed: MeterFeed): TemplateResult {
    const period = this.period ?? firstPeriod(feed.now);
    const { value, error } = feed.ask("smarty_p1/shares", { period });
    const shown = value && where(value, meter.reference_kw, this.locale);
    const isEmpty = value && !value.lack && !value.rows.some(({ wh }) => wh);
    if (shown) this.announce(`${meter.entry_id} ${period}`, this.t("title"), shown.sentence);
    // The most energy may have no name although some devices are chosen.
    const hasDevices = value?.rows.some(({ kind }) => kind === "device") && !shown?.isUnnamed;
    return html`<header><h2>${this.t("title")}</h2>${this.#periods(new Date(feed.now), period)}</header>
      ${isEmpty
        ? statusLine(this.t("empty"))
        : shown
          ? html`${shown.sentence ? this.sentence(shown.sentence) : nothing}
              <table class="rows">
                <thead class="hidden"><tr>${columnHeads([this.t("device")])}<td></td>${columnHeads([this.t("energy"), this.t("cost")])}</tr></thead>
                <tbody>${shown.rows.map((row) => this.#row(row))}</tbody>
                ${shown.house ? html`<tfoot><tr><th scope="row" colspan="2">${this.t("house")} <small>${shown.house.until}</small></th><td class="number">${shown.house.kwh}</td><td class="number">${shown.house.cost}</td></tr></tfoot>` : nothing}
              </table>
              ${[...shown.notes, this.#since(meter, value!)].map(smallLine)}
              ${hasDevices || !this.isAdmin
                ? nothing
                : // Of several meters, nobody knows which devices of the Energy dashboard are in the house of this one.
                  this.isOneOfSeveral
                  ? this.settings(meter, this.t("choose_devices"), "sun")
                  : this.link("/config/energy", this.t("no_devices"))}`
          : this.waiting(error)}`;
  }

  /** Return since when a month is counted whose first days are unknown; "" if all days are known. */
  #since({ known_since: since }: Meter, { period, start }: Shares): string {
    if (!since || period !== "month" || !(Date.parse(since) > Date.parse(start))) return "";
    return this.locale.text(soFarTexts, "counted_since", { day: this.locale.day(since) });
  }

  #periods(now: Date, shown: Period): TemplateResult {
    const periods = [["yesterday", this.t("yesterday")], ["month", capital(this.locale.month(now))]] as const;
    return twoWaySwitch(this.t("period"), periods, shown, (period: Period) => (this.period = period));
  }

  #row({ name, detail, kind, length, kwh, cost }: WhereRow): TemplateResult {
    const color = { always_on: "pale", else: "quiet" }[kind as string] ?? "drawn";
    return html`<tr>
      <th scope="row">${name}${detail ? html` <small>${detail}</small>` : nothing}</th>
      <td class="length">${bar([{ color, from: 0, to: length, isEstimate: kind === "else" }])}</td>
      <td class="number">${kwh}</td>
      <td class="number">${cost}</td>
    </tr>`;
  }
}
