/** Bars of the running quarter-hour and of the phases. Positions are shares of the bar's width. */

export interface Part {
  kind: "drawn" | "excess";
  isEstimate: boolean;
  from: number;
  to: number;
}

/**
 * Return the consecutive parts of the bar, and the energy at its end. The energy so far, the projected energy, the limit
 * and the scale are in kWh.
 */
export function quarterHourBar(
  energy: number,
  projected: number | undefined,
  limit: number | undefined,
): { parts: Part[]; limit: number | undefined; scale: number } {
  const end = Math.max(energy, projected ?? 0);
  // The end of the scale is labelled with a whole number: with a limit, the power in kW (4 kW are 1 kWh in a
  // quarter-hour), otherwise the energy in kWh.
  const unit = limit === undefined ? 1 : 4;
  const scale = Math.ceil(unit * Math.max(limit === undefined ? 1 : 1.25 * limit, 1.08 * end)) / unit;
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
  return { parts, limit: limit === undefined ? undefined : share(limit), scale };
}

export interface PhaseBar {
  name: string;
  power: number | undefined;
  from: number;
  to: number;
}

/** Smallest end of the phases' scale, in kW. */
export const MIN_PHASE_KW = 2;

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
