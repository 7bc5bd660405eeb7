/**
 * What is asked just now, its answer, and the history that leads back to others. The address always holds the question.
 *
 * While someone types, the entry in the history is replaced; once the line is settled, the next change makes another.
 */

import { Answer } from "./answer.js";
import { Problem } from "./api.js";
import { debounced } from "./dom.js";
import { addressOf, keyOf, questionAt, stateOf } from "./question.js";
import { toast } from "./toast.js";

const TYPING = 150; // ms without a letter, after which it is asked
const PATIENCE = 700; // ms without a letter, after which a mistake is shown
const SETTLED = 1500; // ms without a letter, after which a line is an entry of its own in the history
const KEPT = 12; // answers to go back to
const PAUSE = 3000; // ms after a page that didn't come, until it is asked for again
const MOST_PAGES = 25; // that are fetched to come back to a place in a long answer

export class Asking {
  /**
   * @param {object} ways
   * @param {(question: import("./question.js").Question) => void} ways.asks  something else is asked
   * @param {(answer: Answer, top: number) => void} ways.answered  and where on it someone was
   * @param {() => void} ways.grown  the answer has got another page
   * @param {(problem: Problem | null) => void} ways.complain
   * @param {() => number | null} ways.place  pixels that are scrolled; null while that says nothing
   */
  constructor(ways) {
    this.question = questionAt();
    /** @type {Answer | null} */
    this.answer = null;
    this.#ways = ways;
    history.scrollRestoration = "manual";
    addEventListener("pagehide", () => {
      const top = ways.place();
      if (top !== null) history.replaceState({ ...history.state, top }, "");
    });
  }

  #ways;
  #settled = true;
  #pausedUntil = 0;
  /** @type {AbortController | null} */
  #asking = null;
  /** @type {Map<string, {answer: Answer, top: number}>} */
  #kept = new Map();
  /** @type {Problem | null} */
  #complaint = null;
  #settleLater = debounced(() => { this.#settled = true; }, SETTLED);
  #askSoon = debounced(() => this.#ask({ typing: true }), TYPING);
  #complainSoon = debounced(() => this.#ways.complain(this.#complaint), PATIENCE);

  /** Begin with what the address asks. @param {object | null} first  the beginning of its answer, if the page has it */
  async start(first) {
    this.#ways.asks(this.question);
    if (first) this.#show(Answer.from(this.question, first), 0);
    else await this.#ask();
  }

  /** Ask something else. @param {Partial<import("./question.js").Question>} part @param {{typing?: boolean}} [how] */
  change(part, { typing = false } = {}) {
    this.question = { ...this.question, ...part };
    if (part.q !== undefined && part.q !== this.answer?.question.q) this.question.all = false;
    this.#ways.asks(this.question);
    this.#remember(typing);
    if (typing) this.#askSoon();
    else this.#ask();
  }

  /** The line is as it is meant. */
  settle() {
    if (this.question.q !== this.answer?.question.q || this.#complaint) this.#ask();
    this.#settled = true;
  }

  /** The history has led to a question. @param {import("./question.js").Question} question */
  goTo(question) {
    this.#settled = true;
    if (keyOf(question) === keyOf(this.question)) return;
    this.question = question;
    this.#ways.asks(question);
    this.#ask();
  }

  /** The same question has another answer now. */
  again() {
    this.#kept.clear();
    this.#ask({ top: scrollY });
  }

  /** Fetch another page of the answer. */
  async more() {
    const growing = this.answer;
    if (performance.now() < this.#pausedUntil) return;
    try {
      if (!(await growing.more()) || growing !== this.answer) return;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#pausedUntil = performance.now() + PAUSE;
      if (growing === this.answer) this.#ways.complain(problem);
      return;
    }
    if (this.#pausedUntil) this.#ways.complain(null);
    this.#pausedUntil = 0;
    this.#ways.grown();
  }

  /** Fetch as many pages as someone had who was that far down. @param {(answer: Answer) => boolean} isEnough */
  async moreUntil(isEnough) {
    for (let page = 0; page < MOST_PAGES && this.answer && !this.answer.complete && !isEnough(this.answer); page += 1) {
      await this.more();
    }
  }

  /** Keep in mind where someone is in the answer. */
  keepPlace() {
    const kept = this.answer && this.#kept.get(keyOf(this.answer.question));
    const top = this.#ways.place();
    if (kept && top !== null) kept.top = top;
  }

  #remember(typing) {
    this.keepPlace();
    const { question } = this;
    const isElsewhere = addressOf(question) !== location.pathname + location.search;
    if (isElsewhere || question.photos.length || history.state?.photos?.length) {
      history[this.#settled ? "pushState" : "replaceState"](stateOf(question), "", addressOf(question));
    }
    this.#settled = !typing;
    if (typing) this.#settleLater();
    else this.#settleLater.cancel();
  }

  /** The old answer stays until the new one is there, and an answer that comes too late is dropped. */
  async #ask({ typing = false, top = 0 } = {}) {
    this.#askSoon.cancel();
    this.#asking?.abort();
    const own = new AbortController();
    this.#asking = own;
    const { question } = this;
    const kept = this.#kept.get(keyOf(question));
    document.documentElement.classList.add("asking");
    try {
      const answer = kept?.answer ?? (await new Answer(question).begin(own.signal));
      if (this.#asking === own) this.#show(answer, kept && !typing ? kept.top : top);
    } catch (problem) {
      if (problem.name === "AbortError" || this.#asking !== own) return;
      if (!(problem instanceof Problem)) throw problem;
      if (this.#leaveOut(problem)) return;
      this.#complaint = problem;
      if (typing) this.#complainSoon();
      else this.#ways.complain(problem);
    } finally {
      if (this.#asking === own) {
        this.#asking = null;
        document.documentElement.classList.remove("asking");
      }
    }
  }

  /** Ask without a photo that can't be read, if it was one of several things asked with. */
  #leaveOut(problem) {
    if (problem.fields.type !== "urn:searchengine:PhotoUnreadableError") return false;
    // Pasted ones all have one name; those that came before have been read.
    const place = this.question.photos.findLastIndex((photo) => problem.what.startsWith(photo.name));
    if (place < 0) return false;
    const photos = this.question.photos.toSpliced(place, 1);
    toast(problem.message);
    this.#settled = false; // there is nothing to go back to
    this.change({ photos });
    return true;
  }

  #show(answer, top) {
    this.#complaint = null;
    this.#complainSoon.cancel();
    this.#ways.complain(null);
    this.answer = answer;
    const key = keyOf(answer.question);
    this.#kept.delete(key);
    this.#kept.set(key, { answer, top });
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    this.#ways.answered(answer, top);
  }
}
