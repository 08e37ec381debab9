/** Changes of the styles for browsers without container queries and `color-mix`. */

import { readFileSync } from "node:fs";

const COLOR = /color-mix\(in srgb, (\$\{\w+\}|var\(--[\w-]+\)) (\d+)%, ([\w-]+(?:\([^()]*\))?)\)/g;
const QUERY = /@container \((max|min)-width: (\d+)px\) \{/g;

/** Colours of the card that the theme may replace, by variable, such as "--drawn": "#488fc2". */
const DEFAULTS = new Map(
  [...readFileSync(new URL("src/styles.ts", import.meta.url), "utf8").matchAll(/(--[\w-]+): var\(--[\w-]+, (#[0-9a-f]{6})\);/g)].map(
    ([, name, color]) => [name, color],
  ),
);

/** Return a source with styles that old browsers understand. Throws an error if a style has no known replacement. */
export function forOldBrowsers(source) {
  const changed = replaceQueries(source.replace(COLOR, (_, color, share, other) => plainColor(color, Number(share), other)));
  const left = /color-mix\(in srgb, [^)]*|@container[^{]*/.exec(changed.replace(/\/\*[^]*?\*\//g, ""));
  if (left) throw new Error(`no replacement for old browsers: ${left[0]}`);
  return changed;
}

/** Return a colour near to `share` percent of `color` in `other`. It is always visible on a card. */
function plainColor(color, share, other) {
  if (other === "transparent") return share < 50 ? other : color;
  // Mixed with the text's colour only for more contrast.
  if (other === "var(--primary-text-color)") return color;
  const known = DEFAULTS.get(color.slice("var(".length, -1));
  if (known) return known + hex(share);
  // Text and its shades: grey has half of their contrast to the card, in light and in dark themes.
  return share > 50 ? color : `#808080${hex(2 * share)}`;
}

/** Return the alpha channel of a percentage as two hexadecimal digits. */
const hex = (share) =>
  Math.round((Math.min(share, 100) / 100) * 255)
    .toString(16)
    .padStart(2, "0");

/** Replace container queries by attributes of the card, which `src/parts/container-widths.ts` sets. */
function replaceQueries(source) {
  let result = "";
  let at = 0;
  for (const { index, 0: start, 1: limit, 2: width } of source.matchAll(QUERY)) {
    let end = index + start.length;
    for (let depth = 1; depth; end += 1) depth += { "{": 1, "}": -1 }[source[end]] ?? 0;
    const host = `:host([${limit}-${width}])`;
    const rules = source.slice(index + start.length, end - 1);
    result += source.slice(at, index) + rules.replace(/([^{}]+)\{([^{}]*)\}/g, (_, selectors, style) => `${prefixed(selectors, host)} {${style}}`);
    at = end;
  }
  return result + source.slice(at);
}

const prefixed = (selectors, host) =>
  selectors
    .replace(/\/\*[^]*?\*\//g, "")
    .split(",")
    .map((selector) => `\n${host} ${selector.trim()}`)
    .join(",");
