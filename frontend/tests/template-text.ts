/** Texts of Lit's templates, for tests without a browser. */

interface Written {
  strings?: readonly string[];
  values?: readonly unknown[];
}

/** Return the markup of a template. Functions and `nothing` are left out. */
export function markupOf(part: unknown): string {
  if (Array.isArray(part)) return part.map(markupOf).join("");
  if (typeof part === "object" && part !== null) {
    const { strings = [""], values = [] } = part as Written;
    return strings.map((text, index) => text + markupOf(values[index])).join("");
  }
  return ["string", "number", "boolean"].includes(typeof part) ? String(part) : "";
}
