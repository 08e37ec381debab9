/** Work that an element of a card needs as long as it is drawn. */

import type { ReactiveControllerHost } from "lit";

/** Call `begin` with the element that `selector` finds in a card, and the returned function when that element has gone. */
export function whileDrawn(host: ReactiveControllerHost & { renderRoot: ParentNode }, selector: string, begin: (element: HTMLElement) => () => void): void {
  let drawn: HTMLElement | null = null;
  let end: (() => void) | undefined;
  const change = (element: HTMLElement | null): void => {
    if (element === drawn) return;
    end?.();
    drawn = element;
    end = element ? begin(element) : undefined;
  };
  host.addController({
    hostUpdated: () => change(host.renderRoot.querySelector<HTMLElement>(selector)),
    hostDisconnected: () => change(null),
  });
}

/** Call `act` at each press outside of an element of the page. */
export function onPressOutside(host: ReactiveControllerHost, act: () => void): void {
  const press = (event: Event): void => {
    if (!event.composedPath().includes(host as unknown as EventTarget)) act();
  };
  host.addController({
    hostConnected: () => document.addEventListener("pointerdown", press, { capture: true }),
    hostDisconnected: () => document.removeEventListener("pointerdown", press, { capture: true }),
  });
}
