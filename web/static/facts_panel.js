/** What is known of the photo that is open: a piece of a page that the server makes, beside the photo. */

import { el } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "./toast.js";

export class FactsPanel {
  constructor() {
    const label = t("Facts");
    this.element = el("aside", { class: "facts", "aria-label": label, hidden: true });
    this.element.addEventListener("submit", (event) => this.#send(event));
  }

  #tile = null;

  /** @param {import("./answer.js").Tile} tile */
  show(tile) {
    this.#tile = tile;
    if (!this.element.hidden) this.#fill();
  }

  /** Open or close it; true when it is open now. */
  toggle() {
    this.element.hidden = !this.element.hidden;
    this.show(this.#tile);
    return !this.element.hidden;
  }

  async #fill() {
    const tile = this.#tile;
    const answer = await fetch(`/photos/${tile.id}/facts`).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    // Another photo may be shown by now.
    if (page && tile === this.#tile) this.element.replaceChildren(...document.adoptNode(page.body).childNodes);
  }

  /** The forms among the facts (albums) do what they do without leaving the photo. */
  async #send(event) {
    event.preventDefault();
    const body = new FormData(event.target, event.submitter);
    const lost = () => toast(t("The search engine doesn’t answer."));
    await fetch(event.target.action, { method: "POST", body }).catch(lost);
    this.#fill();
  }
}
