/** The headings between the rows of the grid: months, and where sureness ends. */

import { el } from "./dom.js";

/** Their elements, each made once. */
export class Headings {
  #made = new Map();

  /** @param {import("./rows.js").Row} row */
  of({ heading, top, height }) {
    const element = this.#made.get(heading) ?? el("li", { class: "heading" }, el("h2", { text: heading }));
    this.#made.set(heading, element);
    element.style.transform = `translateY(${top}px)`;
    element.style.height = `${height}px`;
    return element;
  }

  /** Take the others out of the document. @param {import("./rows.js").Row[]} rows */
  keepOnly(rows) {
    const shown = new Set(rows.map(({ heading }) => heading));
    for (const [heading, element] of this.#made) {
      if (!shown.has(heading)) element.remove();
    }
  }
}
