/**
 * Where each photo stands: justified rows, each filled from edge to edge with photos of one height that keep their
 * aspect. Numbers only, no elements. Rows are added as photos come; the ones that are there don't move.
 */

/**
 * @typedef {object} Row
 * @property {number} top  pixels from the grid's top
 * @property {number} height
 * @property {number} first  index of its first photo
 * @property {number[]} lefts  pixels; of a heading's row none
 * @property {number[]} widths
 * @property {string | null} heading  the text of a row that is a heading
 */

/** Narrower and wider ones are cut, so that no panorama makes a row of its own hair's breadth. */
const NARROWEST = 0.45;
const WIDEST = 3.6;

/** A row that isn't full may be this much higher than meant. */
const STRETCH = 1.35;

/** A row's height, about, by the grid's width. */
const TARGETS = [[480, 112], [900, 165], [1500, 200], [2200, 228], [Infinity, 270]];

export class Rows {
  /** @param {number} width  of the grid, pixels */
  constructor(width) {
    this.width = width;
    this.target = TARGETS.find(([least]) => width < least)[1];
    this.gap = width < 480 ? 3 : 6;
    this.headingHeight = 56;
    /** @type {Row[]} */
    this.rows = [];
    this.height = 0;
    this.count = 0; // photos that have their place
  }

  /**
   * Place the photos that have none yet. The last row waits for its rest until the answer is complete.
   * @param {import("./answer.js").Tile[]} tiles  all of them
   * @param {boolean} complete
   * @param {(tile: object, before: object | undefined) => string | null} headingOf  what stands above a photo that
   *   begins something new
   */
  extend(tiles, complete, headingOf) {
    let first = this.count;
    let ratios = [];
    let sum = 0;
    const close = (justified) => {
      if (ratios.length) this.#add(first, ratios, justified);
      first += ratios.length;
      ratios = [];
      sum = 0;
    };
    for (let index = this.count; index < tiles.length; index += 1) {
      const heading = headingOf(tiles[index], tiles[index - 1]);
      if (heading !== null) {
        close(false);
        this.#head(index, heading);
      }
      const ratio = Math.min(WIDEST, Math.max(NARROWEST, tiles[index].width / tiles[index].height || 1));
      const room = this.width - this.gap * ratios.length;
      // With it the row gets lower than meant: it goes where the row's height comes nearer to what was meant.
      if (ratios.length && (room / (sum + ratio)) * (room + this.gap) / sum < this.target ** 2) close(true);
      ratios.push(ratio);
      sum += ratio;
      if ((this.width - this.gap * (ratios.length - 1)) / sum <= this.target) close(true);
    }
    if (complete) close(false);
    else this.#withoutEmptyHeading(first);
  }

  /** The rows that overlap a span, as [from, to). @param {number} top @param {number} bottom */
  between(top, bottom) {
    return [this.#at(top), Math.min(this.rows.length, this.#at(bottom) + 1)];
  }

  /** The number of the row in which a photo stands. @param {number} index */
  rowOf(index) {
    let low = 0;
    let high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.rows[middle].first <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * The photo above or below another: the one whose middle is nearest, so many rows away.
   * @param {number} index
   * @param {number} steps  below 0 upwards
   */
  inRow(index, steps) {
    const { rows } = this;
    const from = rows[this.rowOf(index)];
    const photos = rows.filter(({ heading }) => heading === null);
    const row = photos[Math.min(photos.length - 1, Math.max(0, photos.indexOf(from) + steps))];
    if (row === from) return index;
    const middle = from.lefts[index - from.first] + from.widths[index - from.first] / 2;
    const distances = row.lefts.map((left, place) => Math.abs(left + row.widths[place] / 2 - middle));
    return row.first + distances.indexOf(Math.min(...distances));
  }

  #at(y) {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].top + this.rows[middle].height < y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(first, ratios, justified) {
    const sum = ratios.reduce((total, ratio) => total + ratio, 0);
    const full = (this.width - this.gap * (ratios.length - 1)) / sum;
    const justifies = justified || full < this.target;
    // A row that would get too high is filled all the same; its photos lose a little above and below.
    const height = Math.round(justifies ? Math.min(full, this.target * STRETCH) : this.target);
    const scale = justifies ? full : this.target;
    const lefts = [];
    const widths = [];
    let left = 0;
    for (const ratio of ratios) {
      lefts.push(Math.round(left));
      widths.push(Math.round(left + ratio * scale) - Math.round(left));
      left += ratio * scale + this.gap;
    }
    this.rows.push({ top: this.height, height, first, lefts, widths, heading: null });
    this.height += height + this.gap;
    this.count = first + ratios.length;
  }

  #head(first, heading) {
    // The first one needs no room above it.
    const height = this.rows.length ? this.headingHeight : this.headingHeight * 0.6;
    this.rows.push({ top: this.height, height, first, lefts: [], widths: [], heading });
    this.height += height;
  }

  #withoutEmptyHeading(first) {
    // Its photos wait; it comes again with them.
    const last = this.rows.at(-1);
    if (last?.heading != null && last.first === first) {
      this.rows.pop();
      this.height = last.top;
    }
  }
}
