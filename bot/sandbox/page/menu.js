// The overflow menu: opens under its button, walks with the arrow keys, closes with Escape, Tab or a click
// elsewhere. When the card under it moves or is drawn anew, it stays with its button.

import { arrowKeys, h } from "./dom.js";
import { plainText, textNodes } from "./mrkdwn.js";

let closeCurrent = () => {};

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const below = window.innerHeight - at.bottom > menu.offsetHeight + 12;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - menu.offsetHeight - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - menu.offsetWidth - 8))}px`;
}

function item(option, choose) {
  const text = h("span", {}, textNodes(option.text));
  const description = option.description && h("small", {}, textNodes(option.description));
  return h(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: "-1",
      testid: `option-${option.value}`,
      onclick: () => choose(option),
    },
    text,
    description,
  );
}

/** The button as it stands now: a card may have been drawn anew under an open menu. */
const standing = (button) =>
  button.isConnected ? button : document.querySelector(`[data-key="${CSS.escape(button.dataset.key ?? "")}"]`);

function isInSight(node) {
  const at = node.getBoundingClientRect();
  return at.bottom > 0 && at.top < window.innerHeight;
}

export function openMenu(opened, options, onChoose, label) {
  closeCurrent();
  let button = opened;
  const close = (refocus) => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    window.removeEventListener("resize", dismissed);
    document.removeEventListener("scroll", follow, true);
    button.setAttribute("aria-expanded", "false");
    closeCurrent = () => {};
    if (refocus) standing(button)?.focus();
  };
  const dismissed = () => close(false);
  const follow = (event) => {
    if (menu.contains(event.target)) return;
    button = standing(button) ?? button;
    if (button.isConnected && isInSight(button)) place(menu, button);
    else close(false);
  };
  const outside = (event) => {
    if (!menu.contains(event.target) && !button.contains(event.target)) close(false);
  };
  const choose = (option) => {
    close(true);
    onChoose(option);
  };
  const menu = h(
    "div",
    { class: "menu", role: "menu", "aria-label": label, testid: "menu" },
    options.map((option) => item(option, choose)),
  );
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      close(true);
    } else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      const hit = options.findIndex((option) => plainText(option.text).toLowerCase().startsWith(letter));
      if (hit >= 0) menu.children[hit].focus();
    }
  });
  arrowKeys(menu, "[role=menuitem]");
  (button.closest(".layer") || document.body).append(menu);
  place(menu, button);
  document.addEventListener("pointerdown", outside, true);
  window.addEventListener("resize", dismissed);
  document.addEventListener("scroll", follow, true);
  button.setAttribute("aria-expanded", "true");
  closeCurrent = () => close(false);
  menu.firstChild?.focus({ preventScroll: true });
}
