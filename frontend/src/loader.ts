/**
 * Module that Home Assistant imports: loads the cards that were built for this browser, in three parts.
 *
 * Home Assistant imports it into any browser, so the build keeps its syntax old. The names of all files contain digests
 * of their contents: parts of two versions never meet.
 */

import { requestFile } from "./file-request.ts";
import type { Reason } from "./notice.ts";

/** Names of the built files, beside this module. */
declare const PARTS: Record<"modern" | "old", readonly string[]>;
declare const NOTICE: string;

/** Number of failures before the one after which a notice tells why cards are missing. */
const FAILURES_BEFORE_NOTICE = 2;
/** Maximum number of new addresses for a part that arrives, but cannot be imported. */
const MAX_FOLDERS = 9;

const supports = (condition: string): boolean => CSS.supports(condition);
/** True from Chromium 87, Safari 15.4 and Firefox 85 on: `inset` is missing in older Chromium, `:focus-visible` in Safari. */
const isSupported = supports("inset:0") && supports("selector(:focus-visible)");
/**
 * True from Chromium 111, Safari 16.4 and Firefox 113 on. The styles need `color-mix`. Syntax cannot be tested without
 * evaluating a string, which a proxy may forbid: import maps came to Safari together with static blocks.
 */
const isModern =
  supports("color:color-mix(in srgb,red,red)") && Boolean(HTMLScriptElement.supports && HTMLScriptElement.supports("importmap"));

const parts = PARTS[isModern ? "modern" : "old"];
/** The first part that a page has loaded. Only the loader of the same version loads the other parts. */
const page = window as { smartyP1?: string | undefined };
let folder = 0;

const urlOf = (file: string): string => new URL((folder ? `${folder}/` : "") + file, import.meta.url).href;

async function notify(reason: Reason): Promise<void> {
  await requestFile(
    () => urlOf(NOTICE),
    (_text, url) => import(url).then(({ show }: typeof import("./notice.ts")) => show(reason)),
  );
}

async function importPart(url: string): Promise<void> {
  if ((page.smartyP1 ||= parts[0]) !== parts[0]) return;
  try {
    await import(url);
  } catch (error) {
    // Firefox never requests a module again whose import has failed, nor the modules that it imports. In another folder,
    // all of them have new addresses. So a part is imported only once it has arrived, and otherwise from a new folder.
    folder = Math.min(folder + 1, MAX_FOLDERS);
    throw error;
  }
}

async function loadParts(): Promise<void> {
  for (const part of parts) {
    await requestFile(
      () => urlOf(part),
      (_text, url) => importPart(url),
      (failures) => failures === FAILURES_BEFORE_NOTICE && void notify("gone"),
    );
  }
}

void (isSupported ? loadParts() : notify("too_old"));
