/**
 * Finds what the oldest supported browsers lack: parts of the web's interfaces, and of CSS, by MDN's data.
 *
 * TypeScript finds newer built-ins of the language (`lib` in tsconfig.json), and esbuild converts newer syntax.
 * usage: node floor.mjs FILE...     sources of the cards
 */

import { readFileSync } from "node:fs";
import { forOldBrowsers } from "../old-styles.mjs";

const DATA = new URL("../node_modules/@mdn/browser-compat-data/data.json", import.meta.url);
const { api, browsers, css, javascript } = JSON.parse(readFileSync(DATA, "utf8"));

const ESR = Object.entries(browsers.firefox.releases).filter(([, { status }]) => status === "esr");
/** Oldest supported version of each browser. */
const FLOOR = {
  chrome: 87,
  webview_android: 87,
  safari: 15.4,
  firefox: Math.min(...ESR.map(([version]) => Number(version))),
};

/** Properties that only decorate: a browser without them shows the same. */
const DECORATION = ["accent-color", "container-type"];
/** Units of lengths, by the beginnings of their names in MDN's data. */
const UNITS = [
  [/^cq/, "container_query_length_units"],
  [/^d(v[hwib]|vmin|vmax)$/, "viewport_percentage_units_dynamic"],
  [/^s(v[hwib]|vmin|vmax)$/, "viewport_percentage_units_small"],
  [/^l(v[hwib]|vmin|vmax)$/, "viewport_percentage_units_large"],
];

/** Return whether a browser of the floor has a feature, under its own name or with a prefix. */
function isIn(browser, { support }, prefix = undefined) {
  return [support[browser] ?? []].flat().some((statement) => {
    const added = statement.version_added;
    if (statement.flags || statement.alternative_name || statement.prefix !== prefix) return false;
    const removed = statement.version_removed;
    if (removed && !(Number.parseFloat(removed) > FLOOR[browser])) return false;
    return typeof added === "string" && Number.parseFloat(added.replace("≤", "")) <= FLOOR[browser];
  });
}

/** Return the browsers that lack a feature, as text; "" if all have it, or if MDN does not know it. */
function lackedBy(feature, prefix) {
  const compat = feature?.__compat;
  if (!compat) return "";
  return Object.keys(FLOOR)
    .filter((browser) => !isIn(browser, compat, prefix))
    .join(", ");
}

const hasOwn = (object, key) => Object.prototype.hasOwnProperty.call(object, key);

/** Browsers without a member, by the name of the member. A name that any supported interface has is not new. */
const newMembers = new Map();
for (const interfaces of [api, javascript.builtins, javascript.builtins.Intl]) {
  for (const [name, members] of Object.entries(interfaces)) {
    note(name, members);
    for (const [member, feature] of Object.entries(members)) note(member.replace(/_static$/, ""), feature);
  }
}

function note(name, feature) {
  if (!feature.__compat) return;
  const lacking = lackedBy(feature);
  newMembers.set(name, newMembers.get(name) === "" ? "" : lacking);
}

const withoutComments = (source) => source.replace(/\/\*[^]*?\*\/|(^|\s)\/\/.*/g, "$1");

/** Names that the sources themselves give to methods, functions and fields. */
const OWN_NAMES = /(?<=\b(?:function\*?|const|let|class|get|set|static|async|readonly|protected|override) |^ +|[{,(] ?)(\w+)(?=[(:?<=,) ])/gm;

/** Yield the members of the web's interfaces that a source calls and a browser of the floor lacks. */
function* newInterfaces(source, ownNames) {
  const code = withoutComments(source).replace(/\bcss`[^`]*`/g, "");
  for (const [, name] of code.matchAll(/(?<![\w#"'-])([A-Za-z]\w*)(?=(?:\?\.)?\()/g)) {
    // Functions of CSS stand in templates.
    if (!ownNames.has(name) && !hasOwn(css.types, name)) yield [name, newMembers.get(name)];
  }
}

/** Yield the parts of a source's styles that a browser of the floor lacks. */
function* newStyles(source) {
  const plain = withoutComments(forOldBrowsers(source));
  const sheets = [...plain.matchAll(/\bcss`([^`]*)`/g)].map(([, sheet]) => sheet);
  const attributes = [...plain.matchAll(/\bstyle="([^"]*)"|style=\$\{`([^`]*)`/g)].map(([, plain, computed]) => `*{${plain ?? computed}}`);
  for (const sheet of [...sheets, ...attributes].map((text) => text.replace(/\$\{[^{}]*\}/g, "0"))) {
    for (const [, rule] of sheet.matchAll(/@([\w-]+)/g)) yield [`@${rule}`, lackedBy(css["at-rules"][rule])];
    for (const [, selectors, block] of sheet.matchAll(/([^{};]*)\{([^{}]*)\}/g)) {
      if (selectors.includes("&")) yield ["&", lackedBy(css.selectors.nesting)];
      for (const [, pseudo] of selectors.matchAll(/::?([a-z-]+)/g)) yield [`:${pseudo}`, lackedBy(css.selectors[pseudo])];
      yield* newDeclarations(block);
    }
  }
}

function* newDeclarations(block) {
  const plainly = new Set();
  for (const declaration of block.split(";")) {
    const [, name, value] = /^\s*([\w-]+)\s*:\s*([^]*?)\s*$/.exec(declaration) ?? [];
    if (!name) continue;
    if (DECORATION.includes(name)) continue;
    if (!name.startsWith("--")) {
      const prefix = /^-\w+-/.exec(name)?.[0];
      const property = hasOwn(css.properties, name) ? name : name.slice(prefix?.length ?? 0);
      const hasPrefixed = block.includes(`-webkit-${name}:`);
      if (!hasPrefixed) yield [name, lackedBy(css.properties[property], property === name ? undefined : prefix)];
    }
    const lacks = [...newValues(name, value)].filter(([, lacking]) => lacking);
    // A browser ignores a value that it cannot read, and keeps the one before. With a variable, it does not.
    if (lacks.length && !(plainly.has(name) && !value.includes("var("))) yield* lacks;
    if (!lacks.length) plainly.add(name);
  }
}

function* newValues(property, value) {
  for (const [, word] of value.matchAll(/(?<![\w-])([a-z][\w-]*)(?![\w(-])/g)) yield [`${property}: ${word}`, lackedBy(css.properties[property]?.[word])];
  for (const [, name] of value.matchAll(/([a-z][a-z-]*)\(/g)) yield [`${name}()`, lackedBy(css.types[name] ?? css.types.color[name])];
  for (const [, unit] of value.matchAll(/[\d.]([a-z]+)\b/g)) {
    const group = UNITS.find(([names]) => names.test(unit))?.[1] ?? unit;
    yield [unit, lackedBy(css.types.length[group])];
  }
}

const sources = new Map(process.argv.slice(2).map((path) => [path, readFileSync(path, "utf8")]));
const ownNames = new Set([...sources.values()].flatMap((source) => [...withoutComments(source).matchAll(OWN_NAMES)].map(([, name]) => name)));
for (const [path, source] of sources) {
  for (const [name, lacking] of new Map([...newInterfaces(source, ownNames), ...newStyles(source)])) {
    if (!lacking) continue;
    process.exitCode = 1;
    console.log(`${path}: ${name} is missing in the oldest supported version of ${lacking}`);
  }
}
