/**
 * One photo over the grid, as large as the window. It has an address of its own, so that back leads to the grid, and
 * the address opens the photo's page anywhere else.
 */

import { address, api } from "./api.js";
import { inWords } from "./card.js";
import { el, icon, iconButton } from "./dom.js";
import { FactsPanel } from "./facts_panel.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";
import { Zoom } from "./zoom.js";

export class Viewer {
  /**
   * @param {object} ways
   * @param {(step: number, id: number) => Promise<import("./answer.js").Tile | null>} ways.neighbour  of a photo
   * @param {(tile: object) => void} ways.moved  another photo is shown
   * @param {() => void} ways.close  the person wants back to the grid
   * @param {(action: string, tile: object) => void} ways.act  similar, select, good, bad, search, help
   * @param {(id: number) => {selected: boolean, mark?: string, markable: boolean}} ways.stateOf
   * @param {boolean} ways.isLocal  whether the photos lie on this very machine
   * @param {() => string} ways.line  what was asked in words
   */
  constructor(ways) {
    this.ways = ways;
    /** @type {import("./answer.js").Tile | null} */
    this.tile = null;
    this.#build();
  }

  #detail = null; // of the photo that is shown, once it is there
  #pageTitle = null; // the grid's
  #turn = 0; // grows with each photo, so that what comes late is known as late

  get isOpen() {
    return this.dialog.open;
  }

  /** @param {import("./answer.js").Tile} tile */
  show(tile) {
    const turn = ++this.#turn;
    this.tile = tile;
    this.#detail = null;
    this.#pageTitle ??= document.title;
    document.title = tile.name;
    this.zoom.reset();
    this.#hideHeat();
    this.image.alt = inWords(tile);
    this.title.textContent = tile.name; // which screen readers say, as all of the page but the dialog is hushed
    for (const side of ["width", "height"]) this.stage.style.setProperty(`--${side}`, `${tile[side]}px`);
    this.image.src = tile.thumbnail;
    this.stage.classList.add("coming");
    this.#sharpen(tile.large, turn);
    for (const link of [this.download, this.original]) link.removeAttribute("href"); // it was the photo's before
    this.refresh();
    if (!this.isOpen) this.dialog.showModal();
    api.get(`/api/v1/photos/${tile.id}`).then((detail) => {
      if (turn === this.#turn) this.#know(detail);
    }, () => {});
    this.panel.show(tile);
    this.#preload();
  }

  /** Selection or marks may have changed. */
  refresh() {
    if (!this.tile) return;
    const { selected, mark, markable } = this.ways.stateOf(this.tile.id);
    this.buttons.select.setAttribute("aria-pressed", String(selected));
    this.buttons.good.setAttribute("aria-pressed", String(mark === "good"));
    this.buttons.bad.setAttribute("aria-pressed", String(mark === "bad"));
    this.buttons.good.hidden = this.buttons.bad.hidden = !markable;
    this.buttons.why.hidden = !this.ways.line();
  }

  hide() {
    this.#turn += 1;
    if (this.#pageTitle !== null) document.title = this.#pageTitle;
    this.#pageTitle = null;
    if (this.isOpen) this.dialog.close();
  }

  async step(direction) {
    const next = await this.ways.neighbour(direction, this.tile.id);
    if (!next) return;
    this.show(next);
    this.#glide(direction);
    this.ways.moved(next);
  }

  /** Let the next photo come from the side where it stood. */
  #glide(direction) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const from = { opacity: 0, transform: `translateX(${direction * 48}px)` };
    this.image.animate([from, { opacity: 1, transform: "none" }], { duration: 160, easing: "ease-out" });
  }

  #build() {
    const does = (action) => () => this.ways.act(action, this.tile);
    this.buttons = {
      good: iconButton("up", t("Fits: more like this"), does("good"), { "aria-pressed": "false" }),
      bad: iconButton("down", t("Doesn’t fit: less like this"), does("bad"), { "aria-pressed": "false" }),
      why: iconButton("heat", t("Why does it fit?"), () => this.why(), { "aria-pressed": "false" }),
      similar: iconButton("similar", t("Find similar"), does("similar")),
      select: iconButton("check", t("Select"), does("select"), { "aria-pressed": "false" }),
      reveal: iconButton("folder", t("Show in folder"), does("reveal")),
      facts: iconButton("info", t("Facts"), () => this.facts(), { "aria-pressed": "false" }),
    };
    const link = (name, title, properties) =>
      el("a", { class: "button", title, "aria-label": title, ...properties }, icon(name));
    this.download = link("download", t("Download"), { download: true });
    this.original = link("open", t("Open the original"), { target: "_blank", rel: "noopener" });
    this.title = el("h2", { class: "what", role: "status" });
    this.image = el("img", { class: "picture", alt: "", draggable: "false" });
    this.heat = el("img", { class: "heat", alt: t("Where the photo fits the words"), hidden: true });
    this.wait = el("p", { class: "wait", role: "status", hidden: true, text: t("Looking closely …") });
    this.stage = el("div", { class: "stage", tabindex: "-1", autofocus: true }, this.image, this.heat, this.wait);
    this.panel = new FactsPanel();
    this.dialog = el("dialog", { class: "viewer", "aria-label": t("Photo") },
      el("div", { class: "tools" },
        iconButton("back", t("Back to the grid"), () => this.ways.close(), { class: "leave" }), this.title,
        ...Object.values(this.buttons), this.original, this.download),
      this.stage,
      iconButton("back", t("Photo before"), () => this.step(-1), { class: "turn before" }),
      iconButton("forward", t("Next photo"), () => this.step(1), { class: "turn next" }),
      this.panel.element);
    document.body.append(this.dialog);
    this.zoom = new Zoom(this.stage, {
      swiped: (direction) => this.step(direction),
      pulled: () => this.ways.close(),
      zoomed: () => this.#wantOriginal(),
    });
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault(); // Esc goes back in the history, which closes it
      this.ways.close();
    });
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Show or hide what is known of the photo. */
  facts() {
    const isOpen = this.panel.toggle();
    this.dialog.classList.toggle("with-facts", isOpen);
    this.buttons.facts.setAttribute("aria-pressed", String(isOpen));
  }

  /** Show over the photo which of its regions speak for the words, or hide that. */
  why() {
    if (!this.heat.hidden || this.stage.classList.contains("asking")) {
      this.#hideHeat();
      return;
    }
    const turn = this.#turn;
    const picture = new Image();
    picture.src = address(`/photos/${this.tile.id}/heat-map`, { q: this.ways.line() });
    this.stage.classList.add("asking");
    this.wait.hidden = false;
    this.buttons.why.setAttribute("aria-pressed", "true");
    picture.decode().then(() => {
      if (turn !== this.#turn || !this.stage.classList.contains("asking")) return;
      this.heat.src = picture.src;
      this.heat.hidden = false;
      this.stage.classList.add("explained");
      this.#asked();
    }, () => {
      if (turn !== this.#turn) return;
      this.#hideHeat();
      toast(t("That can’t be told of this photo."));
    });
  }

  #asked() {
    this.stage.classList.remove("asking");
    this.wait.hidden = true;
  }

  #hideHeat() {
    this.#asked();
    this.heat.hidden = true;
    this.stage.classList.remove("explained");
    this.heat.removeAttribute("src");
    this.buttons.why.setAttribute("aria-pressed", "false");
  }

  #know(detail) {
    this.#detail = detail;
    this.download.href = `${detail.original}&download=1`;
    this.original.href = detail.original;
    this.original.hidden = !detail.shown || detail.away;
    this.download.hidden = detail.away;
    this.buttons.reveal.hidden = detail.away || !this.ways.isLocal;
    if (this.zoom.scale > 1) this.#wantOriginal();
  }

  #wantOriginal() {
    if (this.#detail?.shown && !this.#detail.away && Math.max(this.tile.width, this.tile.height) > 1600) {
      this.#sharpen(this.#detail.original, this.#turn);
    }
  }

  /** Put a better picture in place once it is there. */
  #sharpen(source, turn) {
    const picture = new Image();
    picture.src = source;
    const done = () => this.stage.classList.remove("coming");
    picture.decode().then(() => {
      if (turn !== this.#turn) return;
      this.image.src = picture.src;
      done();
    }, () => turn === this.#turn && done());
  }

  async #preload() {
    for (const step of [1, -1]) {
      const next = await this.ways.neighbour(step, this.tile.id);
      if (next) new Image().src = next.large;
    }
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const zoomed = this.zoom.scale > 1;
    const keys = {
      ArrowLeft: () => (zoomed ? this.zoom.pan(80, 0) : this.step(-1)),
      ArrowRight: () => (zoomed ? this.zoom.pan(-80, 0) : this.step(1)),
      ArrowUp: () => zoomed && this.zoom.pan(0, 80),
      ArrowDown: () => zoomed && this.zoom.pan(0, -80),
      "+": () => this.zoom.closer(),
      "=": () => this.zoom.closer(),
      "-": () => this.zoom.further(),
      0: () => this.zoom.reset(),
      i: () => this.facts(),
      w: () => this.ways.line() && this.why(),
      d: () => this.download.click(),
      f: () => !this.buttons.reveal.hidden && this.ways.act("reveal", this.tile),
      " ": () => !event.target.closest("button, a") && this.ways.act("select", this.tile),
      s: () => this.ways.act("similar", this.tile),
      y: () => !this.buttons.good.hidden && this.ways.act("good", this.tile),
      n: () => !this.buttons.bad.hidden && this.ways.act("bad", this.tile),
      "/": () => this.ways.act("search", this.tile),
      "?": () => this.ways.act("help", this.tile),
    };
    const action = keys[event.key];
    if (!action || (event.key === " " && event.target.closest("button, a"))) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
