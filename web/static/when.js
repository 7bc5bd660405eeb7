/** Which month one is in while one scrolls through photos by date. */

import { debounced, el } from "./dom.js";

const SHOWN = 900; // ms after the last movement
const NEAR = 800; // pixels from the top, where the headings say it

const named = new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", year: "numeric" });

/** @param {import("./grid.js").Grid} grid @param {() => boolean} isByDate */
export function sayWhen(grid, isByDate) {
  const pill = el("p", { class: "when", "aria-hidden": "true" });
  document.body.append(pill);
  const fade = debounced(() => pill.classList.remove("shown"), SHOWN);
  addEventListener("scroll", () => {
    const taken = scrollY > NEAR && isByDate() && grid.topTile?.taken_at;
    if (!taken) return;
    pill.textContent = named.format(new Date(taken));
    pill.classList.add("shown");
    fade();
  }, { passive: true });
}
