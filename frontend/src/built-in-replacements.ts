/** Replacements for built-ins that the oldest supported browsers lack. `lint/floor.mjs` finds such built-ins. */

/** Return the last element or character, like `at(-1)`. */
export const lastOf = <T>(list: ArrayLike<T>): T | undefined => list[list.length - 1];

/** Return the sum of numbers, like `Math.sumPrecise`. */
export const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

/** Return the nearest value from `min` to `max`, like `Math.clamp`. */
export const clamp = (value: number, min: number, max: number): number => Math.max(min, Math.min(max, value));
