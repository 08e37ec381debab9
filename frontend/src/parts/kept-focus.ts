/**
 * The focus in a card that is drawn anew.
 *
 * A card replaces its content while its meter is loaded again, and after the press of some buttons. Home Assistant makes all cards
 * anew after a lost connection and after a change of the registries. So the control with the same name gets the focus as soon as it
 * is there. Until then, a control before it has the focus, or the card, unless the user moves it.
 */

import type { LitElement } from "lit";

const CONTROLS = "a,button,input,select,[tabindex]";

/** Control that has the focus, or had it before it left the page. */
let control: HTMLElement | undefined;
/** Card of the control, and the names of the controls up to it, as they were drawn last. */
let place: { card: string; names: string[] } | undefined;

const controlsIn = (root: ParentNode): HTMLElement[] =>
  [...root.querySelectorAll<HTMLElement>("*")].flatMap((element) => [element, ...(element.shadowRoot ? controlsIn(element.shadowRoot) : [])]).filter((element) => element.matches(CONTROLS));

/** Return the letters of the first words. Numbers are values, which change. */
const lettersOf = (words: Node | string): string =>
  typeof words === "string" ? words.replace(/[^\p{L}]/gu, "") : [...words.childNodes].reduce((letters, node) => letters || lettersOf(node.nodeValue ?? node), "");

/** Return the names of controls. Those with the same name are counted. */
function namesOf(controls: HTMLElement[]): string[] {
  const counts: Record<string, number> = {};
  return controls.map((element) => {
    const { dataset, labels, localName } = element as HTMLInputElement;
    const name = localName + element.getAttribute("role") + (dataset.day ?? lettersOf(element.getAttribute("aria-label") ?? labels?.[0] ?? element));
    return name + (counts[name] = (counts[name] ?? 0) + 1);
  });
}

const enter = (event: Event): void => {
  const path = event.composedPath();
  // No event leaves the tree of an element if the focus stays within the tree.
  for (const root of path) if (root instanceof ShadowRoot) root.addEventListener("focusin", enter);
  control = path[0] as HTMLElement;
  place = undefined;
};

/** Forget the control if the user has left it, and not it the page. */
const leave = (event: Event): void => {
  const [left] = event.composedPath() as Element[];
  setTimeout(() => {
    if (left!.isConnected && document.activeElement === document.body) control = place = undefined;
  });
};

/** Keep the focus in a card. `card` returns its configuration, from which Home Assistant makes it anew. */
export function keepFocus(host: LitElement, card: () => string): void {
  const controls = () => controlsIn(host.renderRoot);
  const note = () => {
    const all = controls();
    const at = all.indexOf(control!);
    if (at >= 0) place = { card: card(), names: namesOf(all).slice(0, at + 1) };
  };
  const giveBack = () => {
    const [lost, before] = [control as HTMLInputElement, place];
    if (before?.card !== card() || lost.matches(":focus")) return;
    const all = controls();
    const names = namesOf(all);
    const found = before.names.map((name) => all[names.indexOf(name)]);
    const same = found.pop() as HTMLInputElement | undefined;
    const body = host.renderRoot.querySelector<HTMLElement>(".body");
    if (body) body.tabIndex = -1;
    (same ?? found.filter(Boolean).pop() ?? body)?.focus({ preventScroll: true });
    if (!same) [control, place] = [lost, before];
    else if (lost.selectionStart != null) same.setSelectionRange(lost.selectionStart, lost.selectionEnd);
  };
  // The document calls a function once, however many cards add it.
  document.addEventListener("focusin", enter);
  document.addEventListener("focusout", leave);
  host.addController({
    hostUpdate: () => {
      if ((host.renderRoot as ShadowRoot).activeElement) note();
    },
    // What is in elements of the card is drawn after the card.
    hostUpdated: () => void (place && setTimeout(giveBack)),
    hostDisconnected: note,
  });
}
