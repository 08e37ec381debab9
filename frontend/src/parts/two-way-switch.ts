/** Switch between two views of a card, in the corner of its header. */

import { css, html, type TemplateResult } from "lit";

export const switchStyles = css`
  header {
    align-items: center;
    margin-bottom: 6px;
  }
  fieldset {
    display: flex;
    flex: none;
    margin: 0;
    padding: 0;
    border: var(--line);
    border-radius: 22px;
  }
  label {
    position: relative;
    font-size: 13px;
    cursor: pointer;
  }
  label span {
    display: grid;
    place-items: center;
    min-width: 56px;
    height: 44px;
    padding: 0 12px;
    box-sizing: border-box;
    border-radius: 22px;
  }
  :focus-visible + span {
    outline: 2px solid var(--link);
    outline-offset: -2px;
  }
`;

/** Return a switch. `options` are the values with their names. */
export function twoWaySwitch<Value extends string>(
  label: string,
  options: readonly (readonly [value: Value, name: string])[],
  chosen: Value,
  choose: (value: Value) => void,
): TemplateResult {
  const option = ([value, name]: readonly [Value, string]) =>
    html`<label><input class="hidden" type="radio" name="switch" .checked=${chosen === value} @change=${() => choose(value)} /><span>${name}</span></label>`;
  return html`<fieldset aria-label=${label}>${options.map(option)}</fieldset>`;
}
