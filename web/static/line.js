/** Filters as words in the line, which is all that a filter is. The server says how each is written. */

/** @param {string} line @param {string} filter  as it stands in the line */
export function withFilter(line, filter) {
  return `${line.trim()} ${filter}`.trim();
}

/** @param {string} line @param {string} filter */
export function withoutFilter(line, filter) {
  const [within, wanted] = [line, filter].map((each) => each.toLowerCase());
  let at = within.indexOf(wanted);
  // tag:cat is no part of tag:catfish.
  while (at >= 0 && !(ends(line[at - 1]) && ends(line[at + filter.length]))) at = within.indexOf(wanted, at + 1);
  if (at < 0) return line;
  return `${line.slice(0, at).trimEnd()} ${line.slice(at + filter.length).trimStart()}`.trim();
}

/** Whether nothing of a word stands there. @param {string | undefined} letter */
const ends = (letter) => letter === undefined || /[\s()]/.test(letter);

/** The field that a filter is about: `date` of `date:2019-07`, also of `-date:2019-07`. @param {string} filter */
export const fieldOf = (filter) => filter.replace(/^-/, "").split(":", 1)[0].toLowerCase();
