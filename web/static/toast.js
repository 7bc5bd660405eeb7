/** A short message at the window's foot, perhaps with something to press. */

import { el } from "./dom.js";

const SHOWN = 7000; // ms

let timer = 0;
let shown = null;

/**
 * @param {string} text
 * @param {{label: string, press: () => void} | null} [action]
 */
export function toast(text, action = null) {
  shown?.remove();
  clearTimeout(timer);
  const press = () => {
    close();
    action.press();
  };
  const button = action && el("button", { type: "button", text: action.label, on: { click: press } });
  shown = el("div", { class: "toast", role: "status" }, el("span", { text }), button);
  // Above an open dialog, which covers everything outside it.
  (document.querySelector("dialog[open]") ?? document.body).append(shown);
  const close = () => { shown?.remove(); shown = null; };
  timer = setTimeout(close, SHOWN);
}
