/** The dialog that puts photos into an album, one that is there or a new one. */

import { api } from "./api.js";
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";

/** @param {number[]} ids */
export async function chooseAlbum(ids) {
  const { albums } = await api.get("/api/v1/albums").catch(() => ({ albums: [] }));
  const name = el("input", {
    name: "name", required: true, maxlength: "200", autocomplete: "off", placeholder: t("Sunsets"),
  });
  const put = async (album, isNew) => {
    dialog.close();
    try {
      if (isNew) await api.post("/api/v1/albums", { name: album });
      await api.post(`/api/v1/albums/${encodeURIComponent(album)}/photos`, { pin: ids });
      const open = { label: t("Open"), press: () => location.assign(`/albums/${encodeURIComponent(album)}`) };
      toast(t.n("{n} photo is in {album} now.", "{n} photos are in {album} now.", ids.length, { album }), open);
    } catch (problem) {
      toast(problem.message);
    }
  };
  const chip = (text) => el("li", {},
    el("button", { type: "button", class: "chip", text, on: { click: () => put(text, false) } }));
  const known = new Set(albums.map((album) => album.name.toLowerCase()));
  const dialog = el("dialog", { class: "over", "aria-labelledby": "album-title" },
    el("h2", { id: "album-title", text: t.n("Add {n} photo to an album", "Add {n} photos to an album", ids.length) }),
    el("ul", { class: "chips" }, ...albums.map((album) => chip(album.name))),
    el("form", {
      on: {
        submit: (event) => {
          event.preventDefault();
          put(name.value.trim(), !known.has(name.value.trim().toLowerCase()));
        },
      },
    }, el("label", {}, t("New album"), name), el("button", { class: "go", text: t("Add") })),
    el("button", { type: "button", class: "plain", text: t("Cancel"), on: { click: () => dialog.close() } }));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
