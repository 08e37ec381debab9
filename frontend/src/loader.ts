/**
 * Module that Home Assistant imports: loads the cards that were built for this browser, in three parts.
 *
 * Home Assistant imports it into any browser, so the build keeps its syntax old. The names of the parts contain digests
 * of their contents: parts of two versions never meet.
 */

/** Names of the built files, relative to this module. */
declare const PARTS: Record<"modern" | "old", readonly string[]>;
declare const NOTICE: string;

const RETRY_MS = 2000;

const supports = (condition: string): boolean => CSS.supports(condition);
/** True from Chromium 87, Safari 15.4 and Firefox 85 on: `inset` is missing in older Chromium, `:focus-visible` in Safari. */
const isSupported = supports("inset:0") && supports("selector(:focus-visible)");
/**
 * True from Chromium 111, Safari 16.4 and Firefox 113 on. The styles need `color-mix`. Syntax cannot be tested without
 * evaluating a string, which a proxy may forbid: import maps came to Safari together with static blocks.
 */
const isModern =
  supports("color:color-mix(in srgb,red,red)") && Boolean(HTMLScriptElement.supports && HTMLScriptElement.supports("importmap"));

const load = (part: string): Promise<unknown> =>
  import(part).catch(() => new Promise((resolve) => setTimeout(resolve, RETRY_MS)).then(() => import(part)));
const notify = (): Promise<void> =>
  import(NOTICE).then(({ show }: typeof import("./notice.ts")) => show(isSupported ? "gone" : "too_old", import.meta.url));

// An update may have replaced the files since the page or the browser's cache got their names.
if (isSupported)
  PARTS[isModern ? "modern" : "old"]
    .reduce((before, part) => before.then(() => load(part)), Promise.resolve<unknown>(undefined))
    .catch(notify);
else void notify();
