// What is left of the cards of a page in forced colours and on paper, which leave CSS backgrounds out.

const roots = () => [...document.querySelectorAll("main > *")].map(({ shadowRoot }) => shadowRoot);
const all = (selector) => roots().flatMap((root) => [...root.querySelectorAll(selector)]);
const CHOSEN = '[aria-checked="true"], [aria-selected="true"], [aria-pressed="true"] span, :checked + span';

window.paper = {
  /** Return the elements that say something only by a background. */
  lost: () =>
    all("*:not(ha-card, svg *, input)").flatMap((part) => {
      const { backgroundColor, backgroundImage, outlineStyle, width } = getComputedStyle(part);
      const isPainted = backgroundColor !== "rgba(0, 0, 0, 0)" || backgroundImage !== "none";
      if (!isPainted || !parseFloat(width)) return [];
      const hasMark = outlineStyle !== "none" || part.matches("select, .notice, .banner, .read, .calendar");
      return part.textContent.trim() && hasMark ? [] : [part.outerHTML];
    }),
  /** Return the chosen elements whose outline is not seen. */
  unmarked: () => all(CHOSEN).filter((part) => getComputedStyle(part).outlineColor === "rgba(0, 0, 0, 0)").map((part) => part.outerHTML),
  /** Return the dots of legends that look like no part of their drawing. */
  unlike: () =>
    all(".legend .dot > rect, .tints .dot > rect, .parts .dot > rect").filter((dot) => {
      const look = (part) => ["fill", "stroke", "strokeDasharray"].map((name) => getComputedStyle(part)[name]).join();
      const drawn = [...dot.getRootNode().querySelectorAll(`svg:not(.dot) > :is(rect, path)[fill="${dot.getAttribute("fill")}"]`)];
      return !drawn.some((part) => part.getBoundingClientRect().width && look(part) === look(dot));
    }).map((dot) => dot.outerHTML),
  openTables: () => all('[aria-expanded="false"].hidden').forEach((button) => button.click()),
  /**
   * Return the number of the charts, and what is wrong with them on paper of a width. The cards draw for the width of
   * A4; on other paper, the browser scales their drawings.
   */
  printed: async (paperPx) => {
    dispatchEvent(new Event("beforeprint"));
    await Promise.resolve();
    document.querySelector("main").style.width = `${paperPx}px`;
    const faults = [];
    let count = 0;
    for (const svg of all("svg:not(.dot, .bar svg, .week svg, svg svg)")) {
      const frame = svg.getBoundingClientRect();
      const card = svg.closest("ha-card").getBoundingClientRect();
      const boxes = [...svg.querySelectorAll("path, rect, text, circle, line")]
        .filter((part) => !part.closest("defs, pattern, clipPath, [clip-path]"))
        .map((part) => part.getBoundingClientRect())
        .filter(({ width, height }) => width || height);
      if (!boxes.length) continue;
      count += 1;
      const left = Math.min(...boxes.map((box) => box.left));
      const right = Math.max(...boxes.map((box) => box.right));
      const name = `${svg.getAttribute("class")} ${svg.getAttribute("aria-label")}`;
      if (left < card.left - 1 || right > card.right + 1) faults.push(`${name}: cut`);
      if (right - left < 0.9 * frame.width) faults.push(`${name}: ${right - left} of ${frame.width} px`);
    }
    const scrolls = (part) => /auto|scroll/.test(getComputedStyle(part).overflowY) && part.scrollHeight > part.clientHeight + 1;
    // A reader can do nothing with a control on paper.
    faults.push(...all("a, .link, .buttons button, smarty-p1-menu, smarty-p1-settings").filter((part) => part.checkVisibility()).map((part) => `${part.outerHTML}: is a control`));
    const isScaled = (text) => { const { a, d } = text.getScreenCTM(); return [a, d].some((scale) => Math.abs(scale - 1) > 0.05); };
    faults.push(...all("svg text").filter(isScaled).map((text) => `${text.textContent}: has another size`));
    faults.push(...all("*").filter(scrolls).map((part) => `${part.className}: scrolls`));
    return { count, faults };
  },
};
