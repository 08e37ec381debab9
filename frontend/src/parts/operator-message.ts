/** Part of the supply card: last message of the grid operator. */

import { smallLine } from "./markup.ts";
import { css, html, nothing, type TemplateResult } from "lit";
import type { Locale } from "../locale.ts";
import { parseTime, say } from "../sentences/quality.ts";
import type { Events } from "../data/websocket-types.ts";

/** Characters that would reverse, hide or break the surrounding text. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu;
const MAX_MESSAGE_CHARS = 2_048;

/** Return the newest operator message that contains visible text. */
export function lastMessage({ messages }: Events): { text: string; time: number | undefined } | undefined {
  const all = Array.isArray(messages) ? messages : [];
  for (const { text, time } of [...all].reverse()) {
    const clean = String(text ?? "").slice(0, MAX_MESSAGE_CHARS).replace(CONTROLS, " ").replace(/\s+/g, " ").trim();
    if (clean) return { text: clean, time: parseTime(time) };
  }
  return undefined;
}

/** A message with more than this number of characters can scroll in its box. */
const MIN_SCROLL_CHARS = 160;

export const operatorMessageStyles = css`
  .message {
    margin-top: 12px;
    padding-top: 8px;
    border-top: var(--line);
  }
  .message p:last-child {
    max-height: 96px;
    overflow: auto;
    unicode-bidi: isolate;
  }
`;

export function operatorMessage(events: Events, locale: Locale): TemplateResult {
  const message = lastMessage(events);
  if (!message) return html`<div class="message">${smallLine(say(locale, "no_message"))}</div>`;
  const date = message.time === undefined ? "–" : locale.date(message.time);
  const title = say(locale, "last_message", { date });
  const isLong = message.text.length > MIN_SCROLL_CHARS;
  return html`<div class="message">
    ${smallLine(title)}
    <p dir="auto" role=${isLong ? "region" : nothing} aria-label=${isLong ? title : nothing} tabindex=${isLong ? 0 : nothing}>${message.text}</p>
  </div>`;
}
