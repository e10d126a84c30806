// A menu whose options the app finds while a person types. The letters are asked for once they rest; the arrow keys
// walk through what was found, Enter takes it, Escape closes the list and leaves the dialog open.

import { h } from "./dom.js";
import { plainText, textNodes } from "./mrkdwn.js";

const REST = 160;
const LEAST = 3; // what Slack takes when the app does not say

let serial = 0;

const wordsOf = (option) => (option ? plainText(option.text) : "");

function optionNode(option, id) {
  const description = option.description && h("small", {}, textNodes(option.description));
  return h("div", { role: "option", id, class: "found", "aria-selected": "false" }, textNodes(option.text), description);
}

export function searchField(element, setting) {
  const listId = `found-${(serial += 1)}`;
  let chosen = setting.initial.selected_option ?? null;
  let found = [];
  let at = -1;
  let timer = 0;
  let asked = 0;

  const list = h("div", { class: "found-list", role: "listbox", id: listId, hidden: true, testid: "found-list" });
  const state = h("p", { class: "found-state", role: "status", hidden: true });
  const input = h("input", {
    type: "text",
    class: "input",
    dir: "auto",
    autocomplete: "off",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    placeholder: plainText(element.placeholder) || "Type to search",
    value: wordsOf(chosen),
    ...setting.props,
  });
  const node = h("div", { class: "search-field" }, input, list, state);

  const read = () => ({ type: element.type, selected_option: chosen });

  function say(text) {
    state.textContent = text;
    state.hidden = !text;
  }

  function close() {
    window.clearTimeout(timer);
    asked += 1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    say("");
  }

  function walk(to) {
    at = (to + found.length) % found.length;
    [...list.children].forEach((child, index) => child.setAttribute("aria-selected", String(index === at)));
    input.setAttribute("aria-activedescendant", `${listId}-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function take(option) {
    chosen = option;
    input.value = wordsOf(option);
    close();
    setting.onChange(read(), true);
  }

  function draw(options) {
    found = options;
    at = -1;
    list.replaceChildren(...options.map((option, index) => optionNode(option, `${listId}-${index}`)));
    list.hidden = !options.length;
    input.setAttribute("aria-expanded", String(options.length > 0));
    say(options.length ? "" : "Nothing was found.");
    if (options.length) walk(0);
  }

  async function ask() {
    const typed = input.value.trim();
    const least = element.min_query_length ?? LEAST;
    if (typed.length < least) {
      close();
      if (typed) say(`Type at least ${least} letters.`);
      return;
    }
    const mine = (asked += 1);
    say("Searching…");
    const answer = await setting.options(typed);
    if (mine !== asked) return;
    if (answer.ok) draw(answer.options);
    else {
      list.hidden = true;
      say(answer.error || "The search did not work.");
    }
  }

  function soon() {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, REST);
  }

  input.addEventListener("input", () => {
    if (chosen && input.value !== wordsOf(chosen)) {
      chosen = null;
      setting.onChange(read(), false);
    }
    soon();
  });
  input.addEventListener("focus", () => {
    if (!chosen && (element.min_query_length ?? LEAST) === 0) soon();
  });
  input.addEventListener("blur", () => {
    close();
    if (!chosen) input.value = "";
  });
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) walk(at + (event.key === "ArrowDown" ? 1 : -1));
      else ask();
    } else if (event.key === "Enter" && open && at >= 0) {
      event.preventDefault();
      take(found[at]);
    }
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const row = event.target.closest("[role=option]");
    if (row) take(found[[...list.children].indexOf(row)]);
  });

  return {
    node,
    box: input,
    read,
    write: (payload) => {
      chosen = payload.selected_option ?? null;
      input.value = wordsOf(chosen);
    },
    focus: () => input.focus(),
  };
}
