/** Filters: chips for those in the line, and a panel to choose others from what is in the library. */

import { api } from "./api.js";
import { el, icon } from "./dom.js";
import { histogram } from "./histogram.js";
import { t } from "./i18n.js";
import { fieldOf, withFilter, withoutFilter } from "./line.js";
import { toast } from "./toast.js";

const LISTED = 8; // of a kind, before one asks for more
const MOST = 200; // the line takes any

const numbers = new Intl.NumberFormat(document.documentElement.lang);

/** Fields of which one value alone makes sense: another one takes its place. */
const SINGLE = new Set(["date", "folder", "camera", "format", "near"]);

const ICONS = {
  date: "date", folder: "folder", camera: "camera", format: "camera", near: "place", tag: "label", album: "album",
};

export class Filters {
  /**
   * @param {HTMLElement} chips
   * @param {HTMLElement} panel
   * @param {HTMLButtonElement} opener
   * @param {(line: string) => void} write  hears the line as it is to be
   */
  constructor(chips, panel, opener, write) {
    Object.assign(this, { chips, panel, opener, write });
    /** @type {import("./answer.js").Answer["filters"]} those in the line */
    this.active = [];
    this.line = "";
    opener.addEventListener("click", () => this.toggle());
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.toggle(false);
      opener.focus();
    });
  }

  #facets = null;
  #histogram = null;

  /** Open or close the panel. */
  async toggle(open = this.panel.hidden) {
    this.panel.hidden = !open;
    this.opener.setAttribute("aria-expanded", String(open));
    if (open) await this.#fill().catch((problem) => toast(problem.message));
  }

  /** @param {string} line @param {{text: string, without: string}[]} active */
  show(line, active) {
    this.line = line;
    this.active = active;
    this.opener.dataset.count = active.length || "";
    this.chips.replaceChildren(...active.map((filter) => this.#chip(filter)));
    if (!this.panel.hidden) this.#mark();
  }

  #chip({ text, without }) {
    return el("li", {}, el("button", {
      type: "button", class: "chip on", "aria-label": t("Without {filter}", { filter: text }),
      on: { click: () => this.write(without) },
    }, icon(ICONS[fieldOf(text)] ?? "filter"), el("span", { text }), icon("close")));
  }

  /** Put a filter into the line, or take it out. @param {string} text */
  #pick(text) {
    const there = this.#inLine(text);
    let line = there ? withoutFilter(this.line, there.text) : this.line;
    if (!there) {
      const field = fieldOf(text);
      const others = SINGLE.has(field) ? this.active.filter((other) => fieldOf(other.text) === field) : [];
      line = withFilter(others.reduce((rest, other) => withoutFilter(rest, other.text), line), text);
    }
    this.write(line);
  }

  #inLine(text) {
    const plain = (filter) => filter.toLowerCase().replaceAll('"', "");
    return this.active.find((filter) => plain(filter.text) === plain(text));
  }

  #span(months) {
    const dates = this.active.filter((filter) => fieldOf(filter.text) === "date");
    const without = dates.reduce((line, filter) => withoutFilter(line, filter.text), this.line);
    if (!months) this.write(without);
    else this.write(withFilter(without, `date:${months[0] === months[1] ? months[0] : months.join("..")}`));
  }

  async #fill() {
    if (this.#facets) return this.#mark();
    const [facets, { places }] = await Promise.all([api.get("/api/v1/facets"), api.get("/api/v1/places")]);
    this.#facets = facets;
    const groups = [
      this.#group(t("Folder"), facets.folders.toSorted(byCount)),
      this.#group(t("Camera"), facets.cameras),
      this.#group(t("Label"), facets.labels),
      this.#group(t("Format"), facets.formats.map((format) => ({ ...format, name: format.name.toUpperCase() }))),
      this.#group(t("Place"), places.toSorted(byCount).map(({ count, line, photo, latitude, longitude }) => ({
        name: degreesInWords(latitude, longitude), count, line, picture: photo?.thumbnail,
      }))),
    ];
    if (facets.months.length) this.#histogram = histogram(facets.months, (months) => this.#span(months));
    this.panel.replaceChildren(...[this.#histogram?.element, ...groups].filter(Boolean));
    this.#mark();
  }

  #group(title, choices) {
    if (!choices.length) return null;
    const items = choices.map(({ name, line, count, picture }) => el("li", {}, el("button", {
      type: "button", class: "chip", "data-line": line, "aria-pressed": "false", on: { click: () => this.#pick(line) },
    },
    picture && el("img", { src: picture, alt: "", loading: "lazy" }),
    el("span", { text: name }),
    el("small", { text: numbers.format(count) }))));
    const rest = items.splice(LISTED, MOST);
    const more = rest.length > 0 && el("li", {}, el("button", {
      type: "button", class: "chip more", text: t("{n} more", { n: rest.length }),
      on: { click: ({ target }) => target.parentElement.replaceWith(...rest) },
    }));
    return el("section", {}, el("h2", { text: title }), el("ul", { class: "chips" }, ...items, more));
  }

  /** Show in the panel which filters are in the line. */
  #mark() {
    for (const button of this.panel.querySelectorAll("[data-line]")) {
      button.setAttribute("aria-pressed", String(Boolean(this.#inLine(button.dataset.line))));
    }
    const date = this.active.find((filter) => fieldOf(filter.text) === "date" && !filter.text.startsWith("-"));
    this.#histogram?.set(date ? spanOf(date.text.slice("date:".length).replaceAll('"', "")) : null);
  }
}

/** The first and last month of a date as it is written: 2019, 2019-07..2020, 2019-07-14, ..2020. */
function spanOf(date) {
  const [from, to = from] = date.split("..");
  return [from ? from.slice(0, 7) : "", to ? (to.length === 4 ? `${to}-12` : to.slice(0, 7)) : ""];
}

const byCount = (one, other) => other.count - one.count;

function degreesInWords(latitude, longitude) {
  const [up, along] = [latitude, longitude].map((value) => ({ degrees: Math.abs(value).toFixed(1) }));
  return [
    latitude < 0 ? t("{degrees}° S", up) : t("{degrees}° N", up),
    longitude < 0 ? t("{degrees}° W", along) : t("{degrees}° E", along),
  ].join(", ");
}
