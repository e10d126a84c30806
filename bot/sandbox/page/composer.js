// Where a person writes. A text that starts with "/" is a command; anything else is a plain message. A refused
// text is kept.

import { h, icon } from "./dom.js";
import { toast } from "./overlay.js";

const drafts = new Map();

function fit(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, 160)}px`;
}

/** `send(text)` answers {ok, error?}; `onSent` runs after it did. `draftKey()` names the place the unsent text belongs to;
 * `menu()` gives a button to stand before the text. */
export function composer({ testid, label, placeholder, send, draftKey, menu = () => null, onSent = () => {} }) {
  const area = h("textarea", { rows: 1, testid, "aria-label": label, placeholder, dir: "auto", key: testid });
  const button = h(
    "button",
    { type: "submit", class: "send", "aria-label": "Send", title: "Send", disabled: true },
    icon("send"),
  );
  const hint = h("p", { class: "composer-hint", "aria-live": "polite" });

  let underWay = 0;

  function update() {
    const text = area.value;
    button.disabled = !text.trim();
    hint.textContent = text.startsWith("/") ? "Enter runs this command. Only you see its answer." : "";
    drafts.set(draftKey(), text);
    fit(area);
  }

  // The text leaves the box at once, so that the next one can be written; a refused one comes back.
  async function submit() {
    const text = area.value.trim();
    if (!text) return;
    const key = draftKey();
    area.value = "";
    update();
    sending(1);
    const answer = await send(text);
    sending(-1);
    if (answer.ok) {
      onSent();
      return;
    }
    if (!drafts.get(key)) drafts.set(key, text);
    if (draftKey() === key && !area.value) {
      area.value = text;
      update();
    }
    toast(answer.error || "That could not be sent.");
  }

  function sending(by) {
    underWay += by;
    form.classList.toggle("busy", underWay > 0);
    form.setAttribute("aria-busy", String(underWay > 0));
  }

  const side = h("span", { class: "composer-menu" });
  const form = h("form", { class: "composer" }, h("div", { class: "composer-box" }, side, area, button), hint);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  area.addEventListener("input", update);
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  return {
    node: form,
    isSending: () => underWay > 0,
    focus: () => area.focus(),
    place(text) {
      area.placeholder = text;
      area.setAttribute("aria-label", text);
      area.value = drafts.get(draftKey()) ?? "";
      side.replaceChildren(...[menu()].filter(Boolean));
      update();
    },
  };
}
