// What makes the page handier; everything works without it. No address outside this page is ever asked.
"use strict";

const LARGEST = 64 * 1024 * 1024; // bytes; the server refuses more

const root = document.documentElement;
const form = document.getElementById("search");
const photo = document.getElementById("photo");

root.classList.add("scripted");

function isFile(event) {
  return !dragsOwnPicture && event.dataTransfer?.types.includes("Files");
}

function send(files) {
  if (!files.length) return;
  if (files[0].size > LARGEST) {
    alert(`${files[0].name} is larger than ${LARGEST / 1024 / 1024} MB.`);
    return;
  }
  photo.files = files;
  form.requestSubmit(form.querySelector(".send"));
}

// A picture of the page that is dragged counts as a file in some browsers.
let dragsOwnPicture = false;
document.addEventListener("dragstart", () => { dragsOwnPicture = true; });
document.addEventListener("dragend", () => { dragsOwnPicture = false; });

if (form) {
  photo.addEventListener("change", () => send(photo.files));

  document.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    root.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) root.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    root.classList.remove("dropping");
    if (!isFile(event)) return;
    event.preventDefault();
    send(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) send(event.clipboardData.files);
  });

  // Empty fields would only clutter the address. They come back when the page does, from the browser's own history.
  form.addEventListener("submit", () => root.classList.add("searching"));
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData.entries()]) {
      if (value === "" || (value instanceof File && !value.size)) event.formData.delete(name);
    }
  });
  window.addEventListener("pageshow", () => root.classList.remove("searching"));

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.matches("input, select")) {
      event.preventDefault();
      form.elements.q.select();
    }
  });
}
