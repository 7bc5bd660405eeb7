/** All keys of the search page, for the dialog that lists them. */

import { el, iconButton } from "./dom.js";
import { t } from "./i18n.js";

function lists() {
  return [
    [t("Everywhere"), [
      ["/", t("search")],
      ["?", t("this list")],
      ["Esc", t("close, or clear the selection")],
    ]],
    [t("In the grid"), [
      ["← → ↑ ↓", t("walk through the photos")],
      ["Home End", t("first and last photo")],
      ["Enter", t("open the photo")],
      [t("Space"), t("select it")],
      ["Shift Enter", t("select everything up to it")],
      ["s", t("find similar photos")],
      ["e", t("show its near-copies")],
      ["y n", t("it fits, it doesn’t fit")],
    ]],
    [t("One photo"), [
      ["← →", t("the photo before, the next photo")],
      ["+ − 0", t("zoom, whole photo")],
      ["i", t("facts")],
      ["w", t("why does it fit?")],
      ["s", t("find similar photos")],
      [t("Space"), t("select it")],
      ["y n", t("it fits, it doesn’t fit")],
      ["d", t("download")],
      ["f", t("show in folder")],
      ["Esc", t("back to the grid")],
    ]],
  ];
}

/** Names of keys with spaces between, each on a key. */
const drawn = (names) => names.split(" ").map((name) => el("kbd", { text: name }));

const line = ([names, what]) => el("div", {}, el("dt", {}, ...drawn(names)), el("dd", { text: what }));

/** Show the list. */
export function showKeys() {
  if (document.getElementById("keys")) return;
  const dialog = el("dialog", { id: "keys", class: "over", "aria-labelledby": "keys-title" },
    iconButton("close", t("Close"), () => dialog.close(), { class: "shut" }),
    el("h2", { id: "keys-title", text: t("Keys") }),
    el("div", { class: "keys" }, ...lists().map(([title, keys]) => el("section", {},
      el("h3", { text: title }), el("dl", {}, ...keys.map(line))))));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** Whether someone is writing just now, so that a letter is a letter. @param {Event} event */
export function isWriting({ target }) {
  return target.matches?.('input:not([type="checkbox"], [type="file"]), textarea, select, [contenteditable]');
}
