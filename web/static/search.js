/**
 * The search page: what is asked becomes an answer, and the answer the grid. The address always holds the question.
 *
 * While someone types, the entry in the history is replaced; once the line is settled, the next change makes another.
 */

import { api, Problem } from "./api.js";
import { Answer } from "./answer.js";
import { Bar } from "./bar.js";
import { announce, debounced, el, icon } from "./dom.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { gridKeys, longPress } from "./gestures.js";
import { t } from "./i18n.js";
import { isWriting, showKeys } from "./keys.js";
import { Marks } from "./marks.js";
import { addressOf, isEmpty, keyOf, NOTHING, questionAt, stateOf } from "./question.js";
import { headings, Surroundings } from "./results.js";
import { Selection } from "./selection.js";
import { toast } from "./toast.js";
import { acceptPhotos } from "./uploads.js";
import { Viewer } from "./viewer.js";

const TYPING = 150; // ms without a letter, after which it is asked
const PATIENCE = 700; // ms without a letter, after which a mistake is shown
const SETTLED = 1500; // ms without a letter, after which a line is an entry of its own in the history
const KEPT = 12; // answers to go back to
const MOST_LIKE = 20; // photos that are asked with; the server takes no more
const MOST_PAGES = 25; // that are fetched to come back to a place in a long answer

let question = questionAt();
/** @type {Answer | null} */
let answer = null;
let settled = true;
/** @type {AbortController | null} */
let asking = null;
/** @type {Map<string, {answer: Answer, top: number}>} */
const kept = new Map();

// --- asking ---

/** Ask something else. @param {Partial<import("./question.js").Question>} change */
function change(part, { typing = false } = {}) {
  question = { ...question, ...part };
  if (part.q !== undefined && part.q !== answer?.question.q) question.all = false;
  bar.show(question);
  remember(typing);
  if (typing) soon();
  else ask();
}

function remember(typing) {
  if (!viewer.isOpen) keepPlace();
  const store = settled ? "pushState" : "replaceState";
  if (addressOf(question) !== location.pathname + location.search || question.photos.length || history.state?.photos?.length) {
    history[store](stateOf(question), "", addressOf(question));
  }
  settled = !typing;
  if (typing) settle();
  else settle.cancel();
}

const settle = debounced(() => { settled = true; }, SETTLED);
const soon = debounced(() => ask({ typing: true }), TYPING);
const complainSoon = debounced(() => bar.complain(complaint), PATIENCE);
let complaint = null;

async function ask({ typing = false, top = 0, again = false } = {}) {
  soon.cancel();
  asking?.abort();
  const own = new AbortController();
  asking = own;
  const asked = question;
  const known = again ? null : kept.get(keyOf(asked));
  document.documentElement.classList.add("asking");
  try {
    const fresh = known?.answer ?? (await new Answer(asked).begin(own.signal));
    if (asking !== own) return;
    complaint = null;
    complainSoon.cancel();
    bar.complain(null);
    show(fresh, top || (known && !typing ? known.top : 0));
  } catch (problem) {
    if (problem.name === "AbortError" || asking !== own) return;
    if (!(problem instanceof Problem)) throw problem;
    complaint = problem; // the old answer stays
    if (typing) complainSoon();
    else bar.complain(problem);
  } finally {
    if (asking === own) {
      asking = null;
      document.documentElement.classList.remove("asking");
    }
  }
}

function show(fresh, top) {
  answer = fresh;
  kept.delete(keyOf(answer.question));
  kept.set(keyOf(answer.question), { answer, top });
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  const { q, like, photos } = answer.question;
  document.title = q.trim() ? `${q.trim()} · searchengine` : like.length || photos.length ? `${t("Similar photos")} · searchengine` : "searchengine";
  marks.follow(like.length || photos.length ? "" : q.trim());
  headingOf = headings(answer.question);
  filters.show(q, answer.filters);
  surroundings.show(answer);
  grid.show(answer);
  if (scrollY !== top) scrollTo({ top, behavior: "instant" });
}

let headingOf = headings(NOTHING);

async function more() {
  const growing = answer;
  try {
    if (!(await growing.more()) || growing !== answer) return;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(problem.message);
    growing.complete = true;
  }
  grid.extend();
  surroundings.grown(answer);
}

// --- history ---

function keepPlace() {
  const place = answer && kept.get(keyOf(answer.question));
  if (place) place.top = scrollY;
}

addEventListener("popstate", (event) => {
  settled = true;
  if (!viewer.isOpen) keepPlace();
  const viewed = /^\/photos\/(\d+)$/.exec(location.pathname);
  const next = questionAt(location.search, event.state);
  if (viewed) {
    const tile = answer?.tiles.find(({ id }) => id === Number(viewed[1]));
    if (tile && keyOf(next) === keyOf(answer.question)) viewer.show(tile);
    else location.reload();
    return;
  }
  if (viewer.isOpen) {
    const index = answer.tiles.findIndex(({ id }) => id === viewer.tile.id);
    viewer.hide();
    grid.focus(index);
  }
  if (keyOf(next) === keyOf(question)) return;
  question = next;
  bar.show(question);
  ask();
});

/** Someone comes back from another page to where they were in the answer. @param {number | undefined} top */
async function comeBack(top) {
  for (let page = 0; top && answer && !answer.complete && grid.height < top + innerHeight && page < MOST_PAGES; page += 1) {
    await more();
  }
  if (top && !scrollY) scrollTo({ top, behavior: "instant" });
}

history.scrollRestoration = "manual";
addEventListener("pagehide", () => {
  if (!viewer.isOpen) history.replaceState({ ...history.state, top: scrollY }, "");
});

// --- what is pressed ---

function open(tile) {
  keepPlace();
  settled = true;
  history.pushState(stateOf(answer.question), "", addressOf(answer.question, `/photos/${tile.id}`));
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

async function expand(tile) {
  const details = await Promise.all(tile.alike.map((id) => api.get(`/api/v1/photos/${id}`)));
  const index = answer.tiles.findIndex(({ id }) => id === tile.id);
  const { relevance, band } = tile;
  answer.expand(index, details.map((copy) => ({ ...copy, relevance, band, alike: [] })));
  grid.rearrange();
  grid.focus(index);
  announce(t.n("{n} near-copy is shown.", "{n} near-copies are shown.", tile.alike.length));
}

async function act(action, tile, event) {
  const index = answer.tiles.findIndex(({ id }) => id === tile.id);
  switch (action) {
    case "select":
      selection.toggle(answer.tiles, index, event?.shiftKey);
      break;
    case "similar":
      await leave();
      change({ q: "", like: [tile.id], photos: [] });
      break;
    case "expand":
      if (tile.alike.length) await expand(tile);
      break;
    case "search":
      await leave();
      bar.input.select();
      break;
    case "help":
      showKeys();
      break;
    case "open":
      open(tile);
      break;
    case "reveal":
      await api.post(`/photos/${tile.id}/reveal`).catch(() => toast(t("Its folder can’t be shown from here.")));
      break;
    default:
      marks.set(tile.id, action);
  }
}

const markable = () => Boolean(marks.line) && Boolean(answer?.byContent);

function redress() {
  for (const card of grid.cards()) dress(card);
  viewer.refresh();
}

function dress(card) {
  card.select(selection.has(card.tile.id));
  card.mark(marks.all.get(card.tile.id));
}

// --- the parts ---

const form = document.getElementById("search");
const list = document.getElementById("grid");

const marks = new Marks(redress, () => {
  kept.clear();
  ask({ again: true, top: scrollY });
});
const selection = new Selection(redress, (ids) => {
  selection.clear();
  change({ q: "", like: ids.slice(0, MOST_LIKE), photos: [] });
});
const bar = new Bar(form, {
  typed: (q) => change({ q }, { typing: true }),
  settled: () => {
    if (question.q !== answer?.question.q || complaint) ask();
    settled = true;
  },
  photosChanged: (part) => change(part),
});
const filters = new Filters(document.getElementById("active"), document.getElementById("filters"), form.querySelector(".narrow"), (q) => change({ q }));
const surroundings = new Surroundings({ ask: (part) => change(part) });
const grid = new Grid(list, {
  headingOf: (tile, before) => headingOf(tile, before),
  hrefOf: (tile) => addressOf(answer.question, `/photos/${tile.id}`),
  act,
  dress,
  wanting: more,
});
const viewer = new Viewer({
  async neighbour(step, from) {
    const index = answer.tiles.findIndex(({ id }) => id === from) + step;
    if (index >= answer.tiles.length - 20 && !answer.complete) await more();
    return answer.tiles[index] ?? null;
  },
  moved: (tile) => history.replaceState(history.state, "", addressOf(answer.question, `/photos/${tile.id}`)),
  close: () => history.back(),
  act,
  stateOf: (id) => ({ selected: selection.has(id), mark: marks.all.get(id), markable: markable() }),
  isLocal: "local" in list.dataset,
  line: () => (answer.byContent ? answer.question.q.trim() : ""),
});

gridKeys(list, grid, { act, clear: () => selection.size && selection.clear() });
longPress(list, {
  markable,
  isPicking: () => selection.size > 0,
  act,
});
acceptPhotos(document.getElementById("photo"), (photos) => {
  leave().then(() => change({ photos: [...question.photos, ...photos].slice(-8) }));
});

document.addEventListener("keydown", (event) => {
  if (isWriting(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    event.preventDefault();
    bar.input.select();
    scrollTo({ top: 0 });
  } else if (event.key === "?") {
    showKeys();
  } else if (event.key === "Escape" && selection.size) {
    selection.clear();
  }
});

for (const [place, name] of [[".clear", "close"], [".choose", "camera"], [".narrow", "filter"], [".go", "search"]]) {
  const button = form.querySelector(place);
  if (place === ".go") button.replaceChildren(el("span", { class: "quiet", text: button.textContent }));
  button.append(icon(name));
}
bar.show(question);
document.documentElement.classList.add("ready");
const first = document.getElementById("first"); // the page brings the beginning of its answer along
if (first) show(Answer.from(question, JSON.parse(first.textContent)), 0);
else ask();
comeBack(history.state?.top);
