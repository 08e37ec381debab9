/** Measured width of a text in the font of a card, for the labels of drawings. */

/** Return the width of a text in px. */
export type Measure = (text: string) => number;

/** Size and weight of a drawing's labels. The chosen label is bold, so all of them are measured bold. */
const LABEL_FONT = "500 13px";

let context: CanvasRenderingContext2D | null | undefined;

/** Return a function that measures labels in the font of an element. */
export function measureIn(host: Element): Measure {
  let family: string | undefined;
  return (text) => {
    // Reading a style is slow, and a card's font stays the same. So read the font only once.
    family ??= getComputedStyle(host).fontFamily;
    context ??= document.createElement("canvas").getContext("2d");
    if (!context) return 0;
    context.font = `${LABEL_FONT} ${family}`;
    return context.measureText(text).width;
  };
}
