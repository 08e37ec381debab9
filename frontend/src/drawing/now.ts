/** Bars of the running quarter-hour and of the phases. Positions are shares of the bar's width. */

export interface Part {
  kind: "drawn" | "excess";
  isEstimate: boolean;
  from: number;
  to: number;
}

/** Return the consecutive parts of the bar. The energy so far, the projected energy and the limit are in kWh. */
export function quarterHourBar(
  energy: number,
  projected: number | undefined,
  limit: number | undefined,
): { parts: Part[]; limit: number | undefined } {
  const end = Math.max(energy, projected ?? 0);
  // Without a limit, the scale has room for 1 kWh, which is 4 kW during a quarter-hour, or for more if necessary.
  const scale = Math.max(1.25 * (limit ?? 0.8), 1.08 * end);
  const share = (value: number): number => Math.max(0, Math.min(1, value / scale)) || 0;
  const parts: Part[] = [];
  const add = (from: number, to: number, isEstimate: boolean): void => {
    const border = Math.min(Math.max(limit ?? to, from), to);
    for (const [kind, begin, finish] of [["drawn", from, border], ["excess", border, to]] as const) {
      if (share(finish) > share(begin)) parts.push({ kind, isEstimate, from: share(begin), to: share(finish) });
    }
  };
  add(0, energy, false);
  add(energy, end, true);
  return { parts, limit: limit === undefined ? undefined : share(limit) };
}

export interface PhaseBar {
  name: string;
  power: number | undefined;
  from: number;
  to: number;
}

/** Smallest end of the phases' scale, in kW. */
export const MIN_PHASE_KW = 2;

/** Return the bars of the phases. All start from zero in the middle and share one scale, which ends at `most` kW. */
export function phaseBars(powers: (number | undefined)[], most = MIN_PHASE_KW): PhaseBar[] {
  const scale = Math.max(most, ...powers.map((power) => Math.abs(power ?? 0)));
  return powers.map((power, index) => {
    const end = 0.5 + (power ?? 0) / scale / 2;
    return { name: `L${index + 1}`, power, from: Math.min(0.5, end), to: Math.max(0.5, end) };
  });
}
