/** Chooser of the meter for all cards of a view. */

import { css, html, nothing, type TemplateResult } from "lit";
import type { Meter } from "../data/websocket-types.ts";

export interface Choice {
  id: string;
  name: string;
  /** Second line: the present state of the meter. */
  detail: string;
}

/** Number of choices that fit side by side; more choices become a menu. */
export const MAX_TABS = 3;

export const chooserStyles = css`
  .chooser {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    gap: 4px;
    margin: -7px -7px 8px;
  }
  .chooser button {
    min-width: 0;
    padding: 4px 8px;
    font-size: 13px;
    line-height: 18px;
    text-align: start;
    display: flex;
    flex-direction: column;
    justify-content: space-between;
  }
  .chooser b:only-child {
    margin: auto 0;
  }
  .chooser button > * {
    overflow: hidden;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
  }
  .chooser small {
    color: inherit;
  }
  .chooser b {
    font-weight: inherit;
  }
  @container (max-width: 300px) {
    .chooser {
      grid-auto-flow: row;
    }
    .chooser button {
      flex-flow: row wrap;
      align-items: center;
      gap: 8px;
    }
    .chooser small {
      flex: none;
    }
  }
  select.chooser {
    width: calc(100% + 14px);
    min-height: 44px;
    background: var(--chosen);
    border: 0;
    border-radius: 8px;
  }
`;

/** Return the listener to the keys of a group of `count` radio buttons. `at` is the index of the chosen button. */
export const radioKeys =
  (at: number, count: number, choose: (index: number) => void) =>
  (event: KeyboardEvent): void => {
    const last = count - 1;
    const [before, after] = [at > 0 ? at - 1 : last, at < last ? at + 1 : 0];
    const steps: Record<string, number> = { ArrowLeft: before, ArrowUp: before, ArrowRight: after, ArrowDown: after, Home: 0, End: last };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
    (event.currentTarget as Element).querySelectorAll("button")[to]?.focus();
  };

export function chooser(
  label: string,
  choices: Choice[],
  chosen: string,
  choose: (id: string) => void,
): TemplateResult {
  if (choices.length > MAX_TABS) {
    return html`<select class="chooser" aria-label=${label} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${choices.map(({ id, name }) => html`<option value=${id} .selected=${id === chosen}>${name}</option>`)}
    </select>`;
  }
  const key = radioKeys(choices.findIndex(({ id }) => id === chosen), choices.length, (index) => choose(choices[index]!.id));
  return html`<div class="chooser" role="radiogroup" aria-label=${label} @keydown=${key}>
    ${choices.map(
      ({ id, name, detail }) => html`<button
        role="radio"
        aria-checked=${id === chosen ? "true" : "false"}
        tabindex=${id === chosen ? 0 : -1}
        @click=${() => choose(id)}
      >
        <b>${name}</b>${detail ? html`<small>${detail}</small>` : nothing}
      </button>`,
    )}
  </div>`;
}

/** Return the title with a shortened serial number, because default titles are long and begin alike. */
export const shortTitle = ({ title, serial_number }: Meter): string =>
  serial_number ? title.replace(serial_number, `…\u2060${serial_number.slice(-6)}`) : title;
