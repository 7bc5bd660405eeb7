/** The photos that are picked out, and what can be done with them together: the bar at the window's foot. */

import { chooseAlbum } from "./albums.js";
import { announce, el, iconButton } from "./dom.js";
import { t } from "./i18n.js";

export class Selection {
  /**
   * @param {() => void} changed
   * @param {(ids: number[]) => void} findSimilar
   */
  constructor(changed, findSimilar) {
    /** @type {Map<number, import("./answer.js").Tile>} in the order in which they were picked */
    this.tiles = new Map();
    this.#changed = changed;
    this.#count = el("strong");
    this.element = el("div", { class: "picked", role: "region", "aria-label": t("Selected photos"), hidden: true },
      iconButton("close", t("Clear the selection"), () => this.clear()),
      this.#count,
      el("span", { class: "do" },
        this.#button("similar", t("Find similar"), () => findSimilar([...this.tiles.keys()])),
        this.#button("album", t("Add to album"), () => chooseAlbum([...this.tiles.keys()])),
        this.#button("zip", t("Download ZIP"), () => this.#send("/export.zip")),
        this.#button("text", t("Export paths"), () => this.#send("/export.txt"))));
    document.body.append(this.element);
  }

  #changed;
  #count;
  #anchor = null;

  /** @param {number} id */
  has(id) {
    return this.tiles.has(id);
  }

  get size() {
    return this.tiles.size;
  }

  /**
   * Pick a photo out or put it back; with `through`, everything from the last one touched to this one.
   * @param {import("./answer.js").Tile} tile  it may be open though the answer, which follows marks, has lost it
   * @param {import("./answer.js").Tile[]} all  the answer
   * @param {boolean} [through]
   */
  toggle(tile, all, through = false) {
    const ends = [this.#anchor, tile.id].map((end) => all.findIndex(({ id }) => id === end));
    if (through && !ends.includes(-1)) {
      for (const each of all.slice(Math.min(...ends), Math.max(...ends) + 1)) this.tiles.set(each.id, each);
    } else if (!this.tiles.delete(tile.id)) {
      this.tiles.set(tile.id, tile);
    }
    this.#anchor = tile.id;
    this.#show();
  }

  clear() {
    this.tiles.clear();
    this.#anchor = null;
    this.#show();
  }

  #show() {
    this.element.hidden = !this.size;
    document.documentElement.classList.toggle("picking", this.size > 0);
    const text = t.n("{n} selected", "{n} selected", this.size);
    this.#count.textContent = text;
    announce(text);
    this.#changed();
  }

  #button(name, label, press) {
    const button = iconButton(name, label, press);
    button.append(el("span", { text: label }));
    return button;
  }

  /** A form's answer is a file that the browser saves; a fetch would hold all of it in memory. */
  #send(action) {
    const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    const field = (name, value) => el("input", { type: "hidden", name, value });
    const ids = [...this.tiles.keys()].map((id) => field("id", id));
    const form = el("form", { action, method: "post", hidden: true }, field("csrf_token", token), ...ids);
    document.body.append(form);
    form.submit();
    form.remove();
  }
}
