// The small form with which an administrator renames a field of the CRM, as it happens on any quiet afternoon. Nobody is
// told: Meshline has to notice.

import { write } from "./api.js";
import { h, iconButton } from "./dom.js";
import { openLayer, toast } from "./overlay.js";

const KINDS = { deals: "Deal", companies: "Company", line_items: "Line item" };

const row = (id, label, input, hint) =>
  h("div", { class: "field" }, h("label", { for: id }, label), input, hint && h("p", { class: "hint" }, hint));

export function renameField(fields) {
  const which = h(
    "select",
    { id: "rename-which", class: "input select", testid: "rename-which" },
    fields.map((one) =>
      h("option", { value: `${one.kind}/${one.name}` }, `${KINDS[one.kind] ?? one.kind}: ${one.label} (${one.name})`),
    ),
  );
  const name = h("input", { id: "rename-new", class: "input", testid: "rename-new", autocomplete: "off" });
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const save = h("button", { type: "submit", class: "button primary", testid: "rename-save" }, "Rename in the CRM");
  const cancel = h("button", { type: "button", class: "button", onclick: () => close() }, "Cancel");
  const form = h(
    "form",
    {
      class: "dialog small dialog-form",
      role: "dialog",
      "aria-modal": "true",
      "aria-labelledby": "rename-title",
      testid: "rename-form",
      novalidate: true,
    },
    h(
      "header",
      { class: "dialog-head" },
      h("h2", { id: "rename-title" }, "Rename a field"),
      iconButton("close", "Close", () => close()),
    ),
    h(
      "div",
      { class: "dialog-body" },
      row("rename-which", "Field", which),
      row("rename-new", "New name", name, "Small letters, digits and underscores, for example billing_ref"),
      problem,
    ),
    h("footer", { class: "dialog-foot" }, cancel, save),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (save.classList.contains("busy")) return undefined;
    save.classList.add("busy");
    const [kind, old] = which.value.split("/");
    const answer = await write.renameField({ kind, name: old, new: name.value.trim() });
    save.classList.remove("busy");
    if (answer.ok) {
      close();
      return toast("Renamed in the CRM. Nobody was told.", "good");
    }
    problem.textContent = answer.error || "The CRM refused that.";
    problem.hidden = false;
    return undefined;
  });
  const close = openLayer(form, { onEscape: () => close() });
  which.focus();
}
