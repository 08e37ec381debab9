/** Scrolling of a card whose room is too low for its content, such as one with a number of `rows` in a section. */

/**
 * Let `card` scroll while it is lower than `body`, its only child. Return a function that ends this.
 *
 * The style ".scrolls" must always show the scrollbar. A card that scrolls is a stop of the tab key.
 */
export function scrollIfShort(card: HTMLElement, body: HTMLElement): () => void {
  /** Size of the card at which its content was too high. */
  let shortSize = "";
  const observer = new ResizeObserver(() => {
    // The card has the same padding above and below the body. All of these numbers are rounded.
    const isShort = body.offsetHeight > card.clientHeight - 2 * body.offsetTop + 1;
    const size = `${card.offsetWidth} ${card.offsetHeight}`;
    if (isShort) shortSize = size;
    // A chart is lower beside a scrollbar. If the scrollbar went as soon as the content fits, both would alternate. So
    // the scrollbar stays until the size of the card changes, and the card keeps the keyboard focus.
    const scrolls = size === shortSize;
    card.classList.toggle("scrolls", scrolls);
    if (scrolls) card.tabIndex = 0;
    else card.removeAttribute("tabindex");
  });
  observer.observe(card);
  observer.observe(body);
  return () => observer.disconnect();
}
