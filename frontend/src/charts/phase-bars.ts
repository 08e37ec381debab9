/** Bars of the phases' powers. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import { bar, barStyles, TRACK } from "./shapes.ts";
import { asNumber } from "../sentences/now.ts";
import type { Live, Meter } from "../data/websocket-types.ts";

export interface PhaseBar {
  name: string;
  power: number | undefined;
  from: number;
  to: number;
}

/** Power in kW at which the scale of the phases ends, unless a phase has a higher power. */
export const MIN_PHASE_KW = 2;

/** Return the powers of the phases in kW; [] if the meter has one phase, or fewer than two powers are known. */
export function phasePowers({ phases }: Meter, { values = {} }: Pick<Live, "values">): (number | undefined)[] {
  const powers = [1, 2, 3].map((phase) => asNumber(values[`power_net_l${phase}`]) ?? undefined);
  return phases === 1 || powers.filter((power) => power !== undefined).length < 2 ? [] : powers;
}

/**
 * Return the bars of the phases. All start from zero in the middle and share one scale, which ends at `minEnd` kW, or
 * at the highest power if that is higher.
 */
export function phaseBars(powers: (number | undefined)[], minEnd = MIN_PHASE_KW): PhaseBar[] {
  const scale = Math.max(minEnd, ...powers.map((power) => Math.abs(power ?? 0)));
  return powers.map((power, index) => {
    const end = 0.5 + (power ?? 0) / scale / 2;
    return { name: `L${index + 1}`, power, from: Math.min(0.5, end), to: Math.max(0.5, end) };
  });
}

export function drawPhases(bars: PhaseBar[], locale: Locale): TemplateResult | typeof nothing {
  if (!bars.length) return nothing;
  return html`<div class="phases small">
    ${bars.map(
      ({ name, power, from, to }) => html`<div>
        <div class="labels"><span>${name}</span><span>${power === undefined ? "–" : locale.kW(power)}</span></div>
        ${bar([TRACK, { color: (power ?? 0) < 0 ? "fed-in" : "drawn", from, to }], 0.5)}
      </div>`,
    )}
  </div>`;
}

export const phaseStyles = [barStyles, css`
  .labels {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0 8px;
  }
  .phases .labels span:last-child {
    color: var(--text);
    white-space: nowrap;
  }
  .phases .bar {
    height: 8px;
    margin: 3px 0;
  }
  /* Line of zero power, thinner than the line of a limit. */
  .phases .line {
    top: -2px;
    bottom: -2px;
    border-left: 1px solid var(--quiet);
  }
  .phases {
    display: grid;
    grid-template-columns: repeat(3, minmax(0, 1fr));
    gap: 20px;
    margin-top: 14px;
  }
  @container (max-width: 200px) {
    .phases {
      grid-template-columns: 1fr;
      gap: 6px;
    }
  }
`];
