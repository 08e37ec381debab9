import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const LINT = fileURLToPath(new URL("../lint/clock.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "clock-"));

/** Return what the lint says of sources, whose files are numbered. */
function lint(...sources: string[]): string {
  const paths = sources.map((_, number) => join(folder, `${number}.ts`));
  for (const [number, source] of sources.entries()) writeFileSync(paths[number]!, source);
  const { status, stdout, stderr } = spawnSync(process.execPath, [LINT, ...paths], { encoding: "utf8" });
  assert.equal(stderr, "");
  assert.equal(status, stdout ? 1 : 0);
  return stdout;
}

test("a source that reads the page's clock is refused, however it is written", () => {
  const reads = [
    "Date.now()", "Date .now ()", 'Date["now"]()', "Date?.now()", "globalThis.Date.now()", "[0].map(Date.now)", "(({ now }) => now())(Date)",
    "new Date()", "new Date", "+new Date", "new Date( /* now */ )", "new Date(...[])", "new window.Date()", "Date()", "Reflect.construct(Date, [])",
    "new Intl.DateTimeFormat().format()", "new Intl.DateTimeFormat().formatToParts()", "performance.timeOrigin", "Temporal.Now.instant()",
  ];
  const found = lint(...reads.map((read) => `export const read: unknown = ${read};`));
  assert.deepEqual(reads.filter((_, number) => !found.includes(`/${number}.ts: `)), []);
});

test("a time that is given, a period, a type and a comment read no clock", () => {
  const source = `/** Not Date.now(). */
    export function at(time: Date, { now }: { now: number }): Date[] { // nor new Date()
      setTimeout(() => undefined, performance.now());
      return [time, new Date(now), new Date("2026-11-21"), new Date(2023, 0, 1), new Date(Date.parse("2026") + Date.UTC(2026))];
    }`;
  assert.equal(lint(source), "");
});
