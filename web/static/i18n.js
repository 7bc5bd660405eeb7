// Texts of modules in the person's language. The page brings them along as data; English is what stands in the code.

const root = document.documentElement;

/** @type {Object<string, string[]>} By the English text: for one thing, and for several. */
const texts = JSON.parse(document.getElementById("texts")?.textContent || "{}");

const numbers = new Intl.NumberFormat(root.lang);

/**
 * A text with `{name}` replaced by the values of those names; numbers are written as people write them.
 * @param {string} text
 * @param {Object<string, string|number>} [values]
 * @returns {string}
 */
export function t(text, values = {}) {
  return filled(texts[text]?.[0] ?? text, values);
}

/**
 * The same of `n` things: of one, or of several.
 * @param {string} one
 * @param {string} several
 * @param {number} n
 * @param {Object<string, string|number>} [values]
 * @returns {string}
 */
t.n = (one, several, n, values = {}) => {
  const [forOne, forSeveral] = texts[one] ?? [one, several];
  return filled(n === 1 ? forOne : forSeveral, { n, ...values });
};

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? numbers.format(value) : value ?? whole;
  });
}
