/** The search page: its parts, put together. What someone does in one of them, `act` does with the others. */

import { api } from "./api.js";
import { Asking } from "./asking.js";
import { Bar } from "./bar.js";
import { announce, el, icon } from "./dom.js";
import { Filters } from "./filters.js";
import { gridKeys, pressing } from "./gestures.js";
import { Grid } from "./grid.js";
import { t } from "./i18n.js";
import { isWriting, showKeys } from "./keys.js";
import { Marks } from "./marks.js";
import { addressOf, keyOf, questionAt, stateOf } from "./question.js";
import { headings, Surroundings } from "./results.js";
import { Selection } from "./selection.js";
import { toast } from "./toast.js";
import { acceptPhotos } from "./uploads.js";
import { Viewer } from "./viewer.js";
import { sayWhen } from "./when.js";

const MOST_LIKE = 20; // photos of the library that are asked with, at most
const MOST_PHOTOS = 8; // and photos that are handed over
const AHEAD = 20; // photos before the end, from where on the viewer wants more

const form = document.getElementById("search");
const list = document.getElementById("grid");

let headingOf = () => null;

// --- what is pressed ---

const photoAddress = (tile) => addressOf(asking.answer.question, `/photos/${tile.id}`);
const placeOf = (id) => asking.answer.tiles.findIndex((tile) => tile.id === id);

function open(tile) {
  asking.keepPlace();
  asking.settle();
  history.pushState(stateOf(asking.answer.question), "", photoAddress(tile));
  viewer.show(tile);
}

/** Leave the photo that is open: from then on the address is a question's again. */
function leave() {
  if (!viewer.isOpen) return Promise.resolve();
  return new Promise((done) => {
    addEventListener("popstate", () => done(), { once: true });
    history.back();
  });
}

async function findSimilar(ids) {
  await leave();
  asking.change({ q: "", like: ids.slice(0, MOST_LIKE), photos: [] });
}

async function expand(tile) {
  if (!tile.alike.length) return;
  const { answer } = asking;
  const found = await Promise.allSettled(tile.alike.map((id) => api.get(`/api/v1/photos/${id}`)));
  if (answer !== asking.answer || placeOf(tile.id) < 0) return; // something else is asked by now
  const copies = found.filter(({ value }) => value).map(({ value }) => value); // one may be gone
  if (!copies.length) {
    toast(t("The search engine doesn’t answer."));
    return;
  }
  const { relevance, band } = tile;
  answer.expand(placeOf(tile.id), copies.map((copy) => ({ ...copy, relevance, band, alike: [] })));
  grid.rearrange();
  grid.focus(placeOf(tile.id));
  announce(t.n("{n} near-copy is shown.", "{n} near-copies are shown.", copies.length));
}

async function reveal(tile) {
  await api.post(`/photos/${tile.id}/reveal`).catch(() => toast(t("Its folder can’t be shown from here.")));
}

const actions = {
  open,
  expand,
  select: (tile, event) => selection.toggle(tile, asking.answer.tiles, event?.shiftKey),
  similar: (tile) => findSimilar([tile.id]),
  good: (tile) => marks.set(tile.id, "good"),
  bad: (tile) => marks.set(tile.id, "bad"),
  reveal,
  search: () => leave().then(() => bar.input.select()),
  help: showKeys,
};

/** @param {keyof typeof actions} action @param {import("./answer.js").Tile} tile @param {Event} [event] */
const act = (action, tile, event) => actions[action](tile, event);

const markable = () => Boolean(marks.line) && Boolean(asking.answer?.byContent);

function dress(card) {
  card.select(selection.has(card.tile.id));
  card.mark(marks.all.get(card.tile.id));
}

function redress() {
  for (const card of grid.cards()) dress(card);
  viewer.refresh();
}

// --- the parts ---

const asking = new Asking({
  asks: (question) => bar.show(question),
  complain(problem) {
    bar.complain(problem);
    // The photos of the answer before stay; what is said of another line doesn't.
    for (const id of ["active", "notes"]) document.getElementById(id).hidden = Boolean(problem);
  },
  place: () => (viewer.isOpen ? null : scrollY),
  grown() {
    grid.extend();
    surroundings.grown(asking.answer);
  },
  answered(answer, top) {
    const { q, like, photos } = answer.question;
    const byPhoto = like.length + photos.length > 0;
    document.title = [q.trim() || (byPhoto && t("Similar photos")), "searchengine"].filter(Boolean).join(" · ");
    marks.follow(byPhoto ? "" : q.trim());
    headingOf = headings(answer);
    filters.show(q, answer.filters);
    surroundings.show(answer);
    grid.show(answer);
    if (scrollY !== top) scrollTo({ top, behavior: "instant" });
  },
});

const bar = new Bar(form, {
  typed: (q) => asking.change({ q }, { typing: true }),
  settled: () => asking.settle(),
  photosChanged: (part) => asking.change(part),
});
const filters = new Filters(
  document.getElementById("active"), document.getElementById("filters"), form.querySelector(".narrow"),
  (q) => asking.change({ q }),
);
const surroundings = new Surroundings({ ask: (part) => asking.change(part) });
const marks = new Marks(redress, () => asking.again());
const selection = new Selection(redress, (ids) => {
  selection.clear();
  findSimilar(ids);
});
const grid = new Grid(list, {
  headingOf: (tile, before) => headingOf(tile, before),
  hrefOf: photoAddress,
  act,
  dress,
  wanting: () => asking.more(),
});
const viewer = new Viewer({
  async neighbour(step, from) {
    const index = placeOf(from) + step;
    if (index >= asking.answer.tiles.length - AHEAD) await asking.more();
    return asking.answer.tiles[index] ?? null;
  },
  moved: (tile) => history.replaceState(history.state, "", photoAddress(tile)),
  close: () => history.back(),
  act,
  stateOf: (id) => ({ selected: selection.has(id), mark: marks.all.get(id), markable: markable() }),
  isLocal: "local" in list.dataset,
  line: () => (asking.answer.byContent ? asking.answer.question.q.trim() : ""),
});

addEventListener("popstate", ({ state }) => {
  asking.keepPlace();
  const question = questionAt(location.search, state);
  const viewed = /^\/photos\/(\d+)$/.exec(location.pathname);
  if (viewed) {
    const tile = asking.answer?.tiles[placeOf(Number(viewed[1]))];
    if (tile && keyOf(question) === keyOf(asking.answer.question)) viewer.show(tile);
    else location.reload(); // the photo has a page of its own
    return;
  }
  if (viewer.isOpen) {
    const { id } = viewer.tile;
    viewer.hide();
    grid.focus(placeOf(id));
  }
  asking.goTo(question);
});

sayWhen(grid, () => !asking.answer?.byContent || asking.answer.question.sort === "date");
gridKeys(list, grid, act);
pressing(list, { markable, isPicking: () => selection.size > 0, act });
acceptPhotos(document.getElementById("photo"), async (photos) => {
  await leave();
  const all = [...asking.question.photos, ...photos];
  if (all.length > MOST_PHOTOS) toast(t("The last {n} photos are looked up; there can’t be more.", { n: MOST_PHOTOS }));
  asking.change({ photos: all.slice(-MOST_PHOTOS) });
});

document.addEventListener("keydown", (event) => {
  if (isWriting(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return; // it has keys of its own
  if (event.key === "/") {
    event.preventDefault();
    bar.input.select();
  } else if (event.key === "?") {
    showKeys();
  } else if (event.key === "Escape" && selection.size) {
    selection.clear();
  }
});

// --- and now it begins ---

for (const [place, name] of [[".clear", "close"], [".choose", "camera"], [".narrow", "filter"]]) {
  form.querySelector(place).append(icon(name));
}
const go = form.querySelector(".go"); // its word is still there for screen readers
go.replaceChildren(el("span", { class: "quiet", text: go.textContent.trim() }), icon("search"));
document.documentElement.classList.add("ready");

const { top } = history.state ?? {};
const first = document.getElementById("first");
await asking.start(first && JSON.parse(first.textContent));
if (top) {
  // Back from another page, to where one was in the answer.
  await asking.moreUntil(() => grid.height > top + innerHeight);
  if (!scrollY) scrollTo({ top, behavior: "instant" });
}
