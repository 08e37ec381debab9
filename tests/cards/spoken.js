// What is seen of the cards, and what has the focus: to compare with what is heard.
(() => {
  const walk = function* (node) {
    yield node;
    for (const child of node.shadowRoot?.childNodes ?? []) yield* walk(child);
    for (const child of node.childNodes) yield* walk(child);
  };
  const all = () => [...walk(document.querySelector("main"))];
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  /** Everything that the key Tab reaches: of a group of radio buttons, the chosen one. */
  const usable = () =>
    all().filter((node) => node.tabIndex === 0 && node.checkVisibility() && !node.disabled && (node.type !== "radio" || node.checked));

  window.spoken = {
    /** The texts that are seen, each with the name of its control; of drawings only sentences. */
    seen: () => {
      const texts = [];
      for (const node of all()) {
        const [around, text] = [node.parentElement, node.nodeType === Node.TEXT_NODE ? plain(node.data) : ""];
        if (!/[^\W_]/u.test(text) || !around.checkVisibility({ visibilityProperty: true })) continue;
        const isLabel = around.closest("[aria-hidden=true]") && text.split(" ").length < 4;
        if (isLabel || around.closest("svg, style, .hidden")) continue;
        texts.push({ text, control: plain(around.closest("button, a")?.getAttribute("aria-label") ?? "") });
      }
      return texts;
    },
    usable: () => usable().length,
    /** The element with the focus: its place, its frame, its value and how it is read; null outside the cards. */
    focused: () => {
      let node = document.activeElement;
      while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
      if (!node || node === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(node.matches("label .hidden") ? node.nextElementSibling : node);
      const { top, bottom } = node.getBoundingClientRect();
      const reading = node.getAttribute("aria-valuetext");
      const [least, value, most] = ["min", "now", "max"].map((name) => Number(node.getAttribute(`aria-value${name}`)));
      const isInRange = least <= value && value <= most;
      return { at: usable().indexOf(node), ring: `${outlineStyle} ${outlineWidth}`, reading, isInRange, top, bottom };
    },
    /** Note from now on what the live region of the first card says. */
    listen: () => {
      const live = document.querySelector("main > *").shadowRoot.querySelector("[aria-live]");
      spoken.said = [];
      const note = () => live.textContent && spoken.said.push(plain(live.textContent));
      new MutationObserver(note).observe(live, { childList: true });
    },
  };
})();
