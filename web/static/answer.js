/**
 * The answer to one question, page by page. It only grows: what is there keeps its place.
 */

import { api } from "./api.js";
import { fields } from "./question.js";

/** Photos in the first page, which is to be there soon, and in the following ones, fetched ahead. */
const FIRST = 60;
const PAGE = 200;

/**
 * @typedef {object} Tile
 * @property {number} id
 * @property {string} name
 * @property {number} width  of the photo, pixels
 * @property {number} height
 * @property {string | null} taken_at
 * @property {string} thumbnail
 * @property {string} large
 * @property {string | null} placeholder
 * @property {boolean} away
 * @property {number | null} relevance
 * @property {string | null} band
 * @property {number[]} alike
 */

export class Answer {
  /** @param {import("./question.js").Question} question */
  constructor(question) {
    this.question = question;
    /** @type {Tile[]} */
    this.tiles = [];
    /** @type {string[]} */
    this.notes = [];
    this.fits = true;
    /** @type {{text: string, without: string}[]} */
    this.filters = [];
    /** @type {number | null} known where conditions alone are asked */
    this.total = null;
    this.complete = false;
    this.byContent = false; // whether it is known how well each photo fits
    this.#cursor = null;
    this.#coming = null;
  }

  /**
   * An answer whose first page is here already.
   * @param {import("./question.js").Question} question
   * @param {object} page
   */
  static from(question, page) {
    const answer = new Answer(question);
    answer.#take(page);
    return answer;
  }

  #cursor;
  #coming;
  #seen = new Set();

  /** Ask for the first page. Throws Problem, and AbortError once the signal says so. @param {AbortSignal} signal */
  async begin(signal) {
    const { photos } = this.question;
    this.#take(photos.length ? await this.#byUpload(signal) : await this.#page(FIRST, signal));
    return this;
  }

  /** Fetch another page; true when something came. Asked again before it is there, it is still one. */
  more() {
    if (this.complete) return Promise.resolve(false);
    this.#coming ??= this.#page(PAGE).then((page) => {
      const before = this.tiles.length;
      this.#take(page);
      return this.tiles.length > before;
    }).finally(() => { this.#coming = null; });
    return this.#coming;
  }

  /** Show the near-copies that a photo stands for behind it. @param {number} index @param {Tile[]} copies */
  expand(index, copies) {
    const fresh = copies.filter((tile) => !this.#seen.has(tile.id));
    fresh.forEach((tile) => this.#seen.add(tile.id));
    this.tiles[index] = { ...this.tiles[index], alike: [] };
    this.tiles.splice(index + 1, 0, ...fresh);
  }

  /** Without a photo, as its place in the answer is no more. @param {number} id */
  drop(id) {
    this.tiles = this.tiles.filter((tile) => tile.id !== id);
  }

  #page(limit, signal) {
    return api.get("/api/v1/search", { ...fields(this.question), limit, cursor: this.#cursor }, signal);
  }

  #byUpload(signal) {
    const { q, like, photos, all } = this.question;
    const form = new FormData();
    if (q.trim()) form.append("q", q.trim());
    if (all) form.append("all", "1");
    like.forEach((id) => form.append("like", id));
    photos.forEach((photo) => form.append("photo", photo, photo.name));
    form.append("limit", PAGE);
    return api.post("/api/v1/similar", form, signal);
  }

  #take({ photos, notes, fits, filters, total, cursor }) {
    // A photo that changed its place between two pages is shown once.
    for (const tile of photos) {
      if (!this.#seen.has(tile.id)) this.tiles.push(tile);
      this.#seen.add(tile.id);
    }
    if (!this.#cursor) {
      this.byContent = photos.some(({ band }) => band !== null);
      this.notes = notes;
      this.fits = fits;
      this.filters = filters;
    }
    this.total = total ?? this.total;
    this.#cursor = cursor;
    this.complete = !cursor;
  }
}
