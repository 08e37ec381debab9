/** Rounding that keeps the numbers on screen consistent: displayed parts add up to the displayed sum. */

/** Round half away from zero; never return -0. */
export function round(value: number, decimals = 0): number {
  const factor = 10 ** decimals;
  // A sum of binary fractions may be slightly too low, such as 0.12499999 kWh instead of 0.125 kWh. It must still
  // become 0.13, so add 1e-7.
  const whole = Math.floor(Math.abs(value) * factor + 0.5 + 1e-7);
  return whole === 0 ? 0 : (Math.sign(value) * whole) / factor;
}

/** Round a value down, such as a power that a household may use without exceeding its limit. */
export function roundDown(value: number, decimals = 0): number {
  const factor = 10 ** decimals;
  return Math.floor(value * factor + 1e-7) / factor || 0;
}

/** Round up. For example, a household that switches off the shown power must stay below its limit. */
export function roundUp(value: number, decimals = 0): number {
  const factor = 10 ** decimals;
  return Math.ceil(value * factor - 1e-7) / factor || 0;
}

/** Round parts so that they add up to the rounded sum. The parts that lost most by rounding down get the rest. */
export function roundParts(parts: number[], decimals = 2, sum?: number): number[] {
  const factor = 10 ** decimals;
  const exact = parts.map((part) => part * factor);
  const wanted = Math.round(round(sum ?? parts.reduce((total, part) => total + part, 0), decimals) * factor);
  const whole = exact.map((part) => Math.floor(part + 1e-7));
  let left = wanted - whole.reduce((total, part) => total + part, 0);
  const order = exact
    .map((part, index) => ({ index, lost: part - whole[index]! }))
    .sort((a, b) => b.lost - a.lost || a.index - b.index);
  for (let turn = 0; left > 0 && order.length; turn = (turn + 1) % order.length, left -= 1) {
    whole[order[turn]!.index]! += 1;
  }
  for (let turn = order.length - 1; left < 0 && turn >= 0; turn -= 1, left += 1) whole[order[turn]!.index]! -= 1;
  return whole.map((part) => part / factor || 0);
}
