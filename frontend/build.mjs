/**
 * Builds the module of the cards, and a file of texts for every language. A page loads the file of one language.
 * usage: node build.mjs FOLDER [--watch]
 *        node build.mjs --packages     prints the versions of the packages in the module
 */

import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, context } from "esbuild";

const TEXTS = new URL("src/texts/", import.meta.url);
const NAME = "smarty-p1";
/** Note shown if a language file cannot be loaded; the module itself must contain it in all languages. */
const FALLBACK_FILE = "fallback.json";

const readTexts = async (file) => JSON.parse(await readFile(file, "utf8"));

/** Plugin that keeps the texts out of the module. */
const leaveOutTexts = {
  name: "leave-out-texts",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]texts[\\/]\w.*\.json$/ }, async ({ path }) => ({
      contents: basename(path) === FALLBACK_FILE ? await readFile(path, "utf8") : "{}",
      loader: "json",
    }));
  },
};

/** Plugin that takes the comments and the unnecessary spaces out of the styles. */
const shortenStyles = {
  name: "shorten-styles",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(/\bcss`[^`]*`/g, shortenStyle),
      loader: "ts",
    }));
  },
};

const shortenStyle = (style) =>
  style
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([`{};,>]) ?/g, "$1")
    .replace(/: /g, ":")
    .replace(/;\}/g, "}");

/** Return the plugin that writes the module without the indents of its templates, and the language files. */
const writeFiles = (folder) => ({
  name: "write-files",
  setup({ onEnd }) {
    onEnd(async ({ outputFiles: [module] = [] }) => {
      if (!module) return;
      // In the minified module only templates have indented lines, and HTML treats white space as one space.
      await writeFile(join(folder, `${NAME}.js`), module.text.replace(/\n {2,}/g, " "));
      for (const [language, texts] of await collectTexts()) {
        await writeFile(join(folder, `${NAME}.${language}.json`), `${JSON.stringify(texts)}\n`);
      }
    });
  },
});

/** Return the texts of every language, by language and file name. */
async function collectTexts() {
  const collected = new Map();
  for (const file of (await readdir(TEXTS)).sort()) {
    if (file === FALLBACK_FILE) continue;
    for (const [language, texts] of Object.entries(await readTexts(new URL(file, TEXTS)))) {
      collected.set(language, { ...collected.get(language), [basename(file, ".json")]: texts });
    }
  }
  return collected;
}

/** Return the versions of the packages that a build took code from, by their names. */
async function readVersions(output) {
  const versions = {};
  for (const input of Object.keys(output.inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (!name) continue;
    const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
    versions[name] = JSON.parse(await readFile(file, "utf8")).version;
  }
  return versions;
}

const [folder, watch] = process.argv.slice(2);
const onlyPackages = folder === "--packages";
const options = {
  entryPoints: [new URL("src/main.ts", import.meta.url).pathname],
  bundle: true,
  format: "esm",
  minify: true,
  // The module is not converted for old web views: Home Assistant's frontend itself needs newer ones.
  target: "es2022",
  charset: "utf8",
  legalComments: "eof",
  logLevel: "warning",
  write: false,
  metafile: onlyPackages,
  plugins: onlyPackages ? [leaveOutTexts] : [leaveOutTexts, shortenStyles, writeFiles(folder)],
};
if (onlyPackages) {
  const { metafile } = await build({ ...options, outfile: "module.js" });
  const [output] = Object.values(metafile.outputs);
  console.log(JSON.stringify(await readVersions(output)));
} else if (watch) await (await context(options)).watch();
else await build(options);
