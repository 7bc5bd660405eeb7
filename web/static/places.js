// The map of places: the list's places drawn on the outline of the land, to be zoomed and pushed about.
// Units are those of world.svg: tenths of a degree from 180° W, 90° N.

import { t } from "./i18n.js";

const WORLD = { width: 3600, height: 1800 };
const CLOSEST = 100; // units that are seen at least
const APART = 52; // pixels between the middles of two places; nearer ones are shown as one
const STEP = 1.6; // of a zoom
const PUSH = 0.2; // of what is seen, by an arrow key

/** @typedef {{x: number, y: number, count: number, link: HTMLAnchorElement}} Spot */

/** @param {HTMLElement} map */
function draw(map) {
  const spots = [...document.querySelectorAll("#spots li")].map((item) => ({
    x: Number(item.dataset.x), y: Number(item.dataset.y), count: Number(item.dataset.count),
    link: item.querySelector("a"),
  }));
  const land = element("svg", { "aria-hidden": "true", preserveAspectRatio: "none" }, [element("use", { href: map.dataset.land })]);
  const pins = document.createElement("div");
  map.append(land, pins, button("+", t("Zoom in"), () => zoom(1 / STEP)), button("−", t("Zoom out"), () => zoom(STEP)));
  map.tabIndex = 0;
  map.setAttribute("role", "group");
  map.setAttribute("aria-label", t("Map: arrow keys push it, plus and minus zoom"));

  const seen = { x: 0, y: 0, width: WORLD.width, height: WORLD.height };

  function show(x, y, width) {
    const shape = map.clientHeight / map.clientWidth;
    seen.width = clamp(width, CLOSEST, Math.min(WORLD.width, WORLD.height / shape));
    seen.height = seen.width * shape;
    seen.x = clamp(x - seen.width / 2, 0, WORLD.width - seen.width);
    seen.y = clamp(y - seen.height / 2, 0, WORLD.height - seen.height);
    land.setAttribute("viewBox", `${seen.x} ${seen.y} ${seen.width} ${seen.height}`);
    pins.replaceChildren(...together(spots, APART * perPixel()).filter(isSeen).map(pin));
  }

  const perPixel = () => seen.width / map.clientWidth;
  const isSeen = ({ x, y }) => x >= seen.x && x <= seen.x + seen.width && y >= seen.y && y <= seen.y + seen.height;
  const push = (right, down) => show(seen.x + seen.width / 2 + right, seen.y + seen.height / 2 + down, seen.width);

  /** Zoom so that the place under a point (in units) stays where it is. */
  function zoom(factor, x = seen.x + seen.width / 2, y = seen.y + seen.height / 2) {
    const now = clamp(seen.width * factor, CLOSEST, WORLD.width) / seen.width;
    show(x + (seen.x + seen.width / 2 - x) * now, y + (seen.y + seen.height / 2 - y) * now, seen.width * factor);
  }

  /** One place leads to its photos; of several, the map shows where each is. */
  function pin({ x, y, count, members }) {
    const one = members.length === 1;
    const made = document.createElement(one ? "a" : "button");
    const picture = document.createElement("img");
    picture.src = members[0].link.querySelector("img").src;
    picture.alt = "";
    const number = document.createElement("span");
    number.textContent = count.toLocaleString(document.documentElement.lang);
    made.className = "pin";
    made.append(picture, number);
    made.style.left = `${((x - seen.x) / seen.width) * 100}%`;
    made.style.top = `${((y - seen.y) / seen.height) * 100}%`;
    if (one) {
      made.href = members[0].link.href;
      made.setAttribute("aria-label", `${t.n("{n} photo", "{n} photos", count)}, ${members[0].link.querySelector("span").textContent}`);
    } else {
      made.type = "button";
      made.setAttribute("aria-label", t("{n} photos in {places} places: zoom in", { n: count, places: members.length }));
      made.addEventListener("click", () => { fit(members); map.focus(); });
    }
    return made;
  }

  function fit(members) {
    const [left, right] = ends(members.map((each) => each.x)), [top, bottom] = ends(members.map((each) => each.y));
    const shape = map.clientHeight / map.clientWidth;
    show((left + right) / 2, (top + bottom) / 2, 1.4 * Math.max(right - left, (bottom - top) / shape, CLOSEST));
  }

  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = map.getBoundingClientRect();
    const at = [seen.x + (event.clientX - box.left) * perPixel(), seen.y + (event.clientY - box.top) * perPixel()];
    zoom(event.deltaY > 0 ? STEP : 1 / STEP, ...at);
  }, { passive: false });

  map.addEventListener("keydown", (event) => {
    const keys = {
      ArrowLeft: () => push(-PUSH * seen.width, 0), ArrowRight: () => push(PUSH * seen.width, 0),
      ArrowUp: () => push(0, -PUSH * seen.height), ArrowDown: () => push(0, PUSH * seen.height),
      "+": () => zoom(1 / STEP), "=": () => zoom(1 / STEP), "-": () => zoom(STEP),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  });

  grab(map, push, zoom, perPixel);
  new ResizeObserver(() => show(seen.x + seen.width / 2, seen.y + seen.height / 2, seen.width)).observe(map);
  fit(spots);
}

/** Push the map with one finger or the mouse, zoom it with two fingers. */
function grab(map, push, zoom, perPixel) {
  const fingers = new Map();
  const distance = () => {
    const [one, other] = [...fingers.values()];
    return other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0;
  };
  map.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".pin, button")) fingers.set(event.pointerId, event);
  });
  window.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const apart = distance();
    fingers.set(event.pointerId, event);
    if (fingers.size === 1) push((before.clientX - event.clientX) * perPixel(), (before.clientY - event.clientY) * perPixel());
    else if (apart) zoom(apart / Math.max(distance(), 1));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
}

/**
 * Spots that lie close to each other as one, at the middle of the one with the most photos.
 * @param {Spot[]} spots  those with the most photos first
 * @param {number} apart  units
 */
function together(spots, apart) {
  const found = [];
  for (const spot of spots) {
    const near = found.find((each) => Math.hypot(each.x - spot.x, each.y - spot.y) < apart);
    if (near) {
      near.count += spot.count;
      near.members.push(spot);
    } else {
      found.push({ x: spot.x, y: spot.y, count: spot.count, members: [spot] });
    }
  }
  return found;
}

function button(text, name, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", name);
  made.addEventListener("click", act);
  return made;
}

function element(name, attributes, children = []) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const clamp = (value, least, most) => Math.max(least, Math.min(value, most));
const ends = (values) => [Math.min(...values), Math.max(...values)];

const map = document.getElementById("map");
if (map) draw(map);
