/** Texts of Lit's templates, for tests without a browser. */

interface Written {
  strings?: readonly string[];
  values?: readonly unknown[];
  _$litDirective$?: unknown;
}

type Listener = (event: object) => void;

/** Return the content of Lit's `guard` and `keyed`. */
function opened(part: unknown): unknown {
  const { _$litDirective$: isDirective, values } = (part ?? {}) as Written;
  const content = isDirective ? values![1] : part;
  return isDirective && typeof content === "function" ? content() : content;
}

/** Return the markup of a template. Functions and `nothing` are left out. */
export function markupOf(guarded: unknown): string {
  const part = opened(guarded);
  if (Array.isArray(part)) return part.map(markupOf).join("");
  if (typeof part === "object" && part !== null) {
    const { strings = [""], values = [] } = part as Written;
    return strings.map((text, index) => text + markupOf(values[index])).join("");
  }
  return ["string", "number", "boolean"].includes(typeof part) ? String(part) : "";
}

/** Return the functions that listen to an event such as "keydown", in parts of a template whose markup has the text `of`. */
export function listenersOf(guarded: unknown, event: string, of = ""): Listener[] {
  const part = opened(guarded);
  if (Array.isArray(part)) return part.flatMap((each) => listenersOf(each, event, of));
  if (typeof part !== "object" || part === null) return [];
  const { strings = [], values = [] } = part as Written;
  const isOf = strings.join("").includes(of);
  return values.flatMap((value, index) => {
    if (!strings[index]?.endsWith(`@${event}=`)) return listenersOf(value, event, of);
    return isOf && typeof value === "function" ? [value as Listener] : [];
  });
}

/** Press a key on a template. Return whether the page still gets it, for example to scroll. */
export function press(part: unknown, key: string): boolean {
  let isLeft = true;
  listenersOf(part, "keydown")[0]!({ key, preventDefault: () => (isLeft = false), stopPropagation() {}, currentTarget: { querySelector: () => null, querySelectorAll: () => [] } });
  return isLeft;
}
