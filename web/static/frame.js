// What every page does: "/" leads to the search, and a sheet closes by Escape or by a click beside it.

document.addEventListener("keydown", (event) => {
  const field = document.querySelector(".quick input");
  if (event.key === "/" && field && !event.target.matches("input, select, textarea")) {
    event.preventDefault();
    field.select();
  }
  if (event.key === "Escape") {
    for (const sheet of others(null)) {
      sheet.open = false;
      sheet.querySelector("summary").focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const sheet of others(event.target)) sheet.open = false;
});

/** The sheets that are open, but the one that an element is in. */
function others(element) {
  return [...document.querySelectorAll(".sheet[open]")].filter((sheet) => !element || !sheet.contains(element));
}
