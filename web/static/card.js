/** One photo in the grid: its picture, how well it fits, and what can be done with it there. */

import { el, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { drawPlaceholder, releasePlaceholder } from "./placeholder.js";

const THUMBNAIL = 256; // pixels of the longer side
const LARGE = 1600;
const COARSE = 1.7; // how many pixels one of the thumbnail's may fill

const DOTS = { strong: 3, good: 2, weak: 1, none: 0 };

const days = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium" });

/** How well a photo fits, for people who hear it. @param {string | null} band */
export function fitInWords(band) {
  const words = { strong: t("fits very well"), good: t("fits well"), weak: t("might fit"), none: t("doesn’t fit") };
  return words[band] ?? "";
}

/** @param {import("./answer.js").Tile} tile */
export function inWords(tile) {
  const copies = tile.alike.length ? t.n("and {n} near-copy", "and {n} near-copies", tile.alike.length) : "";
  const day = tile.taken_at ? days.format(new Date(tile.taken_at)) : "";
  const away = tile.away ? t("not connected") : "";
  return [tile.name, day, fitInWords(tile.band), copies, away].filter(Boolean).join(", ");
}

export class Card {
  /**
   * @param {import("./answer.js").Tile} tile
   * @param {(action: string, tile: import("./answer.js").Tile, event: Event) => void} act  hears what is pressed on it
   */
  constructor(tile, act) {
    this.tile = tile;
    this.#act = act;
    this.image = el("img", { alt: "", decoding: "async" });
    const colours = drawPlaceholder(tile.placeholder);
    this.link = el("a", { class: "open", tabindex: "-1", draggable: "false" }, colours, this.image);
    this.element = el("li", { class: "card" }, this.link);
    this.element.card = this;
    this.image.addEventListener("load", () => this.element.classList.add("there"));
    this.image.addEventListener("error", () => this.#failed());
    this.show(tile);
  }

  #act;
  #dressed = false;
  #width = 0;

  /** The same photo with what another answer says of it. @param {import("./answer.js").Tile} tile */
  show(tile) {
    this.tile = tile;
    this.link.setAttribute("aria-label", inWords(tile));
    this.link.title = tile.name;
    this.element.classList.toggle("away", tile.away);
    this.element.querySelectorAll(":scope > .fit, :scope > .copies, :scope > .badge").forEach((each) => each.remove());
    if (tile.band) {
      const dots = [1, 2, 3].map((dot) => el("i", { class: dot <= DOTS[tile.band] ? "on" : "" }));
      this.element.append(el("span", { class: "fit", "aria-hidden": "true", title: fitInWords(tile.band) }, ...dots));
    }
    if (tile.alike.length) {
      const label = t.n("Show {n} near-copy", "Show {n} near-copies", tile.alike.length);
      const press = (event) => this.#act("expand", this.tile, event);
      const text = `+${tile.alike.length}`;
      this.element.append(el("button", {
        type: "button", class: "copies", tabindex: "-1", title: label, "aria-label": label, text, on: { click: press },
      }));
    }
    if (tile.away) this.element.append(el("span", { class: "badge", text: t("not connected") }));
  }

  /** Pixels from the grid's left and top. */
  place(left, top, width, height) {
    const { style } = this.element;
    style.transform = `translate(${left}px, ${top}px)`;
    style.width = `${width}px`;
    style.height = `${height}px`;
    this.#width = width;
  }

  /** Where it stands in the whole answer. @param {number} index @param {number} size -1 where that isn't known */
  count(index, size) {
    this.element.setAttribute("aria-posinset", index + 1);
    this.element.setAttribute("aria-setsize", size);
  }

  /** Fetch its picture. Where the thumbnail would look coarse, the browser may choose the larger one. */
  load() {
    if (this.image.src) return;
    const { thumbnail, large } = this.tile;
    const [small, wide] = [THUMBNAIL, LARGE].map((side) => widthOf(this.tile, side));
    if (this.#width * devicePixelRatio > COARSE * small && wide > small) {
      this.image.sizes = `${this.#width}px`;
      this.image.srcset = `${thumbnail} ${small}w, ${large} ${wide}w`;
    }
    this.image.src = thumbnail;
    if (this.image.complete && this.image.naturalWidth) this.element.classList.add("there");
  }

  /** Add the buttons, which only a card that is pointed at or walked to needs. @param {boolean} markable */
  dress(markable) {
    if (this.#dressed) return;
    this.#dressed = true;
    const button = (name, label, action, properties = {}) => {
      const press = (event) => this.#act(action, this.tile, event);
      return iconButton(name, label, press, { class: `act do-${action}`, tabindex: "-1", ...properties });
    };
    const isSelected = String(this.element.classList.contains("selected"));
    const select = t("Select {name}", { name: this.tile.name });
    this.element.append(
      button("check", select, "select", { class: "check", "aria-pressed": isSelected }),
      el("span", { class: "acts" },
        markable && button("up", t("Fits: more like this"), "good"),
        markable && button("down", t("Doesn’t fit: less like this"), "bad"),
        button("similar", t("Find similar"), "similar")),
    );
    this.reach(this.link.tabIndex === 0);
  }

  /** Without its buttons. */
  undress() {
    this.element.querySelectorAll(":scope > .check, :scope > .acts").forEach((each) => each.remove());
    this.#dressed = false;
  }

  /** Whether Tab leads to it, and from it on to its buttons. @param {boolean} active */
  reach(active) {
    const index = active ? 0 : -1;
    for (const each of this.element.querySelectorAll("a, button")) each.tabIndex = index;
  }

  /** @param {boolean} selected */
  select(selected) {
    this.element.classList.toggle("selected", selected);
    this.element.querySelector(".check")?.setAttribute("aria-pressed", String(selected));
  }

  /** @param {"good" | "bad" | undefined} mark */
  mark(mark) {
    this.element.classList.toggle("marked-good", mark === "good");
    this.element.classList.toggle("marked-bad", mark === "bad");
  }

  /** It leaves the document. */
  drop() {
    this.image.removeAttribute("srcset");
    this.image.removeAttribute("src"); // lets the browser stop fetching it
    this.element.remove();
    releasePlaceholder(this.link.querySelector("canvas"));
  }

  #failed() {
    this.element.classList.add("broken");
    this.link.append(el("span", { class: "lost", text: this.tile.name }));
  }
}

function widthOf({ width, height }, side) {
  return Math.round(width * Math.min(1, side / Math.max(width, height)));
}
