/**
 * The grid of an answer: as many cards in the document as the window shows, and a screen more above and below,
 * whatever the answer's size. The page itself scrolls. Where cards stand is the business of `rows`.
 */

import { Card } from "./card.js";
import { Headings } from "./headings.js";
import { Rows } from "./rows.js";

const MOST = 360; // cards in the document
const HURRY = 1.2; // screens in one frame; who scrolls so fast looks at no picture
const CALM = 110; // ms

export class Grid {
  /**
   * @param {HTMLElement} list
   * @param {object} ways
   * @param {(tile: object, before: object | undefined) => string | null} ways.headingOf
   * @param {(tile: object) => string} ways.hrefOf
   * @param {(action: string, tile: object, event: Event) => void} ways.act  what is pressed on a card
   * @param {(card: Card) => void} ways.dress  a card has come into the document
   * @param {() => void} ways.wanting  the end comes near
   */
  constructor(list, ways) {
    this.list = list;
    this.active = 0; // the photo that Tab leads to
    /** @type {import("./answer.js").Answer | null} */
    this.answer = null;
    this.#ways = ways;
    this.#rows = new Rows(list.clientWidth);
    addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(list);
    new ResizeObserver(() => { this.#top = null; }).observe(list.previousElementSibling);
    list.addEventListener("focusin", ({ target }) => this.#focused(target.closest(".card")?.card));
  }

  #ways;
  #rows;
  /** @type {Map<number, Card>} by the photo's id */
  #cards = new Map();
  #headings = new Headings();
  #top = null;
  #frame = 0;
  #timer = 0;
  #lastTop = 0;

  /** Show an answer in place of the one before. @param {import("./answer.js").Answer} answer */
  show(answer) {
    this.#top = null;
    this.answer = answer;
    this.active = 0;
    this.#arrange();
  }

  /** The answer has got more photos at its end. */
  extend() {
    this.#rows.extend(this.answer.tiles, this.answer.complete, this.#ways.headingOf);
    this.paint();
  }

  /** The answer has changed in the middle. */
  rearrange() {
    this.#arrange();
  }

  /** The card of a photo, if it is in the document. @param {number} id */
  card(id) {
    return this.#cards.get(id);
  }

  /** Each card in the document. */
  cards() {
    return this.#cards.values();
  }

  /** Lead to a photo: scroll so that it is seen, and focus it. @param {number} index */
  focus(index) {
    if (!this.answer?.tiles[index]) return;
    this.active = index;
    this.reveal(index);
    this.#cards.get(this.answer.tiles[index].id)?.link.focus({ preventScroll: true });
  }

  /** Scroll no further than needed for a photo to be seen. @param {number} index */
  reveal(index) {
    const row = this.#rows.rows[this.#rows.rowOf(index)];
    if (!row) return;
    const top = this.#offset() + row.top;
    const header = document.querySelector("header")?.getBoundingClientRect().bottom ?? 0;
    const bottom = top + row.height - innerHeight;
    if (top < scrollY + header) scrollTo({ top: top - header - this.#rows.headingHeight, behavior: "instant" });
    else if (bottom > scrollY) scrollTo({ top: bottom + 2 * this.#rows.gap, behavior: "instant" });
    this.paint();
  }

  /** The photo so many rows above (below 0) or below another. @param {number} index @param {number} steps */
  inRow(index, steps) {
    return this.#rows.inRow(index, steps);
  }

  /** The first photo that the window shows. */
  get topTile() {
    const [number] = this.#rows.between(scrollY - this.#offset(), 0);
    return this.answer?.tiles[this.#rows.rows[number]?.first];
  }

  /** Pixels; of what has its place. */
  get height() {
    return this.#rows.height;
  }

  /** The last photo that has its place; more may come. */
  get last() {
    return this.#rows.count - 1;
  }

  /** Rows that a window holds. */
  get screenful() {
    return Math.max(1, Math.floor(innerHeight / this.#rows.target) - 1);
  }

  /** Put the cards into the document that the window shows. */
  paint() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.answer) return;
    const top = scrollY - this.#offset(); // read before anything is written: else the browser lays out twice
    const hurried = Math.abs(top - this.#lastTop) > HURRY * innerHeight;
    this.#lastTop = top;
    this.list.style.height = `${this.#rows.height}px`;
    this.#put(this.#window(top));
    clearTimeout(this.#timer);
    if (hurried) this.#timer = setTimeout(() => this.#load(), CALM);
    else this.#load();
    if (!this.answer.complete && this.#rows.height - top < 4 * innerHeight) this.#ways.wanting();
  }

  #arrange() {
    this.#rows = new Rows(this.list.clientWidth);
    if (this.answer) this.extend();
  }

  #resized() {
    this.#top = null;
    if (this.list.clientWidth === this.#rows.width) return;
    // What is on top of the window stays there.
    const top = scrollY - this.#offset();
    const row = top > 0 ? this.#rows.rows[this.#rows.between(top, top)[0]] : undefined;
    this.#arrange();
    if (row) scrollTo({ top: this.#offset() + this.#rows.rows[this.#rows.rowOf(row.first)].top, behavior: "instant" });
  }

  /** Where the grid begins on the page. What stands above it moves it; scrolling doesn't. */
  #offset() {
    this.#top ??= this.list.getBoundingClientRect().top + scrollY;
    return this.#top;
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => this.paint());
  }

  /** Rows to be in the document: those in the window, then further ones while cards are few. */
  #window(top) {
    const { rows } = this.#rows;
    let [from, to] = this.#rows.between(top, top + innerHeight);
    const [first, end] = this.#rows.between(top - innerHeight, top + 2 * innerHeight);
    let cards = 0;
    for (let number = from; number < to; number += 1) cards += rows[number].lefts.length;
    while (cards < MOST && (from > first || to < end)) {
      if (to < end) cards += rows[to++].lefts.length;
      if (from > first) cards += rows[--from].lefts.length;
    }
    return rows.slice(from, to);
  }

  #put(rows) {
    const elements = [];
    const ids = new Set();
    for (const row of rows) {
      if (row.heading !== null) elements.push(this.#headings.of(row));
      row.lefts.forEach((left, place) => {
        const card = this.#placed(row, place);
        ids.add(card.tile.id);
        elements.push(card.element);
      });
    }
    this.#dropCards(ids);
    this.#headings.keepOnly(rows);
    // In the order of the answer, so that it is read in it; what stands right isn't touched.
    let next = this.list.firstChild;
    for (const element of elements) {
      if (element === next) next = next.nextSibling;
      else this.list.insertBefore(element, next);
    }
  }

  #placed(row, place) {
    const index = row.first + place;
    const tile = this.answer.tiles[index];
    let card = this.#cards.get(tile.id);
    if (card?.row === row && card.tile === tile) return card;
    if (!card) {
      card = new Card(tile, this.#ways.act);
      this.#cards.set(tile.id, card);
      this.#ways.dress(card);
    } else if (card.tile !== tile) {
      card.show(tile);
      this.#ways.dress(card);
    }
    card.row = row;
    card.index = index;
    card.link.href = this.#ways.hrefOf(tile);
    card.place(row.lefts[place], row.top, row.widths[place], row.height);
    card.count(index, this.answer.total ?? (this.answer.complete ? this.answer.tiles.length : -1));
    if ((index === this.active) !== (card.link.tabIndex === 0)) card.reach(index === this.active);
    return card;
  }

  #dropCards(ids) {
    const focused = document.activeElement?.closest(".card")?.card;
    for (const [id, card] of this.#cards) {
      if (ids.has(id)) continue;
      // The one with the focus stays where it is: keys go on from there. It goes when its answer went.
      if (card === focused && this.answer.tiles[card.index]?.id === id) continue;
      card.drop();
      this.#cards.delete(id);
    }
    // Tab leads to a photo that is there.
    if (!focused && this.answer.tiles.length && !ids.has(this.answer.tiles[this.active]?.id)) {
      const [first] = this.#cards.values();
      if (first) {
        this.active = first.index;
        first.reach(true);
      }
    }
  }

  #load() {
    for (const card of this.#cards.values()) card.load();
  }

  #focused(card) {
    if (!card || card.index === this.active) return;
    const before = this.#cards.get(this.answer.tiles[this.active]?.id);
    before?.reach(false);
    this.active = card.index;
    card.reach(true);
  }
}
