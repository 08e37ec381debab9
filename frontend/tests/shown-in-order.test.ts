/** Tests of the order in which cards are shown and drawn. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { addToOrder, removeFromOrder, turnOf } from "../src/data/shown-in-order.ts";

test("a slow browser shows a card before it draws the next, a fast one draws several in a frame", async (context) => {
  let now = 1000;
  context.mock.method(performance, "now", () => now);
  const frames: (() => void)[] = [];
  Object.assign(globalThis, { requestAnimationFrame: (paint: () => void) => frames.push(paint) });
  const events: string[] = [];
  const cardOf = (name: string, drawingMs: number) => {
    const card = { isWaiting: true, toggleAttribute: () => true };
    const draw = async () => {
      await turnOf(card as never);
      events.push(name);
      now += drawingMs;
    };
    addToOrder(card as never);
    return { card, draw };
  };
  const rest = () => new Promise((resolve) => setTimeout(resolve));
  const cards = [cardOf("first", 15), cardOf("second", 50), cardOf("third", 5), cardOf("fourth", 5)];
  // The cards are drawn in the order of the page, whichever asks first.
  const drawn = Promise.all(cards.slice().reverse().map(({ draw }) => draw()));
  for (let n = 0; n < 10; n += 1) {
    await rest();
    const painted = frames.splice(0);
    if (painted.length) events.push("frame");
    for (const paint of painted) paint();
  }
  await drawn;
  deepEqual(events, ["first", "second", "frame", "third", "fourth", "frame"]);
  // A card that has been shown is drawn at once.
  for (const { card } of cards) removeFromOrder(card as never);
  deepEqual(turnOf(cards[0]!.card as never), undefined);
});
