// Modals. The top view of the person's stack has the screen; what was typed survives an update, a push and the
// way back.

import { read, Refused, write } from "./api.js";
import { blocks } from "./blocks.js";
import { coalesced, h, iconButton, keepFocus } from "./dom.js";
import { problemOf } from "./inputs.js";
import { plainText } from "./mrkdwn.js";
import { openLayer, toast } from "./overlay.js";
import { world } from "./world.js";

const forms = new Map();
let top = null;
let stack = [];
let closeLayer = null;
let box = null;

function formOf(view) {
  if (!forms.has(view.id)) forms.set(view.id, { typed: new Map(), fields: [] });
  return forms.get(view.id);
}

function surfaceOf(view, form) {
  const name = (blockId, actionId) => JSON.stringify([blockId, actionId]);
  return {
    key: `modal/${view.id}`,
    click: (press) => write.modalClick(view.id, { ...press, values: valuesOf(form) }),
    options: (element) => write.options({ view_id: view.id }, element),
    values: {
      get: (blockId, actionId) => form.typed.get(name(blockId, actionId)),
      set: (blockId, actionId, payload) => form.typed.set(name(blockId, actionId), payload),
    },
    register: (entry) => form.fields.push(entry),
  };
}

function valuesOf(form) {
  const values = {};
  const put = (blockId, actionId, payload) => {
    values[blockId] = { ...values[blockId], [actionId]: payload };
  };
  for (const [name, payload] of form.typed) put(...JSON.parse(name), payload);
  for (const { block, control } of form.fields) put(block.block_id, block.element.action_id, tidy(control.read()));
  return values;
}

const tidy = (payload) =>
  payload.type === "number_input" && payload.value
    ? { ...payload, value: payload.value.trim().replace(",", ".") }
    : payload;

function complain(form, errors) {
  let first = null;
  const left = { ...errors };
  for (const entry of form.fields) {
    const text = left[entry.block.block_id] ?? "";
    delete left[entry.block.block_id];
    entry.fails(text);
    if (text && !first) first = entry;
  }
  first?.control.focus();
  for (const text of Object.values(left)) toast(text);
}

function busy(on) {
  if (!box) return;
  box.classList.toggle("busy", on);
  box.toggleAttribute("aria-busy", on);
  for (const button of box.querySelectorAll(".dialog-foot button")) button.setAttribute("aria-disabled", String(on));
  box.querySelector("[data-testid=modal-submit]")?.classList.toggle("busy", on);
}

async function submit(view) {
  const form = formOf(view);
  if (!view.submit || box.classList.contains("busy")) return;
  const problems = form.fields.map((entry) => [entry.block.block_id, problemOf(entry)]).filter(([, text]) => text);
  complain(form, Object.fromEntries(problems));
  if (problems.length) return;
  busy(true);
  const answer = await write.submit(view.id, valuesOf(form));
  busy(false);
  if (answer.errors) complain(form, answer.errors);
  else if (!answer.ok) toast(answer.error || "That could not be submitted.");
  else await refreshModals();
}

async function close(view) {
  if (box.classList.contains("busy")) return;
  busy(true);
  const answer = await write.close(view.id);
  busy(false);
  if (!answer.ok) toast(answer.error || "The modal could not be closed.");
  await refreshModals();
}

function headOf(view) {
  const below = stack.at(-2);
  const title = h("h2", { id: "modal-title", dir: "auto" }, plainText(view.title));
  const back =
    below && iconButton("back", `Back to ${plainText(below.title)}`, () => close(view), { key: "modal-back" });
  return h(
    "header",
    { class: "dialog-head" },
    back,
    title,
    iconButton("close", "Close", () => close(view), { key: "modal-x", testid: "modal-x" }),
  );
}

function footOf(view) {
  const words = plainText(view.close) || (view.submit ? "Cancel" : "Close");
  return h(
    "footer",
    { class: "dialog-foot" },
    h(
      "button",
      { type: "button", class: "button", testid: "modal-close", key: "modal-close", onclick: () => close(view) },
      words,
    ),
    view.submit &&
      h(
        "button",
        { type: "submit", class: "button primary", testid: "modal-submit", key: "modal-submit" },
        plainText(view.submit),
      ),
  );
}

function fill(view) {
  const form = formOf(view);
  form.fields = [];
  const content = h(
    "form",
    { novalidate: true, class: "dialog-form" },
    headOf(view),
    h("div", { class: "dialog-body" }, blocks(surfaceOf(view, form), view.blocks)),
    footOf(view),
  );
  content.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(view);
  });
  box.replaceChildren(content);
}

function focusFirst(view) {
  const wanted = formOf(view).fields.find((entry) => entry.block.element.focus_on_load) ?? formOf(view).fields[0];
  if (wanted) wanted.control.focus();
  else box.focus();
}

function show(view) {
  if (!closeLayer) {
    box = h("div", {
      class: "dialog",
      role: "dialog",
      "aria-modal": "true",
      "aria-labelledby": "modal-title",
      tabindex: "-1",
      testid: "modal",
    });
    closeLayer = openLayer(box, { onEscape: () => close(top) });
  }
  const isOther = view.id !== top?.id;
  const waiting = document.activeElement === box;
  top = view;
  box.dataset.view = view.id;
  if (isOther) fill(view);
  else keepFocus(box, () => fill(view));
  if (isOther || waiting || !box.contains(document.activeElement)) focusFirst(view);
}

function hide() {
  closeLayer?.();
  closeLayer = null;
  top = null;
  box = null;
}

let reader = null;

export const refreshModals = coalesced(async () => {
  const asked = world.me?.id;
  let views;
  try {
    ({ views } = await read.modals());
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    return;
  }
  if (asked !== world.me?.id) return;
  if (reader !== asked) hide();
  reader = asked;
  const before = JSON.stringify(stack);
  stack = views;
  if (!views.length) {
    forms.clear();
    hide();
  } else if (!top || JSON.stringify(views) !== before) {
    show(views.at(-1));
  }
});
