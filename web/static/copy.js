// Buttons that copy what stands in their `data-copy`. They are shown only where the browser can.

import { t } from "./i18n.js";

const WHILE = 1500; // ms that a button says that it worked

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const words = button.textContent;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = t("Copied");
  button.disabled = true;
  setTimeout(() => {
    button.textContent = words;
    button.disabled = false;
  }, WHILE);
}
