/**
 * Builds the cards, for new and for old browsers, and a file of texts for every language. A page loads one of the two
 * builds and the file of one language.
 * usage: node build.mjs FOLDER [--watch]     FOLDER is that of the integration
 *        node build.mjs --licenses     prints the packages in the cards, with their versions and licences
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { minify } from "terser";
import { forOldBrowsers } from "./old-styles.mjs";

const SOURCES = new URL("src/", import.meta.url);
const TEXTS = new URL("texts/", SOURCES);
const NAME = "smarty-p1";
/** Notes shown if other files cannot be loaded; the built code itself must contain them in all languages. */
const BUILT_IN_TEXTS = ["fallback.json", "notice.json"];

/** Syntax that a build may contain. `src/loader.ts` tests which of them a browser understands. */
const TARGETS = { modern: "es2022", old: "es2020" };
/** Syntax of the loader and of the notice, which any browser of Home Assistant must understand. */
const OLDEST_SYNTAX = { target: "es2017", supported: { "dynamic-import": true, "import-meta": true } };

const pathOf = (source) => new URL(source, SOURCES).pathname;
/** Digest that Home Assistant compares with a file's content, see dashboards/card_files.py. */
const digestOf = (content) => createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
const readTexts = async (file) => JSON.parse(await readFile(file, "utf8"));

/** Plugin that keeps the texts out of the code: src/registered-texts.ts fills them in. */
const leaveOutTexts = {
  name: "leave-out-texts",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]texts[\\/]\w.*\.json$/ }, async ({ path }) =>
      BUILT_IN_TEXTS.includes(basename(path))
        ? { contents: await readFile(path, "utf8"), loader: "json" }
        : { contents: `import { register } from "../registered-texts.ts"; export default register("${basename(path, ".json")}");`, loader: "js" },
    );
  },
};

/** Return the plugin that takes the comments and the unnecessary spaces out of the styles, and changes the source. */
const shortenSources = (change) => ({
  name: "shorten-sources",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: change(await readFile(path, "utf8"), basename(path, ".ts")).replace(/\bcss`[^`]*`/g, shortenStyle),
      loader: "ts",
    }));
  },
});

/**
 * Return a source with plain properties in place of private ones: without the syntax for them, each use would become
 * the call of a function. The name of the file keeps those of a class and of the class below it apart.
 */
const withoutPrivates = (source, file) =>
  source.replace(/(?<=\.|^ +(?:(?:static|readonly|async|get|set) )*)#([a-zA-Z]\w*)(?=[\s:(;?!.,)\]=[<>&|+\-*}])/gm, (_, name) => `private_${file.replace(/\W/g, "_")}_${name}`);

const shortenStyle = (style) =>
  style
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([`{};,>]) ?/g, "$1")
    .replace(/: /g, ":")
    .replace(/;\}/g, "}");

/** Options of each build. */
const COMMON = {
  bundle: true,
  format: "esm",
  minify: true,
  charset: "utf8",
  legalComments: "eof",
  logLevel: "warning",
  write: false,
  outdir: "built",
};

/** Return the three parts for `browsers`, as [name, content]. Each part imports the parts before it. */
async function buildParts(browsers, textDigests) {
  const isOld = browsers === "old";
  const { outputFiles, metafile } = await build({
    ...COMMON,
    entryPoints: ["cards-loaded-first.ts", "cards-loaded-second.ts", "cards-loaded-third.ts"].map(pathOf),
    target: TARGETS[browsers],
    dropLabels: isOld ? [] : ["OLD_BROWSERS"],
    define: { TEXTS: JSON.stringify(textDigests) },
    splitting: true,
    metafile: true,
    entryNames: `${NAME}-[hash]`,
    chunkNames: `${NAME}-[hash]`,
    mangleProps: /^private_/,
    plugins: [leaveOutTexts, shortenSources(isOld ? (source, file) => withoutPrivates(forOldBrowsers(source), file) : (source) => source)],
  });
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint, imports }]) => ({ name: basename(path), entryPoint, imports }));
  // A part imports the whole part before it, so esbuild puts all of that into a shared chunk, and only an import of the
  // chunk into the entry point. The chunks themselves are the first and the second part: the second imports the first.
  const chunks = outputs.filter(({ entryPoint }) => !entryPoint).sort((a, b) => a.imports.length - b.imports.length);
  const third = outputs.find(({ entryPoint }) => entryPoint?.endsWith("cards-loaded-third.ts"));
  if (chunks.length !== 2) throw new Error(`${chunks.length} shared chunks instead of two`);
  const names = new Map();
  const parts = [];
  for (const { name } of [...chunks, third]) {
    const { text } = outputFiles.find(({ path }) => basename(path) === name);
    // In the minified code only templates have indented lines, and attributes before a space or the end of a tag. HTML
    // treats white space as one space, and a value that is a word needs no quotes.
    let content = shortenNotices(text.replace(/\n {2,}/g, " ").replace(/( [\w:-]+=)"([\w-]+)"(?=[ >])/g, "$1$2"));
    for (const [built, final] of names) content = content.replaceAll(built, final);
    // With gzip, this second minifier makes the parts 4 % smaller. Nothing reads the length of a function or calls one with
    // `new`. esbuild shortens the names that a part exports.
    const { code } = await minify(content, { module: true, ecma: 2020, compress: { passes: 2, keep_fargs: false, unsafe_arrows: true } });
    names.set(name, `${NAME}-${digestOf(code)}.js`);
    parts.push([names.get(name), code]);
  }
  return parts;
}

/** Replace the licence notice of each bundled file by one notice for all files with the same licence. */
function shortenNotices(text) {
  const notices = new Map();
  for (const [, years, holder, licence] of text.matchAll(/Copyright (\d+) (.*?)[ *]+SPDX-License-Identifier: (\S+)/g)) {
    const key = `${holder}, ${licence}`;
    notices.set(key, [...(notices.get(key) ?? []), years].sort());
  }
  const lines = [...notices].map(([key, years]) => `Copyright ${years[0]}-${years[years.length - 1]} ${key}`);
  return text.replace(/\/\*! Bundled license information:[^]*\*\/\s*$/, lines.length ? `/*! @license Parts: ${lines.join("; ")} */\n` : "");
}

/** Return the content of a small module that runs in any browser. */
async function buildSmall(source, define = {}) {
  const { outputFiles } = await build({
    ...COMMON,
    ...OLDEST_SYNTAX,
    entryPoints: [pathOf(source)],
    legalComments: "none",
    plugins: [leaveOutTexts],
    define,
  });
  return outputFiles[0].text;
}

/** Return the files of the integration, by path. The name of each file of the cards, except the loader, has a digest. */
async function buildAll() {
  const files = new Map();
  const textDigests = {};
  for (const [language, own] of await collectTexts()) {
    const content = `${JSON.stringify(own)}\n`;
    textDigests[language] = digestOf(content);
    files.set(`frontend/${NAME}.${language}-${textDigests[language]}.json`, content);
  }
  const parts = {};
  for (const browsers of Object.keys(TARGETS)) {
    const built = await buildParts(browsers, textDigests);
    for (const [name, content] of built) files.set(`frontend/${name}`, content);
    parts[browsers] = built.map(([name]) => name);
  }
  const notice = await buildSmall("notice.ts");
  const noticeName = `${NAME}-notice-${digestOf(notice)}.js`;
  files.set(`frontend/${noticeName}`, notice);
  const loader = await buildSmall("loader.ts", { PARTS: JSON.stringify(parts), NOTICE: JSON.stringify(noticeName) });
  files.set(`frontend/${NAME}.js`, loader);
  const comment = "Digest of the cards' loader of this version. `scripts/cards build` writes this file.";
  files.set("dashboards/cards_loader_digest.py", `"""${comment}"""\n\nLOADER_DIGEST = "${digestOf(loader)}"\n`);
  return files;
}

/** Write the files into the folder of the integration, and delete those of an earlier build. */
async function writeFiles(folder) {
  const files = await buildAll();
  for (const path of files.keys()) await mkdir(join(folder, dirname(path)), { recursive: true });
  for (const name of await readdir(join(folder, "frontend"))) {
    if (name.startsWith(NAME) && !files.has(`frontend/${name}`)) await rm(join(folder, "frontend", name));
  }
  for (const [path, content] of files) await writeFile(join(folder, path), content);
}

/** Return the texts of every language, by language and file name. */
async function collectTexts() {
  const collected = new Map();
  for (const file of (await readdir(TEXTS)).sort()) {
    if (BUILT_IN_TEXTS.includes(file)) continue;
    for (const [language, texts] of Object.entries(await readTexts(new URL(file, TEXTS)))) {
      collected.set(language, { ...collected.get(language), [basename(file, ".json")]: texts });
    }
  }
  return collected;
}

/** Return the packages that the cards took code from, with their versions, below each licence its text. */
async function readLicenses() {
  const { metafile } = await build({ ...COMMON, entryPoints: [pathOf("cards-loaded-third.ts")], metafile: true, plugins: [leaveOutTexts] });
  const inputs = Object.keys(Object.values(metafile.outputs)[0].inputs);
  const names = inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]).filter(Boolean);
  const packages = new Map();
  for (const name of [...new Set(names)].sort()) {
    const folder = new URL(`node_modules/${name}/`, import.meta.url);
    const { version } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
    const license = (await readFile(new URL("LICENSE", folder), "utf8")).trim();
    packages.set(license, [...(packages.get(license) ?? []), `- ${name} ${version}`]);
  }
  const parts = [...packages].map(([license, list]) => `${list.join("\n")}\n\n${license}\n`);
  return ["The dashboard cards in the folder frontend contain code of these packages:\n", ...parts].join("\n");
}

const [folder, watches] = process.argv.slice(2);
if (folder === "--licenses") process.stdout.write(await readLicenses());
else await writeFiles(folder);
if (watches) {
  // Editors write a file in several steps: build once after the last one.
  let timer;
  watch(SOURCES, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => writeFiles(folder).catch(({ message }) => console.error(message)), 100);
  });
}
