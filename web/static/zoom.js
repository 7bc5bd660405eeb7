/** Zoom and pan of a picture in its stage, with wheel, fingers, mouse and keys; and swipes while it isn't zoomed. */

const MOST = 12;
const STEP = 1.5;
const TWICE = 2.5; // by a double click
const SWIPE = 60; // pixels

export class Zoom {
  /**
   * @param {HTMLElement} stage
   * @param {object} ways
   * @param {(direction: -1 | 1) => void} ways.swiped
   * @param {() => void} ways.pulled  down, to be put away
   * @param {() => void} ways.zoomed  a sharper picture may be wanted
   */
  constructor(stage, ways) {
    this.stage = stage;
    this.scale = 1;
    this.#ways = ways;
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("dblclick", ({ clientX, clientY }) => {
      if (this.scale > 1) this.reset();
      else this.by(TWICE, clientX, clientY);
    });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => this.#up(event));
  }

  #ways;
  #x = 0;
  #y = 0;
  /** @type {Map<number, {x: number, y: number}>} */
  #fingers = new Map();
  #start = null;

  reset() {
    this.scale = 1;
    this.#x = this.#y = 0;
    this.#apply();
  }

  /** Zoom so that what is under a point of the window stays there. @param {number} factor */
  by(factor, clientX = innerWidth / 2, clientY = innerHeight / 2) {
    const box = this.stage.getBoundingClientRect();
    const [px, py] = [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
    const scale = Math.min(MOST, Math.max(1, this.scale * factor));
    const ratio = scale / this.scale;
    this.#x = px - (px - this.#x) * ratio;
    this.#y = py - (py - this.#y) * ratio;
    this.scale = scale;
    this.#apply();
    if (scale > 1) this.#ways.zoomed();
  }

  closer() {
    this.by(STEP);
  }

  further() {
    this.by(1 / STEP);
  }

  /** @param {number} dx @param {number} dy pixels */
  pan(dx, dy) {
    this.#x += dx;
    this.#y += dy;
    this.#apply();
  }

  #apply() {
    // No further than to the edge of the stage at this size.
    const [wide, high] = [this.stage.clientWidth, this.stage.clientHeight].map((side) => (side * (this.scale - 1)) / 2);
    this.#x = Math.min(wide, Math.max(-wide, this.#x));
    this.#y = Math.min(high, Math.max(-high, this.#y));
    this.stage.style.setProperty("--move", `translate(${this.#x}px, ${this.#y}px) scale(${this.scale})`);
    this.stage.classList.toggle("zoomed", this.scale > 1);
  }

  #wheel(event) {
    event.preventDefault();
    this.by(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), event.clientX, event.clientY);
  }

  #down(event) {
    if (event.button || event.target.closest("button, a")) return;
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.#fingers.size === 1) this.#start = { x: event.clientX, y: event.clientY, alone: true };
    else if (this.#start) this.#start.alone = false;
    this.stage.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (this.#fingers.size === 2) {
      const other = [...this.#fingers].find(([id]) => id !== event.pointerId)[1];
      const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y);
      this.by(apart(now) / Math.max(1, apart(before)), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (this.scale > 1) {
      this.pan(now.x - before.x, now.y - before.y);
    }
    this.#fingers.set(event.pointerId, now);
  }

  #up(event) {
    const known = this.#fingers.delete(event.pointerId);
    if (!known || this.#fingers.size || !this.#start?.alone || this.scale > 1) return;
    const [dx, dy] = [event.clientX - this.#start.x, event.clientY - this.#start.y];
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) this.#ways.swiped(dx < 0 ? 1 : -1);
    else if (dy > 2 * SWIPE && dy > 2 * Math.abs(dx)) this.#ways.pulled();
  }
}
