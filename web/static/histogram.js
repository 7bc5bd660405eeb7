/**
 * How many photos each month has, to drag a span of time over: with the pointer, or with the keys of the two sliders
 * that are its ends.
 */

import { el, svg } from "./dom.js";
import { t } from "./i18n.js";

const HEIGHT = 64;
const BAR = 6; // units a month, in the drawing's own coordinates
const LONGEST_GAP = 1200; // months without a photo that are drawn; of a longer stretch, a year
const YEAR = 12;

const MONTH = { month: "long", year: "numeric", timeZone: "UTC" };
const named = new Intl.DateTimeFormat(document.documentElement.lang, MONTH);

/** @param {string} month  as 2019-07 */
const monthInWords = (month) => named.format(new Date(`${month}-01T00:00:00Z`));

/** @param {string} month  as 2019-07 */
function ordinal(month) {
  const [year, number] = month.split("-").map(Number);
  return YEAR * year + number - 1;
}

/** @param {number} ordinal */
function monthAt(ordinal) {
  return `${String(Math.floor(ordinal / YEAR)).padStart(4, "0")}-${String((ordinal % YEAR) + 1).padStart(2, "0")}`;
}

/** The months from the first to the last, also those without a photo; a camera with a wrong clock draws no centuries. */
function filled(months) {
  const all = [];
  let before = ordinal(months[0].month) - 1;
  for (const { month, count } of months) {
    const gap = ordinal(month) - before - 1;
    for (let empty = 1; empty <= (gap > LONGEST_GAP ? YEAR : gap); empty++) {
      all.push({ month: monthAt(before + empty), count: 0 });
    }
    all.push({ month, count });
    before = ordinal(month);
  }
  return all;
}

/**
 * @param {{month: string, count: number}[]} months  ascending, at least one
 * @param {(span: [string, string] | null) => void} choose  hears the first and last month of a span; null is everything
 */
export function histogram(months, choose) {
  const all = filled(months);
  const most = Math.max(...all.map(({ count }) => count));
  const width = all.length * BAR;
  const last = all.length - 1;
  let span = [0, last]; // its end is before its beginning where what is asked for lies outside of all that is drawn
  const within = (month) => Math.min(last, Math.max(0, month));

  const bars = all.map(({ count }, index) => {
    const height = count ? 3 + (HEIGHT - 3) * Math.sqrt(count / most) : 0; // the root: a month with few is seen, too
    return svg("rect", { x: index * BAR + 0.5, y: HEIGHT - height, width: BAR - 1, height, rx: 1 });
  });
  const box = { viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  const chart = svg("svg", box, ...bars);
  const chosen = el("output", { class: "span" });
  const ends = [0, 1].map((end) => el("span", {
    class: "end", role: "slider", tabindex: "0", "aria-valuemin": 0, "aria-valuemax": last,
    "aria-label": end ? t("Taken until") : t("Taken from"), on: { keydown: (event) => slide(event, end) },
  }));
  const ground = el("div", { class: "ground" }, chart, ...ends);
  const whole = el("div", { class: "histogram" }, ground, years(all), chosen);

  const show = () => {
    bars.forEach((bar, index) => bar.classList.toggle("in", index >= span[0] && index <= span[1]));
    ends.forEach((end, which) => {
      const month = within(span[which]);
      end.style.left = `${((span[which] + which) / all.length) * 100}%`;
      end.setAttribute("aria-valuenow", month);
      end.setAttribute("aria-valuetext", monthInWords(all[month].month));
    });
    const inside = all.slice(span[0], span[1] + 1);
    const names = inside.length > 1 ? [inside[0], inside.at(-1)] : inside;
    const photos = t.n("{n} photo", "{n} photos", inside.reduce((sum, { count }) => sum + count, 0));
    chosen.textContent = [names.map(({ month }) => monthInWords(month)).join(" – "), photos].filter(Boolean).join(" · ");
  };
  const isWhole = () => span[0] === 0 && span[1] === last;
  const tell = () => choose(isWhole() ? null : [all[span[0]].month, all[span[1]].month]);

  function slide(event, end) {
    const far = all.length;
    const step = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -YEAR, PageUp: YEAR, Home: -far, End: far,
    }[event.key];
    if (!step) return;
    event.preventDefault();
    span = span.map(within);
    const [least, largest] = end ? [span[0], last] : [0, span[1]];
    span[end] = Math.min(largest, Math.max(least, span[end] + step));
    show();
    tell();
  }

  ground.addEventListener("pointerdown", (event) => {
    span = span.map(within);
    const at = ({ clientX }) => {
      const box = ground.getBoundingClientRect();
      return within(Math.floor(((clientX - box.left) / box.width) * all.length));
    };
    const held = ends.indexOf(event.target);
    const fixed = held < 0 ? at(event) : span[1 - held];
    const move = (moved) => {
      span = [fixed, at(moved)].sort((one, other) => one - other);
      show();
    };
    ground.setPointerCapture(event.pointerId);
    if (held < 0) move(event);
    ground.addEventListener("pointermove", move);
    ground.addEventListener("lostpointercapture", () => {
      ground.removeEventListener("pointermove", move);
      tell();
    }, { once: true });
  });

  show();
  return {
    element: whole,
    /** Show the span that is asked for. @param {[string, string] | null} months */
    set(wanted) {
      const [from, to] = wanted ?? ["", ""];
      const first = all.findIndex(({ month }) => month >= from);
      const end = to ? all.findLastIndex(({ month }) => month <= to) : last;
      span = [first < 0 ? all.length : first, end];
      show();
    },
  };
}

/** The years below, as many as there is room for. */
function years(all) {
  const yearOf = (index) => all[index]?.month.slice(0, 4);
  const firsts = [...all.keys()].filter((index) => yearOf(index) !== yearOf(index - 1));
  const step = Math.ceil(firsts.length / 10);
  const labels = firsts.filter((_, number) => number % step === 0).map((index) => {
    const label = el("span", { text: yearOf(index) });
    label.style.left = `${(index / all.length) * 100}%`;
    return label;
  });
  return el("div", { class: "years", "aria-hidden": "true" }, ...labels);
}
