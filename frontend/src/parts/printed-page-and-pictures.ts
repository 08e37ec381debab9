/** Statement of one A4 page, which is printed, or saved as a picture where a web view cannot print; pictures of cards. */

import { css, type LitElement, render, type TemplateResult } from "lit";
import { stylesOf } from "../styles.ts";

/** Size in px of the content of an A4 page with margins of 12 mm; a printer may round it. */
export const STATEMENT_WIDTH_PX = 702;
const HEIGHT_PX = 1010;
/** Margin of a saved picture in px. */
const MARGIN_PX = 32;
/** Pixels of a saved picture for one px of the page. */
const PICTURE_SCALE = 2;

/** Companion apps show the frontend in a web view, whose `print` does nothing. */
export const canPrint = (): boolean => typeof print === "function" && !/Home Assistant\//.test(navigator.userAgent);

/** Size and margins of the printed page. Old browsers ignore this rule, and print with their own margins. */
const PAGE = "@page { size: A4; margin: 12mm; }";

/** Styles of the page. The font of the frontend may be missing here, and other fonts have no weight 500. */
const pageStyles = css`
  :root {
    background: var(--ground);
    color: var(--text);
    font: 16px/24px Roboto, sans-serif;
    font-variant-numeric: tabular-nums;
  }
  body {
    margin: 0;
    container-type: inline-size;
  }
  b,
  h2,
  .sum,
  svg .strong {
    font-weight: 700;
  }
  .scroll {
    max-height: none;
    overflow: visible;
  }
`;

const sheet = css`
  :root {
    --primary-text-color: #000;
    --secondary-text-color: #444;
    --divider-color: #999;
    line-height: 22px;
  }
  h2 {
    margin-top: 12px;
  }
  .chart svg {
    height: auto;
  }
  .behind tr > * {
    padding-block: 1px;
  }
  .behind * + * {
    padding-left: 18px;
  }
  /* In the padding, so that no line ends between a dot and its name. */
  .behind .dot {
    position: absolute;
    margin-left: -15px;
  }
  a,
  .way {
    display: none;
  }
`;

/** Return the document of a hidden frame: a card cannot hide the rest of the frontend. */
async function openPage(title: string, language: string, width: number, styles: string): Promise<Document> {
  document.querySelector("#smarty-statement")?.remove();
  const frame = document.createElement("iframe");
  frame.id = "smarty-statement";
  frame.style.cssText = `position:fixed;top:0;visibility:hidden;border:0;width:${width}px;height:${HEIGHT_PX}px`;
  frame.srcdoc = "<!doctype html>";
  await new Promise((resolve) => {
    frame.onload = resolve;
    document.body.append(frame);
  });
  const page = frame.contentDocument!;
  page.title = title;
  page.documentElement.lang = language;
  const style = page.createElement("style");
  style.textContent = `${styles} ${pageStyles}`.replace(/:host(?:\((.*?)\))?/g, ":root$1");
  page.head.append(style);
  return page;
}

/** Print a page with the styles of a card, or save its picture. Its chart is as wide as the page, so only the rest can be smaller. */
export async function printStatement(title: string, language: string, styles: string, content: TemplateResult): Promise<void> {
  const page = await openPage(title, language, STATEMENT_WIDTH_PX, `${styles} ${sheet} ${PAGE}`);
  // Elements of this document cannot move to another one.
  render(content, page.body, { creationScope: page });
  const chart = page.querySelector(".chart")!.clientHeight;
  page.body.style.setProperty("zoom", String(Math.min(1, (HEIGHT_PX - chart) / (page.body.scrollHeight - chart))));
  if (canPrint()) page.defaultView!.print();
  else await savePicture(page, STATEMENT_WIDTH_PX, HEIGHT_PX);
}

/** Parts of a card that a picture leaves out. */
const CONTROLS = "smarty-p1-menu, smarty-p1-settings, .hidden, .link, ha-icon";

/** Save a picture of a card as it is shown, in the colours of the theme. */
export async function saveCardPicture(card: LitElement, title: string): Promise<void> {
  const shown = card.renderRoot.querySelector(".body")!;
  const styles = stylesOf(card);
  const own = getComputedStyle(card);
  const names = new Set([...styles.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name!));
  const colors = [...names].map((name) => `${name}:${own.getPropertyValue(name) || "initial"};`).join("");
  const width = shown.clientWidth;
  const page = await openPage(title, card.lang, width, `${styles} :root { ${colors} }`);
  for (const { name, value } of card.attributes) page.documentElement.setAttribute(name, value);
  const copy = page.importNode(shown, true);
  for (const control of copy.querySelectorAll(CONTROLS)) control.remove();
  // The drawing has been made for this height.
  copy.querySelector(".frame")?.setAttribute("style", `min-height:${shown.querySelector(".frame")!.clientHeight}px`);
  const canvases = shown.querySelectorAll("canvas");
  copy.querySelectorAll("canvas").forEach((canvas, index) => {
    const image = page.createElement("img");
    image.src = canvases[index]!.toDataURL();
    image.style.cssText = `${canvas.style.cssText};display:block;width:${canvases[index]!.clientWidth}px`;
    canvas.replaceWith(image);
  });
  page.body.append(copy);
  await savePicture(page, width, page.body.scrollHeight);
}

/** Let the browser save a file. */
export function download(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

/** Save a page as a picture. Safari does not let a canvas read such a drawing, and saves the drawing itself. */
async function savePicture(page: Document, pageWidth: number, pageHeight: number): Promise<void> {
  const ground = page.defaultView!.getComputedStyle(page.documentElement).backgroundColor;
  const markup = new XMLSerializer().serializeToString(page.documentElement);
  const [width, height] = [pageWidth + 2 * MARGIN_PX, pageHeight + 2 * MARGIN_PX];
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject x="${MARGIN_PX}" y="${MARGIN_PX}" width="${pageWidth}" height="${pageHeight}">${markup}</foreignObject></svg>`,
  )}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * PICTURE_SCALE;
  canvas.height = height * PICTURE_SCALE;
  const context = canvas.getContext("2d")!;
  context.fillStyle = ground;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  try {
    download(canvas.toDataURL(), `${page.title}.png`);
  } catch {
    download(image.src, `${page.title}.svg`);
  }
}
