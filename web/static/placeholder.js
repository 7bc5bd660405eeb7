/** What stands in a photo's place until its picture is there: a few of its colours, blurred by stretching them. */

import { el } from "./dom.js";

const COLUMNS = 4;
const ROWS = 3;

/** Canvases to draw on again: making one takes longer than drawing on it. */
const free = [];
const MOST_FREE = 400;

/**
 * @param {string | null} placeholder  red, green and blue of each colour in hexadecimal, row by row from the top left
 */
export function drawPlaceholder(placeholder) {
  if (placeholder?.length !== COLUMNS * ROWS * 6) return null;
  const canvas = free.pop() ?? el("canvas", { width: COLUMNS, height: ROWS, "aria-hidden": "true" });
  const pen = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  const pixels = pen.createImageData(COLUMNS, ROWS);
  for (let place = 0; place < COLUMNS * ROWS; place += 1) {
    const colour = parseInt(placeholder.slice(place * 6, place * 6 + 6), 16);
    pixels.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 255], place * 4);
  }
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

/** Take back what was drawn, for the next one. @param {Element | null} canvas */
export function releasePlaceholder(canvas) {
  if (canvas && free.length < MOST_FREE) free.push(canvas);
}
