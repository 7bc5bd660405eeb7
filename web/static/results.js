/** What stands around the grid: how many photos there are, notes, the order, examples, and what to do at its end. */

import { api } from "./api.js";
import { announce, el } from "./dom.js";
import { t } from "./i18n.js";
import { isEmpty } from "./question.js";

const MONTHS = new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", year: "numeric" });

/**
 * What stands above a photo that begins something new: its month where photos come by date, and where sureness ends.
 * @param {import("./answer.js").Answer} answer
 */
export function headings({ question, byContent, fits }) {
  if (!fits) return () => null; // the nearest ones, in no order that could be said

  const month = (tile) => tile?.taken_at?.slice(0, 7);
  const inWords = (tile) => (tile.taken_at ? MONTHS.format(new Date(tile.taken_at)) : t("Without a date"));
  const byMonth = (tile, before) => (!before || month(before) !== month(tile) ? inWords(tile) : null);
  const byBand = (tile, before) => {
    if (!before || before.band === tile.band) return null;
    if (tile.band === "weak") return t("Less sure");
    return tile.band === "none" ? t("What doesn’t fit") : null;
  };
  return !byContent || question.sort === "date" ? byMonth : byBand;
}

export class Surroundings {
  /**
   * @param {object} ways
   * @param {(change: object) => void} ways.ask  with these parts of the question changed
   */
  constructor(ways) {
    this.ways = ways;
    const find = (id) => document.getElementById(id);
    for (const name of ["count", "sort", "notes", "end", "examples"]) this[name] = find(name);
    this.sort.addEventListener("change", () => ways.ask({ sort: this.sort.value }));
    this.end.addEventListener("click", ({ target }) => target.closest("button") && ways.ask({ all: true }));
  }

  /** @param {import("./answer.js").Answer} answer */
  show(answer) {
    const { question, tiles, notes, fits, byContent } = answer;
    this.notes.replaceChildren(...notes.map((note) => el("p", { class: "note", text: note })));
    this.sort.parentElement.hidden = !byContent || !fits || question.photos.length > 0;
    this.sort.value = question.sort;
    this.#offerExamples(question);
    this.grown(answer);
    if (!tiles.length && !notes.length) this.notes.append(el("p", { class: "note", text: t("Nothing found.") }));
    announce([this.count.textContent, ...notes].join(". ") || t("Nothing found."));
  }

  /** More of it has come. @param {import("./answer.js").Answer} answer */
  grown({ question, tiles, total, complete, fits, byContent }) {
    const n = total ?? tiles.length;
    const whole = total !== null || complete;
    if (!n) this.count.textContent = "";
    else this.count.textContent = whole ? t.n("{n} photo", "{n} photos", n) : t("More than {n} photos", { n });
    this.end.hidden = !complete || question.all || isEmpty(question) || !(byContent || !fits);
  }

  async #offerExamples(question) {
    this.examples.hidden = !isEmpty(question);
    if (this.examples.hidden || this.examples.childElementCount) return;
    const { examples } = await api.get("/api/v1/facets").catch(() => ({ examples: [] }));
    if (this.examples.childElementCount) return;
    const ask = (q) => () => this.ways.ask({ q });
    const chip = (line) => el("button", { type: "button", class: "chip", text: line, on: { click: ask(line) } });
    this.examples.replaceChildren(el("p", { text: t("Try") }), ...examples.map(chip));
  }
}
