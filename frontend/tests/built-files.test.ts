import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { transformSync } from "esbuild";

const BUILT = new URL("../../custom_components/smarty_p1/frontend/", import.meta.url);
const LANGUAGES = ["de", "en", "fr", "lb", "pt"];
const read = (name: string) => readFileSync(new URL(name, BUILT), "utf8");
const loader = read("smarty-p1.js");
const names = readdirSync(BUILT).filter((name) => name.startsWith("smarty-p1"));
const digestOf = (name: string) => createHash("sha256").update(read(name)).digest("hex").slice(0, 8).toUpperCase();
/** The three parts for new browsers, then for old ones. */
const parts = loader.match(/smarty-p1-[0-9A-F]{8}\.js/g) ?? [];
const notice = names.find((name) => name.startsWith("smarty-p1-notice-"))!;

test("the name of each file has the digest of its content, and a file that is loaded before it has the name", () => {
  assert.equal(parts.length, 6);
  const python = readFileSync(new URL("../dashboards/cards_loader_digest.py", BUILT), "utf8");
  assert.match(python, new RegExp(`"${digestOf("smarty-p1.js")}"`));
  const hashed = names.filter((name) => name !== "smarty-p1.js");
  const sources = [loader, ...parts.map(read)].join();
  for (const name of hashed) {
    const digest = digestOf(name);
    assert.equal(/-(\w{8})\.js(on)?$/.exec(name)?.[1], digest, name);
    assert.ok(sources.includes(digest), name);
  }
  assert.equal(names.length, 1 + parts.length + 1 + LANGUAGES.length);
});

test("the files for old browsers have no newer syntax", () => {
  for (const [name, target] of [...parts.slice(3).map((part) => [part, "es2020"] as const), ["smarty-p1.js", "es2017"], [notice, "es2017"]] as const) {
    const options = { format: "esm", minify: true, charset: "utf8", legalComments: "none", supported: { "dynamic-import": true, "import-meta": true } } as const;
    // Newer syntax would be converted.
    assert.equal(transformSync(read(name), { ...options, target }).code, transformSync(read(name), { ...options, target: "esnext" }).code, name);
    assert.doesNotMatch(read(name), /color-mix\(in srgb, |@container/, name);
  }
});

const lackedBy = (source: string): string[] => {
  const folder = mkdtempSync(join(tmpdir(), "floor-"));
  const file = join(folder, "sample.ts");
  writeFileSync(file, source);
  try {
    execFileSync("node", [new URL("../lint/floor.mjs", import.meta.url).pathname, file], { encoding: "utf8" });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout: string };
    return stdout.trim().split("\n").map((line) => /: (.*) is missing/.exec(line)?.[1] ?? line);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test("what the oldest browsers lack is found", () => {
  const found = lackedBy(`structuredClone(x); element.checkVisibility(); list.replaceChildren(); new CompressionStream("gzip");
    const style = css\`:host { translate: 4px; inset: 0; height: 3dvh; } a:has(b) { overflow: clip; } @layer c { a { gap: 1px; } }
      i { width: 4px; width: min(4cqi, 3px); height: var(--x, 4cqi); color: oklch(1 0 0); user-select: none; -webkit-user-select: none; }
      @container (max-width: 3px) { a { color: color-mix(in srgb, var(--a) 3%, var(--b)); } } p { & b { top: 0 } }\``);
  assert.deepEqual(found.sort(), [
    "&", ":has", "@layer", "CompressionStream", "checkVisibility", "cqi", "dvh", "oklch()", "overflow: clip", "structuredClone", "translate",
  ]);
});
