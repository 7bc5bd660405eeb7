// While the library is looked through for copies: how far that is; the page anew once it is done.

import { api } from "./api.js";

const PAUSE = 1000; // ms

const bar = document.querySelector("#looking progress");

async function look() {
  const { state, done, whole } = await api.get("/api/v1/duplicates", { limit: 1 });
  if (state !== "running") {
    location.reload();
    return;
  }
  bar.max = whole || 1;
  bar.value = done;
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
