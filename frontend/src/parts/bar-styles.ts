/** Styles of a bar: its estimated part is hatched, and a limit is a line across it. `--bar` is its colour. */

import { css } from "lit";

export const barStyles = css`
  i.hatched {
    background: repeating-linear-gradient(
      135deg,
      var(--bar) 0 2.5px,
      color-mix(in srgb, var(--bar) 18%, transparent) 2.5px 5px
    );
  }
  i.line {
    top: -6px;
    bottom: -6px;
    width: 2px;
    margin-left: -1px;
    background: var(--primary-text-color);
  }
`;
