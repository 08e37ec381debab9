/** Short texts that the browser keeps. A browser may keep nothing. */

/** Return a kept text; null without one. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keep a text. Some cards call this at each drawing, so write only a different text. */
export function keep(name: string, text: string): void {
  try {
    if (kept(name) !== text) localStorage.setItem(name, text);
  } catch {
    // Without the text, a card asks for its data, or tells less.
  }
}
