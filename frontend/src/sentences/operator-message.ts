/** Newest message of the grid operator. */

import type { Events } from "../websocket-types.ts";
import { parseTime } from "./quality.ts";

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
