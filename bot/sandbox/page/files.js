// The files of a message: a picture with its words, anything else as a chip that downloads.

import { h, icon, safeUrl } from "./dom.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const UNITS = ["bytes", "kB", "MB", "GB"];

function sizeOf(bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1000)));
  const count = bytes / 1000 ** step;
  return `${step && count < 10 ? count.toFixed(1) : Math.round(count)} ${UNITS[step]}`;
}

const isPicture = (file) => PICTURES.includes(file.mimetype);

function picture(file) {
  const url = safeUrl(file.url);
  return h(
    "figure",
    { class: "file-picture" },
    h("figcaption", {}, file.title),
    h(
      "a",
      { href: url, target: "_blank", rel: "noopener noreferrer", "aria-label": `Open ${file.title} in a new tab` },
      h("img", { src: url, alt: file.alt_txt || file.title, loading: "lazy", testid: `file-${file.name}` }),
    ),
  );
}

function chip(file) {
  return h(
    "a",
    { class: "file-chip", href: safeUrl(file.url), download: file.name, testid: `file-${file.name}` },
    icon("file"),
    h("span", {}, h("strong", { dir: "auto" }, file.title), h("small", {}, [...(file.title === file.name ? [] : [file.name]), sizeOf(file.size)].join(" · "))),
  );
}

export function filesOf(files) {
  if (!files?.length) return null;
  return h(
    "div",
    { class: "files" },
    files.map((file) => (isPicture(file) ? picture(file) : chip(file))),
  );
}
