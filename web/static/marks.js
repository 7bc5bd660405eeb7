/**
 * 👍 and 👎 on photos of an answer. They are gathered for a moment, sent as one turn that the library remembers for
 * this line, and the answer follows; the last turn can be taken back.
 */

import { api } from "./api.js";
import { debounced } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";

const GATHERED = 900; // ms
const CALM = 500; // ms with one line, after which its marks are looked up

export class Marks {
  /**
   * @param {() => void} changed  photos have other marks
   * @param {() => void} refined  the answer is another one now
   */
  constructor(changed, refined) {
    this.line = "";
    /** @type {Map<number, "good" | "bad">} */
    this.all = new Map();
    this.#changed = changed;
    this.#refined = refined;
    this.#later = debounced(() => this.#send(), GATHERED);
    this.#soon = debounced(() => this.#fetch(), CALM);
    addEventListener("pagehide", () => this.#send());
  }

  #changed;
  #refined;
  #later;
  #soon;
  #waiting = new Map();

  /** Begin with another line. @param {string} line  empty where the answer isn't one to a line alone */
  follow(line) {
    if (line === this.line) return;
    if (this.#waiting.size) this.#send();
    this.line = line;
    this.all.clear();
    if (line) this.#soon();
  }

  /** Mark a photo, or take the mark back that hasn't been sent. @param {number} id @param {"good" | "bad"} mark */
  set(id, mark) {
    if (!this.line) return;
    if (this.#waiting.get(id) === mark) {
      this.#waiting.delete(id);
      this.all.delete(id);
    } else {
      this.#waiting.set(id, mark);
      this.all.set(id, mark);
    }
    this.#changed();
    this.#later();
  }

  async #fetch() {
    const line = this.line;
    const said = line && (await api.get("/api/v1/feedback", { q: line }).catch(() => null));
    if (said && line === this.line) this.#know(said);
  }

  #know({ good, bad }) {
    this.all = new Map([...good.map((id) => [id, "good"]), ...bad.map((id) => [id, "bad"]), ...this.#waiting]);
    this.#changed();
  }

  async #send() {
    const line = this.line;
    const marked = [...this.#waiting];
    this.#waiting.clear();
    this.#later.cancel();
    if (!marked.length) return;
    const of = (wanted) => marked.filter(([, mark]) => mark === wanted).map(([id]) => id);
    try {
      await api.post("/api/v1/feedback", { q: line, good: of("good"), bad: of("bad") });
    } catch (problem) {
      toast(problem.message);
      if (line === this.line) {
        for (const [id] of marked) this.all.delete(id);
        this.#changed();
      }
      return;
    }
    toast(t("The answer follows your marks."), { label: t("Undo"), press: () => this.#undo(line) });
    this.#refined();
  }

  async #undo(line) {
    try {
      const said = await api.remove("/api/v1/feedback", { q: line });
      if (line === this.line) this.#know(said);
    } catch (problem) {
      toast(problem.message);
      return;
    }
    this.#refined();
  }
}
