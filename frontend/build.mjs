/**
 * Makes the module of the cards, and beside it a file with their texts for each other language.
 * usage: node build.mjs FOLDER [--watch]
 *
 * A page loads the texts of one language: the module has the English ones, which it falls back on.
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, context } from "esbuild";

const TEXTS = new URL("src/texts/", import.meta.url);
const NAME = "smarty-p1";
/** Said where the texts of a language are not to be had: it must not be among them. */
const ALWAYS_THERE = "fallback.json";

const textsIn = async (file) => JSON.parse(await readFile(file, "utf8"));

/** Leaves only English in the module. */
const englishAlone = {
  name: "english-alone",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]texts[\\/]\w.*\.json$/ }, async ({ path }) => {
      const texts = await textsIn(path);
      const kept = basename(path) === ALWAYS_THERE ? texts : { en: texts.en };
      return { contents: JSON.stringify(kept), loader: "json" };
    });
  },
};

/** Writes what was made: without the indents of the templates, and with the texts beside it. */
const written = (folder) => ({
  name: "written",
  setup({ onEnd }) {
    onEnd(async ({ outputFiles: [module] = [] }) => {
      if (!module) return;
      // Minified, only templates have indented lines, where white space is as much as one space.
      await writeFile(join(folder, `${NAME}.js`), module.text.replace(/\n {2,}/g, " "));
      for (const [language, texts] of await languages()) {
        await writeFile(join(folder, `${NAME}.${language}.json`), `${JSON.stringify(texts)}\n`);
      }
    });
  },
});

/** The texts of each language but English, by the file they are in. */
async function languages() {
  const found = new Map();
  for (const file of (await readdir(TEXTS)).sort()) {
    if (file === ALWAYS_THERE) continue;
    const { en: _english, ...others } = await textsIn(new URL(file, TEXTS));
    for (const [language, texts] of Object.entries(others)) {
      found.set(language, { ...found.get(language), [basename(file, ".json")]: texts });
    }
  }
  return found;
}

const [folder, watch] = process.argv.slice(2);
const options = {
  entryPoints: [new URL("src/main.ts", import.meta.url).pathname],
  bundle: true,
  format: "esm",
  minify: true,
  // Old web views of the companion app get the module as it is; what draws the cards is newer.
  target: "es2022",
  charset: "utf8",
  legalComments: "eof",
  logLevel: "warning",
  write: false,
  plugins: [englishAlone, written(folder)],
};
if (watch) await (await context(options)).watch();
else await build(options);
