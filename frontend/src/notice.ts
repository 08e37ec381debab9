/**
 * Cards that only say why the real ones are missing: the browser is too old, or a file is gone.
 *
 * This file is loaded only in these cases. It may run in a browser that has little, so it uses neither Lit nor newer
 * built-ins.
 */

import { CARD_TYPES, defineOnce, pageHass, SIDEBAR_REDIRECT, STRATEGY_ELEMENT, whenFrontendLoaded } from "./frontend-elements.ts";
import type { Hass } from "./hass.ts";
import texts from "./texts/notice.json" with { type: "json" };

export type Reason = "too_old" | "gone";

/** Notices in the document. Only the first one is visible: one sentence is enough for a page. */
let placed: NoticeCard[] = [];

abstract class NoticeCard extends HTMLElement {
  abstract readonly reason: Reason;
  abstract reload(): void;

  setConfig(): void {}

  getCardSize(): number {
    return 1;
  }

  getGridOptions(): object {
    return { columns: 12, rows: "auto" };
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
        p { margin: 0; padding: 16px; line-height: 24px; color: var(--primary-text-color); }
        button { display: block; margin-top: 8px; min-height: 44px; padding: 0 16px; font: inherit; color: inherit;
          background: none; border: 1px solid; border-radius: 22px; cursor: pointer; }
      </style><ha-card><p role="status"></p></ha-card>`;
    const paragraph = root.querySelector("p")!;
    paragraph.textContent = text[this.reason];
    if (this.reason === "too_old") return;
    const button = document.createElement("button");
    button.textContent = text.reload;
    button.onclick = () => this.reload();
    paragraph.appendChild(button);
  }
}

function showFirst(): void {
  placed.forEach((card, index) => card.toggle(index > 0));
}

/** Define each element that is still missing as a notice. `loaderUrl` is the address of the module that loads the parts. */
export function show(reason: Reason, loaderUrl: string): void {
  // Without this request, the browser would take the loader from its cache, and the loader would name the same file again.
  const reload = () => {
    const again = () => location.reload();
    fetch(loaderUrl, { cache: "reload" }).then(again, again);
  };
  whenFrontendLoaded(() => {
    for (const name of [...CARD_TYPES, SIDEBAR_REDIRECT]) {
      defineOnce(
        name,
        class extends NoticeCard {
          readonly reason = reason;
          reload = reload;
        },
      );
    }
    defineOnce(
      STRATEGY_ELEMENT,
      class extends HTMLElement {
        static generate(): Promise<object> {
          return Promise.resolve({ views: [{ title: "Smarty", cards: [{ type: `custom:${CARD_TYPES[0]}` }] }] });
        }
      },
    );
  });
}
