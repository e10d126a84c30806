// Layers above the page. The top layer has the keyboard to itself: Tab stays inside, Escape closes, what is
// below is inert.

import { h } from "./dom.js";
import { plainText, textNodes } from "./mrkdwn.js";

const FOCUSABLE =
  "button:not(:disabled), a[href], input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex='0']";

const layers = [];

function setInert() {
  document.getElementById("app").inert = layers.length > 0;
  layers.forEach((layer, index) => {
    layer.node.inert = index < layers.length - 1;
  });
}

function trap(event, layer) {
  if (event.key === "Escape") {
    event.preventDefault();
    layer.onEscape();
  }
  if (event.key !== "Tab") return undefined;
  const items = [...layer.node.querySelectorAll(FOCUSABLE)].filter((item) => item.offsetParent !== null);
  if (!items.length) return event.preventDefault();
  const leaving = event.shiftKey ? items[0] : items.at(-1);
  const outside = !items.includes(document.activeElement);
  if (document.activeElement !== leaving && !outside) return undefined;
  event.preventDefault();
  return (event.shiftKey ? items.at(-1) : items[0]).focus();
}

document.addEventListener("keydown", (event) => {
  if (layers.length) trap(event, layers.at(-1));
});

function home(held) {
  if (held?.isConnected) return held;
  const key = held?.dataset?.key;
  const row = held?.dataset?.row;
  return (
    (key && document.querySelector(`[data-key="${CSS.escape(key)}"]`)) ||
    (row && document.querySelector(`[data-row="${CSS.escape(row)}"]`)) ||
    document.getElementById("main")
  );
}

/** Show `content` above everything and give back the function that takes it away again. */
export function openLayer(content, { onEscape }) {
  const held = document.activeElement;
  const layer = { node: h("div", { class: "layer" }, content), onEscape };
  document.getElementById("overlays").append(layer.node);
  layers.push(layer);
  setInert();
  return function closeLayer() {
    const at = layers.indexOf(layer);
    if (at < 0) return;
    layers.splice(at, 1);
    layer.node.remove();
    setInert();
    if (!layers.length || layers.at(-1).node.contains(held)) home(held)?.focus({ preventScroll: true });
  };
}

export const covered = () => layers.length > 0;

/** Ask the question of an element's `confirm` object. Resolves to true when the person goes on. */
export function askFirst(confirm) {
  return new Promise((resolve) => {
    let close = () => {};
    const answer = (yes) => () => {
      close();
      resolve(yes);
    };
    const style = confirm.style === "danger" ? "danger" : "primary";
    const no = h(
      "button",
      { type: "button", class: "button", testid: "confirm-no", onclick: answer(false) },
      plainText(confirm.deny) || "Cancel",
    );
    const yes = h(
      "button",
      { type: "button", class: `button ${style}`, testid: "confirm-yes", onclick: answer(true) },
      plainText(confirm.confirm) || "Yes",
    );
    const box = h(
      "div",
      {
        class: "dialog small",
        role: "alertdialog",
        "aria-modal": "true",
        testid: "confirm",
        "aria-labelledby": "confirm-title",
        "aria-describedby": "confirm-text",
      },
      h("h2", { id: "confirm-title" }, plainText(confirm.title)),
      h("div", { id: "confirm-text", class: "dialog-body" }, textNodes(confirm.text)),
      h("div", { class: "dialog-foot" }, no, yes),
    );
    close = openLayer(box, { onEscape: answer(false) });
    (style === "danger" ? no : yes).focus();
  });
}

/** A short message at the edge of the page that goes away by itself. */
export function toast(text, tone = "error") {
  const box = document.getElementById("toasts");
  const note = h(
    "div",
    { class: `toast ${tone}`, testid: "toast" },
    h("span", { dir: "auto" }, text),
    h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => note.remove() }, "×"),
  );
  while (box.children.length > 2) box.firstChild.remove();
  box.append(note);
  window.setTimeout(() => note.remove(), tone === "error" ? 9000 : 4000);
}
