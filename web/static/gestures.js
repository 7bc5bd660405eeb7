/** How a person's hands reach the photos of the grid: keys, clicks, long presses. */

/**
 * Keys of the grid: arrows walk, and a letter does something with the photo that has the focus.
 * @param {HTMLElement} list
 * @param {import("./grid.js").Grid} grid
 * @param {(action: string, tile: object, event: Event) => void} act
 */
export function gridKeys(list, grid, act) {
  list.addEventListener("keydown", (event) => {
    const card = event.target.closest(".card")?.card;
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = {
      ArrowLeft: () => Math.max(0, card.index - 1),
      ArrowRight: () => Math.min(grid.last, card.index + 1),
      ArrowUp: () => grid.inRow(card.index, -1),
      ArrowDown: () => grid.inRow(card.index, 1),
      PageUp: () => grid.inRow(card.index, -grid.screenful),
      PageDown: () => grid.inRow(card.index, grid.screenful),
      Home: () => 0,
      End: () => grid.last,
    }[event.key];
    if (to) {
      event.preventDefault();
      grid.focus(to());
      return;
    }
    if (event.target !== card.link) return; // its buttons have keys of their own
    const action = { " ": "select", s: "similar", e: "expand", y: "good", n: "bad" }[event.key];
    if (action) act(action, card.tile, event);
    else if (event.key === "Enter" && event.shiftKey) act("select", card.tile, event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

const LONG = 450; // ms
const STILL = 10; // pixels

/**
 * A click opens a photo, or picks it out where others are picked; a long press picks it on displays that are touched.
 * @param {HTMLElement} list
 * @param {object} ways
 * @param {() => boolean} ways.markable
 * @param {() => boolean} ways.isPicking
 * @param {(action: string, tile: object, event: Event) => void} ways.act
 */
export function pressing(list, { markable, isPicking, act }) {
  let timer = 0;
  let from = null;
  let pressed = false; // long enough: the click that follows is none

  list.addEventListener("click", (event) => {
    const link = event.target.closest(".open");
    if (!link) return;
    if (pressed) {
      pressed = false;
      event.preventDefault();
      return;
    }
    // What a person opens in another tab or window is the browser's.
    if (event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    const { card } = link.closest(".card");
    const byHand = event.detail > 0; // Enter always opens; Space picks
    act((isPicking() && byHand) || event.shiftKey ? "select" : "open", card.tile, event);
  });

  list.addEventListener("pointerdown", (event) => {
    pressed = false;
    const card = event.target.closest(".open")?.closest(".card").card;
    if (!card || event.pointerType === "mouse") return;
    from = event;
    timer = setTimeout(() => {
      pressed = true;
      act("select", card.tile, event);
      navigator.vibrate?.(10);
    }, LONG);
  });
  list.addEventListener("pointermove", (event) => {
    if (from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL) clearTimeout(timer);
  });
  for (const end of ["pointerup", "pointercancel"]) list.addEventListener(end, () => clearTimeout(timer));
  list.addEventListener("contextmenu", (event) => {
    if (from?.pointerType === "touch") event.preventDefault(); // a long press picks
  });

  const dress = ({ target }) => {
    const card = target.closest?.(".card")?.card;
    card?.dress(markable());
  };
  list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && dress(event));
  list.addEventListener("focusin", dress);
}
