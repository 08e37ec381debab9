/**
 * Finds uses of the page's clock outside of src/data/clock.ts: the clock of a tablet may be years off.
 *
 * usage: node clock.mjs FILE...     sources of the cards
 */

import { readFileSync } from "node:fs";
import { transformSync } from "esbuild";

const CLOCK = /(^|\/)data\/clock\.ts$/;
/** Expressions that convert a given time, and read no clock. */
const CONVERSION = /\bnew (?:\w+\.)?Date\((?!\)|\.\.\.)|\bDate\.(?:parse|UTC)\(/g;
/** Formats without a time are those of the present. */
const READERS = /\bDate\b|\bTemporal\b|\btimeOrigin\b|\.format(?:ToParts)?\(\)/g;

/** Yield the expressions of a source that read the page's clock. */
function* readsOf(source) {
  // esbuild leaves out types and comments, and writes `Date["now"]` as `Date.now`.
  const { code } = transformSync(source, { loader: "ts", minifySyntax: true, minifyWhitespace: true, legalComments: "none" });
  const rest = code.replace(CONVERSION, "");
  for (const { 0: name, index } of rest.matchAll(READERS)) yield rest.slice(Math.max(0, index - 20), index + name.length + 20).replace(/\s+/g, " ");
}

for (const path of process.argv.slice(2)) {
  if (CLOCK.test(path)) continue;
  for (const read of readsOf(readFileSync(path, "utf8"))) {
    process.exitCode = 1;
    console.log(`${path}: reads the page's clock: …${read}… Use the time of the feed.`);
  }
}
