/** Order in which the cards of a view are shown: each after the first answers of the cards before it, which would otherwise move it. */

interface OrderedCard extends HTMLElement {
  /** Whether the card is in view, as far as known, and lacks its first answers. */
  readonly isWaiting: boolean;
}

/** Cards that are hidden or wait, in the order of the page. */
const opening = new Set<OrderedCard>();
/** Cards that were shown. They are never hidden again. */
const shown = new WeakSet<OrderedCard>();

/** Show all cards up to the first one that waits. The attribute `held` hides the others. */
export function showInOrder(): void {
  let isHeld = false;
  for (const card of opening) {
    const { isWaiting } = card;
    if (!isHeld) shown.add(card);
    const isShown = shown.has(card);
    card.toggleAttribute("held", !isShown);
    if (isShown && !isWaiting) opening.delete(card);
    isHeld ||= isWaiting;
  }
}

export function addToOrder(card: OrderedCard): void {
  opening.add(card);
  showInOrder();
}

export function removeFromOrder(card: OrderedCard): void {
  opening.delete(card);
  showInOrder();
}

/** Show a card whatever the cards before it wait for. */
export function showAnyway(card: OrderedCard): void {
  shown.add(card);
  showInOrder();
}
