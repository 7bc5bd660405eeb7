/** Photos that a person hands over: chosen, dropped anywhere on the page, or pasted. */

import { el, icon } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";

const LARGEST = 64 * 1024 * 1024; // bytes; the server refuses more

/**
 * @param {HTMLInputElement} input  of type file
 * @param {(photos: File[]) => void} give  hears of one photo at least
 */
export function acceptPhotos(input, give) {
  const invitation = el("p", {}, icon("camera"), t("Drop photos to find their like"));
  const veil = el("div", { class: "veil", hidden: true }, invitation);
  document.body.append(veil);

  const take = (files) => {
    const photos = [...files].filter((file) => !file.type || file.type.startsWith("image/"));
    const fitting = photos.filter((file) => file.size <= LARGEST);
    const most = { n: LARGEST / 2 ** 20 };
    if (fitting.length < photos.length) toast(t("A photo to be looked up can have {n} MB at most.", most));
    else if (!photos.length) toast(t("That is no photo."));
    if (fitting.length) give(fitting);
  };

  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // the same photo may be chosen again
  });

  // A picture of the page itself that is dragged counts as a file in some browsers.
  let own = false;
  document.addEventListener("dragstart", () => { own = true; });
  document.addEventListener("dragend", () => { own = false; });
  const isPhoto = (event) => !own && event.dataTransfer?.types.includes("Files");

  document.addEventListener("dragover", (event) => {
    if (!isPhoto(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!isPhoto(event)) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    take(event.clipboardData.files);
  });
}
