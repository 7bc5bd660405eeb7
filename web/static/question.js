/**
 * What is asked, as a plain value, and as the page's address: `/?q=LINE&like=3&like=5&all=1&sort=date`.
 *
 * The line is the whole query; filters are words in it. Photos that were handed over have no address: they stay in
 * this tab's memory, and the history knows them by a number.
 */

import { address } from "./api.js";

/**
 * @typedef {object} Question
 * @property {string} q  the line
 * @property {number[]} like  photos of the library
 * @property {File[]} photos  photos from elsewhere
 * @property {boolean} all  also what doesn't fit
 * @property {"relevance" | "date"} sort
 */

/** @type {Question} */
export const NOTHING = Object.freeze({ q: "", like: [], photos: [], all: false, sort: "relevance" });

/** @type {Map<number, File>} */
const handedOver = new Map();

/** @param {Question} question */
export const isEmpty = (question) => !question.q.trim() && !question.like.length && !question.photos.length;

/** The fields of an address, or of a request. @param {Question} question */
export function fields({ q, like, all, sort }) {
  return { q: q.trim(), like, all, sort: sort === "date" ? sort : "" };
}

/** @param {Question} question @param {string} [path] */
export const addressOf = (question, path = "/") => address(path, fields(question));

/** What an address asks, with the photos that the history's state names. @returns {Question} */
export function questionAt(search = location.search, state = history.state) {
  const values = new URLSearchParams(search);
  return {
    q: values.get("q") ?? "",
    like: values.getAll("like").map(Number).filter(Number.isSafeInteger),
    photos: (state?.photos ?? []).map((number) => handedOver.get(number)).filter(Boolean),
    all: values.getAll("all").some(Boolean),
    sort: values.get("sort") === "date" ? "date" : "relevance",
  };
}

/** What the history is to remember besides the address. @param {Question} question */
export function stateOf(question) {
  return { photos: question.photos.map(numberOf) };
}

/** @param {Question} question  two that ask the same have the same key */
export const keyOf = (question) => `${addressOf(question)}#${question.photos.map(numberOf)}`;

function numberOf(photo) {
  for (const [number, known] of handedOver) if (known === photo) return number;
  handedOver.set(handedOver.size + 1, photo);
  return handedOver.size;
}
