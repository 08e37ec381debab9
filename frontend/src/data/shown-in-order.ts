/** Order in which the cards of a view are shown: each after the cards before it are drawn with their first answers, which would otherwise move it. */

interface OrderedCard extends HTMLElement {
  /** Whether the card is in view, as far as known, and lacks its first answers, or is not drawn with them yet. */
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

/** Time in ms for which opening cards are drawn in one frame. The next card then waits until this frame is on the screen. */
const DRAWING_MS = 20;
/** Cards that are to be drawn, with what draws them. */
const drawings = new Map<OrderedCard, () => void>();
let turn = Promise.resolve();
/** Fulfilled when the frame in which cards were drawn is on the screen; undefined if none were. */
let frame: Promise<void> | undefined;
/** Time in ms since the page was opened until which cards are drawn in `frame`. */
let drawnUntil = 0;

/** Wait until an opening card may be drawn: a slow browser shows one before it draws the next, in the order of the page. */
export function turnOf(card: OrderedCard): Promise<void> | undefined {
  if (!opening.has(card)) return undefined;
  turn = turn.then(takeTurn);
  return new Promise((resolve) => drawings.set(card, resolve));
}

async function takeTurn(): Promise<void> {
  if (performance.now() > drawnUntil) await frame;
  if (!frame) {
    drawnUntil = performance.now() + DRAWING_MS;
    frame = new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve))).then(() => (frame = undefined));
  }
  // A card that has left the page is no longer in `opening`.
  const next = [...opening, ...drawings.keys()].find((card) => drawings.has(card))!;
  drawings.get(next)!();
  drawings.delete(next);
}
