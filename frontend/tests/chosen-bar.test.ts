import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ChosenBar } from "../src/charts/chosen-bar.ts";

Object.assign(globalThis, { document: new EventTarget() });

type Chart = ReturnType<ConstructorParameters<typeof ChosenBar>[1]>;

/** A chart of 100 × 100 px with ten bars beside each other, unless `changes` says otherwise. */
function chartOf(changes: Partial<Chart> = {}) {
  const chart: Chart = { count: 10, at: (x) => Math.floor(x * 10), ...changes };
  const controllers: ReactiveController[] = [];
  const host = { addController: (controller: ReactiveController) => controllers.push(controller), requestUpdate() {} };
  const bar = new ChosenBar(host as unknown as ReactiveControllerHost, () => chart);
  const target = { getBoundingClientRect: () => ({ left: 200, top: 300, width: 100, height: 100 }) };
  const event = (x: number, y: number, pointerType: string, type = "") => ({ clientX: 200 + x, clientY: 300 + y, pointerType, type, currentTarget: target }) as unknown as PointerEvent;
  const move = (x: number, y = 50, by = "mouse") => (bar.move(event(x, y, by)), bar.index);
  const leave = () => (bar.leave(event(0, 0, "mouse")), bar.index);
  const tap = (x: number, y = 50, by = "touch") => {
    bar.down(event(x, y, by));
    bar.up(event(x, y, by, "pointerup"));
    return bar.index;
  };
  let prevented = 0;
  const press = (key: string) => (bar.key({ key, preventDefault: () => (prevented += 1) } as unknown as KeyboardEvent), bar.index);
  return { bar, controllers, move, leave, tap, press, prevented: () => prevented };
}

test("the mouse shows a bar, a click holds it, and a second click lets it go", () => {
  const { move, leave, tap } = chartOf();
  assert.deepEqual([move(35), leave()], [3, undefined]);
  assert.deepEqual([tap(35, 50, "mouse"), move(72), leave()], [3, 7, 3]);
  assert.deepEqual([tap(35, 50, "mouse"), leave()], [undefined, undefined]);
});

test("a press outside of the card lets the bar go, as long as the card is in the page", () => {
  const { bar, controllers, tap } = chartOf();
  const press = () => (document.dispatchEvent(new Event("pointerdown")), bar.index);
  for (const controller of controllers) controller.hostConnected?.();
  assert.deepEqual([tap(35), press(), tap(72)], [3, undefined, 7]);
  for (const controller of controllers) controller.hostDisconnected?.();
  assert.equal(press(), 7);
});

test("a finger chooses by a tap, and one that only passes over the chart does not", () => {
  const { move, tap } = chartOf();
  assert.deepEqual([move(35, 50, "touch"), tap(35), tap(72), tap(72)], [undefined, 3, 7, undefined]);
});

test("a tap near to the chosen small bar is meant for it", () => {
  const { tap } = chartOf({ middle: (index) => [index / 10 + 0.05, 0.5] });
  // The third bar's centre is at 35, 50.
  assert.deepEqual([tap(35), tap(50, 65)], [3, undefined]);
  assert.deepEqual([tap(35), tap(58, 50)], [3, 5]);
});

test("a bar that opens does so at the first click, and at the second tap", () => {
  const opened: number[] = [];
  const { move, tap, press } = chartOf({ open: (index) => opened.push(index) });
  press("Enter");
  assert.deepEqual([tap(35), opened.length, tap(35), opened], [3, 0, 3, [3]]);
  move(72);
  tap(72, 50, "mouse");
  press("Enter");
  assert.deepEqual(opened, [3, 7, 7]);
});

test("keys move by a bar or a page, stop at the ends, and Escape ends the choice", () => {
  const { bar, press, prevented } = chartOf({ page: 4 });
  const keys = (...all: string[]) => all.map(press);
  assert.deepEqual(keys("ArrowLeft", "ArrowRight", "ArrowLeft", "PageDown", "PageDown", "PageDown", "ArrowDown", "PageUp"), [9, 9, 8, 4, 0, 0, 0, 4]);
  assert.deepEqual(keys("End", "PageUp", "Home", "ArrowUp", "ArrowDown", "Escape", "ArrowRight", "Escape", "ArrowDown"), [9, 9, 0, 1, 0, undefined, 0, undefined, 9]);
  assert.equal(prevented(), 17);
  keys("a", "Enter");
  assert.deepEqual([bar.index, prevented()], [9, 17]);
  assert.equal(chartOf({ count: 0 }).press("End"), undefined);
});

test("in a chart of cells, keys keep to their column or their row", () => {
  const { bar, press } = chartOf({ count: 12, column: 4 });
  const from = (index: number, key: string) => (bar.choose(index), press(key));
  assert.deepEqual([from(2, "ArrowUp"), from(3, "ArrowUp"), from(4, "ArrowDown"), from(5, "ArrowDown")], [3, 3, 4, 4]);
  assert.deepEqual([from(1, "ArrowRight"), from(9, "ArrowRight"), from(5, "ArrowLeft"), from(2, "ArrowLeft")], [5, 9, 1, 2]);
});

test("a choice moves with its bar until that leaves the chart, and a mouse stays where it is", () => {
  const { bar, move } = chartOf();
  const shift = (by: number) => (bar.shift(by, 10), bar.index);
  bar.choose(1);
  assert.deepEqual([shift(-1), shift(9), shift(1)], [0, 9, undefined]);
  bar.choose(0);
  assert.equal(shift(-1), undefined);
  bar.choose(5);
  move(72);
  assert.equal(shift(-1), 7);
  bar.hostConnected();
  assert.equal(bar.index, undefined);
});

test("a choice follows its bar, and a mouse leaves a bar that is no longer there", () => {
  const { bar, move } = chartOf();
  const follow = (first: number, count = 10) => (bar.follow(first, count), bar.index);
  assert.equal(follow(500), undefined);
  bar.choose(5);
  assert.deepEqual([follow(500), follow(502), follow(501), follow(501, 4), follow(501)], [5, 3, 4, undefined, undefined]);
  bar.choose(1);
  move(95);
  assert.deepEqual([follow(501, 10), follow(501, 9)], [9, 1]);
});
