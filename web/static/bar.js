/** The search field with what stands beside it: the photos that are asked with, and what is wrong with the line. */

import { api } from "./api.js";
import { el, icon } from "./dom.js";
import { t } from "./i18n.js";
import { keyOf, NOTHING } from "./question.js";

export class Bar {
  /**
   * @param {HTMLFormElement} form
   * @param {object} ways
   * @param {(line: string) => void} ways.typed  a letter came or went
   * @param {() => void} ways.settled  the line is as it is meant
   * @param {(change: {like?: number[], photos?: File[]}) => void} ways.photosChanged
   */
  constructor(form, ways) {
    this.input = form.elements.q;
    this.#ways = ways;
    this.#likes = form.querySelector(".likes");
    this.#mistake = document.getElementById("mistake");
    this.#clear = form.querySelector(".clear");
    this.input.addEventListener("input", () => {
      this.#clear.hidden = !this.input.value;
      ways.typed(this.input.value);
    });
    this.input.addEventListener("change", () => ways.settled());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ways.settled();
      // On a phone the keyboard covers the answer.
      if (matchMedia("(hover: none)").matches) this.input.blur();
    });
    this.#clear.addEventListener("click", () => {
      this.input.value = "";
      this.input.dispatchEvent(new Event("input"));
      this.input.focus();
    });
    this.input.addEventListener("keydown", (event) => {
      // Backspace at the line's beginning takes the last photo away, as in fields with names of people.
      const last = this.#likes.querySelector("button:last-of-type, .like:last-child button");
      if (event.key === "Backspace" && !this.input.value && last) last.click();
    });
  }

  #ways;
  #likes;
  #mistake;
  #clear;
  #shown = "";

  /** Let the field say what is asked. @param {import("./question.js").Question} question */
  show(question) {
    if (this.input.value.trim() !== question.q.trim()) this.input.value = question.q;
    this.#clear.hidden = !this.input.value;
    const asked = question.like.length || question.photos.length;
    this.input.placeholder = asked ? t("Add words: at night, in winter …") : this.input.dataset.placeholder;
    const key = keyOf({ ...NOTHING, like: question.like, photos: question.photos });
    if (key === this.#shown) return;
    this.#shown = key;
    this.#likes.replaceChildren(
      ...question.like.map((id) => this.#like(id, question)),
      ...question.photos.map((photo) => this.#photo(photo, question)),
    );
  }

  /** Point at what is wrong; nothing takes it away. @param {import("./api.js").Problem | null} problem */
  complain(problem) {
    this.#mistake.hidden = !problem;
    this.input.setAttribute("aria-invalid", String(Boolean(problem)));
    if (!problem) return;
    const { line, start, end, suggestion } = problem.fields;
    const children = [el("p", { text: problem.what })];
    if (line && Number.isInteger(start)) {
      const letters = [...line]; // the places count code points
      const to = Math.max(end ?? start + 1, start + 1);
      const part = (from, until) => letters.slice(from, until).join("");
      const wrong = el("mark", { text: part(start, to) || " " });
      children.push(el("p", { class: "pointed" }, part(0, start), wrong, part(to)));
    }
    const next = suggestion || problem.nextStep;
    if (next) children.push(el("p", { class: "next", text: next }));
    this.#mistake.replaceChildren(...children);
  }

  #like(id, question) {
    const image = el("img", { alt: "" });
    const item = this.#item(image, t("Photos like this one"), () => {
      this.#ways.photosChanged({ like: question.like.filter((other) => other !== id) });
    });
    api.get(`/api/v1/photos/${id}`).then(({ thumbnail, name }) => {
      image.src = thumbnail;
      this.#name(item, name);
    }, () => this.#name(item, t("a photo that isn’t there any more")));
    return item;
  }

  #photo(photo, question) {
    const address = URL.createObjectURL(photo);
    const image = el("img", { alt: "", src: address });
    image.addEventListener("load", () => URL.revokeObjectURL(address));
    // Formats that no browser shows, HEIC and RAW, get a picture that says "photo".
    image.addEventListener("error", () => image.replaceWith(icon("camera")));
    const item = this.#item(image, photo.name, () => {
      this.#ways.photosChanged({ photos: question.photos.filter((other) => other !== photo) });
    });
    this.#name(item, photo.name);
    return item;
  }

  #item(picture, title, drop) {
    const button = el("button", { type: "button", class: "drop", on: { click: drop } }, icon("close"));
    return el("span", { class: "like", title }, picture, button);
  }

  #name(item, name) {
    item.title = t("Photos like {name}", { name });
    item.querySelector("button").setAttribute("aria-label", t("Without {name}", { name }));
  }
}
