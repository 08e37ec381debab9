/** Replacements for built-ins that the oldest supported browsers lack. `lint/floor.mjs` finds such built-ins. */

/** Return the last element or character, like `at(-1)`. */
export const lastOf = <T>(list: ArrayLike<T>): T | undefined => list[list.length - 1];

/** Return whether an object itself has a key, like `Object.hasOwn`. */
export const hasOwn = (object: object, key: string): boolean => Object.prototype.hasOwnProperty.call(object, key);
