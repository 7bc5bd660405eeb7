/** Making elements without ever parsing a string as HTML, and the icons. */

const SVG = "http://www.w3.org/2000/svg";

/** Drawn with a pen of two units on a ground of 24 × 24. */
const ICONS = {
  album: "M5 5h11v11H5z M8 19h11V8 M10.5 8v5 M8 10.5h5",
  back: "M15 5l-7 7 7 7",
  camera: "M4 8h4l2-3h4l2 3h4v11H4z M12 10.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12 M18 6L6 18",
  date: "M4 6h16v14H4z M4 10.5h16 M8 3v5 M16 3v5",
  down: "M7 4h9l3.5 9H14l1 5.5c0 2-2.5 2-3 .5L9 13H7z M7 4H4v9h3",
  download: "M12 4v11 M7 10.5l5 5 5-5 M5 20h14",
  filter: "M4 7h9 M17 7h3 M15 4.5v5 M4 17h3 M11 17h9 M9 14.5v5",
  folder: "M4 6h6l2 2.5h8V19H4z",
  forward: "M9 5l7 7-7 7",
  heat: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
  help: "M9 9a3 3 0 1 1 4.5 2.600c-1 .6-1.5 1.200-1.5 2.400 M12 17.800v.2",
  info: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M12 11v5 M12 8v.2",
  label: "M4 4h8l8 8-8 8-8-8z M8 8v.2",
  open: "M13 5h6v6 M19 5l-8 8 M17 14v5H5V7h5",
  place: "M12 21c-4-5-6-8-6-11a6 6 0 0 1 12 0c0 3-2 6-6 11z M12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12z M15.5 15.5L20 20",
  similar: "M4 9h11v11H4z M9 5.5V4h11v11h-1.5",
  text: "M6 3h8l4 4v14H6z M9 12h6 M9 16h6",
  undo: "M8 5L4 9l4 4 M4 9h10a5 5 0 0 1 0 10H9",
  up: "M7 20h9l3.5-9H14l1-5.5c0-2-2.5-2-3-.5L9 11H7z M7 20H4v-9h3",
  zip: "M5 4h14v16H5z M12 4v2 M12 8v2 M12 12v4",
};

/**
 * An element. `on` gives listeners by event, `text` its text; true gives an empty attribute, and null and false none.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "text") {
      element.textContent = value;
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * An element of a drawing.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Node} children
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/**
 * A button that shows an icon, and says in words what it does.
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {(event: Event) => void} press
 * @param {Record<string, unknown>} [properties]
 */
export function iconButton(name, label, press, properties = {}) {
  const all = { type: "button", title: label, "aria-label": label, on: { click: press }, ...properties };
  return el("button", all, icon(name));
}

/** Let screen readers say something. @param {string} text */
export function announce(text) {
  const region = document.getElementById("announced");
  if (region && region.textContent !== text) region.textContent = text;
}

/** Call it once it hasn't been called for so many milliseconds. @param {() => void} action @param {number} wait */
export function debounced(action, wait) {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(action, wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
