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

/** Return what a template does at an event, such as "keydown"; undefined if it does nothing. */
export function listenerOf(part: unknown, event: string): ((event: object) => void) | undefined {
  if (Array.isArray(part)) return part.map((each) => listenerOf(each, event)).find(Boolean);
  if (typeof part !== "object" || part === null) return undefined;
  const { strings = [], values = [] } = part as Written;
  const at = strings.findIndex((text) => text.endsWith(`@${event}=`));
  return at < 0 ? listenerOf(values, event) : (values[at] as (event: object) => void);
}

/** Press a key on a template. Return whether the page still gets it, for example to scroll. */
export function press(part: unknown, key: string): boolean {
  let isLeft = true;
  listenerOf(part, "keydown")!({ key, preventDefault: () => (isLeft = false), stopPropagation() {}, currentTarget: { querySelector: () => null, querySelectorAll: () => [] } });
  return isLeft;
}
