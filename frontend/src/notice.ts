/**
 * Cards that only say why the real ones are missing: the browser is too old, or a file is gone.
 *
 * This file is loaded only in these cases. It may run in a browser that has little, so it uses neither Lit nor newer
 * built-ins. Once a missing file has arrived, the real cards take the places of the notices.
 */

import { CARD_TYPES, defineOnce, pageHass, SIDEBAR_REDIRECT, STRATEGY_ELEMENT, whenFrontendLoaded } from "./card-types-and-elements.ts";
import type { Hass } from "./hass.ts";
import { scrollIfShort } from "./parts/scroll-if-short.ts";
import texts from "./texts/notice.json" with { type: "json" };

export type Reason = "too_old" | "gone";

/** Notices in the document. Only the first one is visible: one sentence is enough for a page. */
let placed: NoticeCard[] = [];

abstract class NoticeCard extends HTMLElement {
  abstract readonly reason: Reason;

  setConfig(): void {}

  getCardSize(): number {
    return 1;
  }

  getGridOptions(): object {
    return { columns: 12, rows: "auto", min_columns: 6, min_rows: 2 };
  }

  set hass(hass: Hass) {
    if (hass.language !== this.lang) this.#write(hass.language);
  }

  connectedCallback(): void {
    this.style.display = "";
    placed.push(this);
    showFirst();
    const hass = pageHass();
    if (!this.lang) this.#write(hass ? hass.language : navigator.language);
  }

  disconnectedCallback(): void {
    placed = placed.filter((card) => card !== this);
    showFirst();
  }

  /** Hide this card; Home Assistant then also hides the space around it. */
  toggle(isHidden: boolean): void {
    if (this.hidden === isHidden) return;
    this.hidden = isHidden;
    this.style.display = isHidden ? "none" : "";
    this.dispatchEvent(new Event("card-visibility-changed", { bubbles: true, composed: true }));
  }

  #write(language: string): void {
    const own = language.split("-")[0] as keyof typeof texts;
    const text = texts[own] || texts.en;
    this.lang = language;
    const root = this.shadowRoot || this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>
        :host { display: block; height: 100%; }
        ha-card { display: block; position: relative; box-sizing: border-box; height: 100%; }
        .scrolls { overflow: auto scroll; }
        p { margin: 0; padding: 16px; line-height: 24px; color: var(--primary-text-color); }
        button { display: block; margin-top: 8px; min-height: 44px; padding: 0 16px; font: inherit; color: inherit;
          background: none; border: 1px solid; border-radius: 22px; cursor: pointer; }
      </style><ha-card><p role="status"></p></ha-card>`;
    const paragraph = root.querySelector("p")!;
    scrollIfShort(root.querySelector("ha-card")!, paragraph);
    paragraph.textContent = text[this.reason];
    if (this.reason === "too_old") return;
    const button = document.createElement("button");
    button.textContent = text.reload;
    button.onclick = () => location.reload();
    paragraph.appendChild(button);
  }
}

function showFirst(): void {
  placed.forEach((card, index) => card.toggle(index > 0));
}

/** Let Home Assistant make a card anew, which is now of another class. It keeps panels, so replace them here. */
function renew(card: NoticeCard & { panel?: unknown }): void {
  card.dispatchEvent(new Event("ll-rebuild", { bubbles: true, composed: true }));
  if (card.panel) card.replaceWith(Object.assign(document.createElement(card.localName), { panel: card.panel }));
}

/**
 * Define an element as a notice, which `become` replaces by the real class once its file has arrived.
 *
 * A page can define a name only once. So the defined class stays, and the real class becomes its parent.
 */
function defineNotice(name: string, Notice: CustomElementConstructor): void {
  const isPlaced = (card: HTMLElement) => card instanceof Replaceable;
  /** Call a method that the browser has looked up when the name was defined. */
  const call = (element: HTMLElement, method: "connectedCallback" | "disconnectedCallback") => {
    const { prototype } = isPlaced(element) ? (Object.getPrototypeOf(Replaceable) as CustomElementConstructor) : Notice;
    const callback = (prototype as Partial<NoticeCard>)[method];
    if (callback) callback.call(element as NoticeCard);
  };
  class Replaceable extends Notice {
    static become(real: CustomElementConstructor): void {
      const cards = placed.filter(isPlaced);
      // A card on the page has not run the constructor of the real class, so it stays a notice until it is removed.
      for (const card of cards) Object.setPrototypeOf(card, Notice.prototype as object);
      Object.setPrototypeOf(Replaceable, real);
      Object.setPrototypeOf(Replaceable.prototype, real.prototype as object);
      // Lit prepares a class when it is asked for this list, as `customElements.define` does.
      void (Replaceable as { observedAttributes?: string[] }).observedAttributes;
      cards.forEach(renew);
    }

    connectedCallback(): void {
      call(this, "connectedCallback");
    }

    disconnectedCallback(): void {
      call(this, "disconnectedCallback");
    }
  }
  defineOnce(name, Replaceable);
}

/** Define each element that is still missing as a notice. */
export function show(reason: Reason): void {
  whenFrontendLoaded(() => {
    for (const name of [...CARD_TYPES, SIDEBAR_REDIRECT]) {
      defineNotice(
        name,
        class extends NoticeCard {
          readonly reason = reason;
        },
      );
    }
    defineNotice(
      STRATEGY_ELEMENT,
      class extends HTMLElement {
        static generate(): Promise<object> {
          return Promise.resolve({ views: [{ title: "Smarty", cards: [{ type: `custom:${CARD_TYPES[0]}` }] }] });
        }
      },
    );
  });
}
