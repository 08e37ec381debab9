import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const SOURCES = new URL("../src/", import.meta.url);
const LANGUAGES = ["en", "de", "fr", "lb", "pt"];
const read = (path: string) => readFileSync(new URL(path, SOURCES), "utf8");
// A blank between a number and its unit, or inside of a number: a line could end there.
const BREAKABLE = /[\d}*] (?=(?:[kM]?Wh?|kVA|M[Bo]|[ck]m|ct|EUR|imp\/kWh|°C|m³|[VALsh€%])(?![\p{L}\d'’-]))|\d \d{3}(?!\d)/u;
const namesIn = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();

test("each text is in every language, with the same parameters", () => {
  const files = readdirSync(new URL("texts/", SOURCES));
  assert.ok(files.length > 10);
  for (const file of files) {
    const texts = JSON.parse(read(`texts/${file}`)) as Record<string, Record<string, string>>;
    assert.deepEqual(Object.keys(texts), LANGUAGES, file);
    for (const [language, own] of Object.entries(texts)) {
      assert.deepEqual(Object.keys(own).sort(), Object.keys(texts.en!).sort(), `${file} ${language}`);
      for (const [key, text] of Object.entries(own)) {
        const where = `${file} ${language} ${key}`;
        assert.ok(text && text === text.replace(/^[ \t\n]+|[ \t\n]+$/g, ""), where);
        assert.deepEqual(namesIn(text), namesIn(texts.en![key]!), where);
        assert.doesNotMatch(text, BREAKABLE, where);
        assert.equal(text.split("**").length % 2, 1, where);
        // In French, a line never begins with a sign that belongs to the word before it.
        if (language === "fr") assert.doesNotMatch(text, / [:;!?»]|« /, where);
      }
    }
  }
});

test("a text is in one file, and those of several cards are common", () => {
  const files = new Map<string, string>();
  for (const file of readdirSync(new URL("texts/", SOURCES))) {
    const texts = JSON.parse(read(`texts/${file}`)) as Record<string, Record<string, string>>;
    for (const key of Object.keys(texts.en!)) {
      // A switch is ready for the household, but a load is ready for the plan.
      if (key === "is_ready_for_reconnection") continue;
      const text = LANGUAGES.map((language) => texts[language]![key]).join("|");
      assert.equal(files.get(text) ?? file, file, `${file} ${key}`);
      files.set(text, file);
    }
  }
});

test("only three pieces of the frontend are used", () => {
  // None is a public interface, and one that is missing would be an empty place without an error.
  const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const tags = sources.flatMap((path) => read(path).match(/(?<=<\/?)ha-[\w-]+/g) ?? []);
  assert.deepEqual([...new Set(tags)].filter((tag) => !["ha-card", "ha-icon", "ha-alert"].includes(tag)), []);
  assert.ok(tags.length);
});
