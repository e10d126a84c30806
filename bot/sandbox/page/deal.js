// The small form that edits a deal in the CRM. It sends only what was changed; the CRM then tells Meshline by
// itself.

import { write } from "./api.js";
import { clip, h, iconButton } from "./dom.js";
import { openLayer, toast } from "./overlay.js";

const STAGES = {
  appointmentscheduled: "Appointment scheduled",
  contractsent: "Contract sent",
  closedwon: "Closed won",
  closedlost: "Closed lost",
};

export const stageName = (stage) => STAGES[stage] ?? stage ?? "";

const valueOf = (deal, name) =>
  deal.properties?.[name] ?? deal[name] ?? (name === "dealstage" ? deal.stage : undefined);

function textField(deal, name, label, hint) {
  const was = name === "amount" ? deal.properties?.amount : valueOf(deal, name);
  const placeholder = was === undefined ? (name === "amount" ? deal.amount : "unchanged") : "";
  const input = h("input", {
    id: `deal-${name}`,
    class: "input",
    value: was ?? "",
    placeholder,
    testid: `field-${name}`,
    autocomplete: "off",
  });
  return { name, input, was: was ?? "", row: row(name, label, input, hint) };
}

function stageField(deal) {
  const was = valueOf(deal, "dealstage") ?? "";
  const names = STAGES[was] ? Object.keys(STAGES) : [was, ...Object.keys(STAGES)];
  const input = h(
    "select",
    { id: "deal-dealstage", class: "input select", testid: "field-dealstage" },
    names.map((stage) => h("option", { value: stage }, stageName(stage))),
  );
  input.value = was;
  return { name: "dealstage", input, was, row: row("dealstage", "Stage", input) };
}

const row = (name, label, input, hint) =>
  h(
    "div",
    { class: "field" },
    h("label", { for: `deal-${name}` }, label),
    input,
    hint && h("p", { class: "hint" }, hint),
  );

export function editDeal(deal) {
  const fields = [
    textField(deal, "billing_code", "Billing code"),
    textField(deal, "payment_terms", "Payment terms"),
    stageField(deal),
    textField(deal, "amount", "Amount", "As the CRM keeps it, for example 1200.50"),
  ];
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const save = h("button", { type: "submit", class: "button primary", testid: "deal-save" }, "Save in the CRM");
  const cancel = h(
    "button",
    { type: "button", class: "button", testid: "deal-cancel", onclick: () => close() },
    "Cancel",
  );
  const form = h(
    "form",
    {
      class: "dialog small dialog-form",
      role: "dialog",
      "aria-modal": "true",
      "aria-labelledby": "deal-title",
      testid: "deal-form",
      novalidate: true,
    },
    h(
      "header",
      { class: "dialog-head" },
      h("h2", { id: "deal-title", dir: "auto" }, clip(deal.name || deal.id, 80)),
      iconButton("close", "Close", () => close()),
    ),
    h(
      "div",
      { class: "dialog-body" },
      fields.map((one) => one.row),
      problem,
    ),
    h("footer", { class: "dialog-foot" }, cancel, save),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const changed = fields.filter((one) => one.input.value !== one.was);
    if (!changed.length) return close();
    if (save.classList.contains("busy")) return undefined;
    save.classList.add("busy");
    const answer = await write.editDeal(deal.id, Object.fromEntries(changed.map((one) => [one.name, one.input.value])));
    save.classList.remove("busy");
    if (answer.ok) {
      close();
      return toast("Saved in the CRM. Meshline hears of it by webhook.", "good");
    }
    problem.textContent = answer.error || "The CRM refused that.";
    problem.hidden = false;
    return undefined;
  });
  const close = openLayer(form, { onEscape: () => close() });
  fields[0].input.focus();
}
