// How far indexing is, asked each second. When a run begins or ends, the page is loaded anew.

import { t } from "./i18n.js";

const PAUSE = 1000; // ms
const COUNT = 5; // looks, after which the page counts anew
const JOB = "/api/v1/jobs/index";

const begun = document.getElementById("job").dataset.state;
const told = document.getElementById("told");
const bar = document.getElementById("bar");
const path = document.getElementById("path");

let etag = "";
let looks = 0;

async function look() {
  looks += 1;
  try {
    await show();
    if (begun === "running" && looks % COUNT === 0) await count();
  } catch {
    told?.replaceChildren(t("The server can’t be reached just now."));
  }
  setTimeout(look, PAUSE);
}

async function show() {
  if (document.hidden) return;
  const answer = await fetch(JOB, { headers: etag ? { "If-None-Match": etag } : {} });
  if (!answer.ok) return; // 304: nothing has moved
  etag = answer.headers.get("ETag") ?? "";
  const job = await answer.json();
  if (job.state !== begun) location.reload();
  if (job.state !== "running") return;
  told.textContent = job.scanning
    ? t("{done} files done; looking for more …", { done: job.done })
    : t("{done} of {seen} files done", { done: job.done, seen: job.seen });
  bar.max = job.seen || 1;
  if (job.scanning) bar.removeAttribute("value");
  else bar.value = job.done;
  path.textContent = job.path ?? "";
}

/** Take over what the page says of photos and folders now. */
async function count() {
  const answer = await fetch(location.href);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["figures", "roots"]) {
    const now = fresh.getElementById(part);
    if (now) document.getElementById(part).replaceWith(now);
  }
}

setTimeout(look, PAUSE);
