/** Views of Home Assistant on paper. A browser prints before an observer can measure, and before an answer can arrive. */

/** Width in px of the content of an A4 page. */
const WIDTH_PX = 718;
/**
 * The header would cover the top of each page. The heights and margins of a screen would be empty pages. A grid of sections breaks
 * badly: a section begins below the one before.
 */
const STYLES = `@media print {
  html, body { height: auto !important; }
  .header { display: none !important; }
  hui-view-container, .wrapper, .wrapper > .container, .content, .section { display: block !important; min-height: 0 !important; padding: 0 !important; }
}`;
const STYLE_ID = "smarty-p1-paper";

/** Return the roots around a card, from the inside, up to that with the header and the view; none outside of a dashboard of Home Assistant. */
function rootsAround(card: Node): ShadowRoot[] {
  const roots: ShadowRoot[] = [];
  for (let root = card.getRootNode(); root instanceof ShadowRoot; root = root.host.getRootNode()) {
    roots.push(root);
    if (root.host.localName === "hui-root") return roots;
  }
  return [];
}

/** Call `measure` while the page has the width of paper, without the sidebar: paper has none. */
export function measureForPaper(element: Node, measure: () => void): void {
  const { style, clientWidth } = document.documentElement;
  const view = rootsAround(element).pop()?.host;
  style.width = `${WIDTH_PX + clientWidth - (view ? view.getBoundingClientRect().width : clientWidth)}px`;
  measure();
  style.width = "";
}

/** Prepare the view around a card for paper, once for all its cards; after the print, undo this. */
export function prepareView(card: Node, isPrinted: boolean): void {
  const roots = rootsAround(card);
  for (const root of roots.length ? [document.head, ...roots] : []) {
    const style = root.querySelector(`#${STYLE_ID}`);
    if (!isPrinted) style?.remove();
    else if (!style) root.append(Object.assign(document.createElement("style"), { id: STYLE_ID, textContent: STYLES }));
  }
}
