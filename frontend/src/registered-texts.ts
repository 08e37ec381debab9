/** Objects that hold the texts of each file in texts/. The build replaces each of these files by a call of `register`. */

type Loaded = Record<string, Record<string, string>>;

const loaded: Record<string, Loaded> = {};
const registered: Record<string, Loaded> = {};

/** Return the object for the texts of a file, by language. A part that arrives later gets the loaded languages at once. */
export function register(name: string): Loaded {
  const texts: Loaded = (registered[name] = {});
  for (const language of Object.keys(loaded)) texts[language] = loaded[language]![name] ?? {};
  return texts;
}

/** Give each registered object its texts in a language. */
export function addLanguage(language: string, files: Loaded): void {
  loaded[language] = files;
  for (const [name, texts] of Object.entries(registered)) texts[language] = files[name] ?? {};
}
