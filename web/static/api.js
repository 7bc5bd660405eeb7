/**
 * Asking the server: JSON in and out, its problems as errors, and the token that proves that a change comes from here.
 *
 *   const answer = await api.get("/api/v1/search", { q: "a cat", like: [3, 5] });
 *   await api.post("/api/v1/feedback", { q: "a cat", good: [3] });
 *
 * A call that is aborted throws the browser's AbortError; everything else that goes wrong is a Problem.
 */

import { t } from "./i18n.js";

/** What the server (or the way to it) has against a request. */
export class Problem extends Error {
  /** @param {{status?: number, title?: string, detail?: string, next_step?: string}} fields  of problem+json */
  constructor(fields) {
    const what = fields.detail || fields.title || t("Something went wrong.");
    super([what, fields.next_step].filter(Boolean).join(" "));
    this.name = "Problem";
    /** @type {number} 0 where the server could not be reached */
    this.status = fields.status ?? 0;
    this.what = what;
    this.nextStep = fields.next_step ?? "";
    /** All fields; of a mistake in a query also line, start, end and suggestion. */
    this.fields = fields;
  }
}

/**
 * An address with its fields; a list is given as often as it has members, and what is empty is left out.
 * @param {string} path
 * @param {Record<string, unknown>} [fields]
 */
export function address(path, fields = {}) {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of [value].flat()) {
      if (![undefined, null, "", false].includes(each)) values.append(name, each === true ? 1 : each);
    }
  }
  const query = values.toString();
  return query ? `${path}?${query}` : path;
}

async function ask(method, url, body, signal) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-CSRF-Token"] = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  }
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  let response;
  try {
    // A change goes on when the page is left, if it is as small as browsers then allow.
    const keepalive = method !== "GET" && !(body instanceof FormData) && (body?.length ?? 0) < 32_000;
    response = await fetch(url, { method, headers, body, signal, keepalive, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      title: t("The search engine doesn’t answer."),
      next_step: t("Is `searchengine serve` still running?"),
    });
  }
  const isJson = /[/+]json/.test(response.headers.get("Content-Type") ?? "");
  const answer = isJson ? await response.json() : null;
  if (response.ok) return answer;
  if (response.status === 401) location.reload(); // the session has ended: the page leads to the way in
  throw new Problem({ title: response.statusText, ...answer, status: response.status });
}

/** Each returns the answer's JSON, or null where it has none. */
export const api = {
  /** @param {string} path @param {Record<string, unknown>} [fields] @param {AbortSignal} [signal] */
  get: (path, fields, signal) => ask("GET", address(path, fields), undefined, signal),
  /** @param {string} path @param {object | FormData} [body] @param {AbortSignal} [signal] */
  post: (path, body, signal) => ask("POST", path, body, signal),
  /** @param {string} path @param {object} body */
  patch: (path, body) => ask("PATCH", path, body),
  /** @param {string} path @param {Record<string, unknown>} [fields] */
  remove: (path, fields) => ask("DELETE", address(path, fields)),
};
