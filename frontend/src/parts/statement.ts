/** Statement of one A4 page, which is printed, or saved as a picture where a web view cannot print. */

import { css, render, type TemplateResult } from "lit";

/** Size in px of the content of an A4 page with margins of 12 mm; a printer may round it. */
export const STATEMENT_WIDTH_PX = 702;
const HEIGHT_PX = 1010;
/** Margin of a saved picture in px. */
const MARGIN_PX = 32;
/** Pixels of a saved picture for one px of the page. */
const PICTURE_SCALE = 2;

/** Companion apps show the frontend in a web view, whose `print` does nothing. */
export const canPrint = (): boolean => typeof print === "function" && !/Home Assistant\//.test(navigator.userAgent);

/** Old browsers ignore it, and print with margins of their own. */
const PAGE = "@page { size: A4; margin: 12mm; }";

const sheet = css`
  :root {
    --primary-text-color: #000;
    --secondary-text-color: #444;
    --divider-color: #999;
    --ha-card-background: #fff;
    background: #fff;
    color: #000;
    font: 16px/22px Roboto, sans-serif;
    font-variant-numeric: tabular-nums;
  }
  body {
    width: 702px;
    margin: 0;
    container-type: inline-size;
  }
  h2 {
    margin-top: 12px;
  }
  .scroll {
    max-height: none;
    overflow: visible;
  }
  .behind tr > * {
    padding-block: 1px;
  }
  .behind [scope="row"] {
    white-space: nowrap;
  }
  a,
  .way {
    display: none;
  }
`;

/**
 * Print a page, or save its picture. It is drawn in a hidden frame, because a card cannot hide the rest of the frontend.
 * `styles` are those of the card.
 */
export async function printStatement(title: string, language: string, styles: string, content: TemplateResult): Promise<void> {
  document.querySelector("#smarty-statement")?.remove();
  const frame = document.createElement("iframe");
  frame.id = "smarty-statement";
  frame.tabIndex = -1;
  frame.setAttribute("aria-hidden", "true");
  frame.style.cssText = `position:fixed;top:0;opacity:0;pointer-events:none;border:0;width:${STATEMENT_WIDTH_PX}px;height:${HEIGHT_PX}px`;
  frame.srcdoc = "<!doctype html>";
  await new Promise((resolve) => {
    frame.onload = resolve;
    document.body.append(frame);
  });
  const page = frame.contentDocument!;
  page.title = title;
  page.documentElement.lang = language;
  const style = page.createElement("style");
  style.textContent = `${styles} ${sheet} ${PAGE}`.replace(/:host(?:\((.*?)\))?/g, ":root$1");
  page.head.append(style);
  render(content, page.body);
  page.body.style.setProperty("zoom", String(Math.min(1, HEIGHT_PX / page.body.scrollHeight)));
  if (canPrint()) frame.contentWindow!.print();
  else await savePicture(page, title);
}

/** Save a page as a picture. Safari does not let a canvas read such a drawing, and saves the drawing itself. */
async function savePicture(page: Document, title: string): Promise<void> {
  const markup = new XMLSerializer().serializeToString(page.documentElement);
  const [width, height] = [STATEMENT_WIDTH_PX + 2 * MARGIN_PX, HEIGHT_PX + 2 * MARGIN_PX];
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject x="${MARGIN_PX}" y="${MARGIN_PX}" width="${STATEMENT_WIDTH_PX}" height="${HEIGHT_PX}">${markup}</foreignObject></svg>`,
  )}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * PICTURE_SCALE;
  canvas.height = height * PICTURE_SCALE;
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const link = document.createElement("a");
  try {
    link.href = canvas.toDataURL();
    link.download = `${title}.png`;
  } catch {
    link.href = image.src;
    link.download = `${title}.svg`;
  }
  link.click();
}
