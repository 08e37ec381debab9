import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const SOURCES = fileURLToPath(new URL("../src/", import.meta.url));
/** From the ground to the roof. Other files at the top of the sources are used by all floors, or use them all. */
const FLOORS = ["data", "sentences", "parts", "base-card.ts", "cards"];
const floorOf = (path: string) => FLOORS.indexOf(path.split("/")[0]!);

test("a file imports from its own floor and those below", () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && floorOf(file) >= 0);
  assert.ok(files.length > 60);
  const wrong = files.flatMap((file) => {
    const paths = [...readFileSync(join(SOURCES, file), "utf8").matchAll(/from "(\.[^"]+\.ts)"/g)].map(([, path]) => path!);
    const targets = paths.map((path) => relative(SOURCES, join(SOURCES, dirname(file), path)));
    return targets.filter((target) => floorOf(target) > floorOf(file)).map((target) => `${file} -> ${target}`);
  });
  assert.deepEqual(wrong, []);
});
