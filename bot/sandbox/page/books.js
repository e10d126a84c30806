// What stands in the two systems: the CRM's deals, which can be edited as a salesperson would, and the ERP's
// invoices.

import { read, Refused } from "./api.js";
import { coalesced, clip, h, keepFocus } from "./dom.js";
import { editDeal, stageName } from "./deal.js";
import { renameField } from "./rename.js";
import { toast } from "./overlay.js";

const words = (text) => String(text ?? "").replaceAll("_", " ");
const tone = (status) =>
  ({
    paid: "good",
    posted: "good",
    invoiced: "good",
    open: "good",
    delivered: "good",
    billed: "good",
    draft: "idle",
    voided: "bad",
    failed: "bad",
    blocked: "bad",
    exception: "bad",
    held: "warn",
  })[String(status ?? "").toLowerCase()] ?? "idle";
const chip = (status) =>
  status ? h("span", { class: `chip ${tone(status)}` }, words(status)) : h("span", { class: "quiet" }, "–");
const long = (text) =>
  h(
    "span",
    { class: "long", dir: "auto", title: clip(String(text ?? ""), 300) },
    clip(String(text ?? "–"), 120) || "–",
  );

function labelled(row, names) {
  for (const [index, cell] of [...row.children].entries()) cell.dataset.label = names[index];
  return row;
}

const DEALS = {
  title: "CRM deals",
  topic: "The CRM, as a salesperson sees it. An edit here reaches Meshline as a webhook.",
  rows: (books) => books.deals,
  tools: (books) =>
    h(
      "button",
      { type: "button", class: "button slim", testid: "rename-field", onclick: () => renameField(books().fields ?? []) },
      "Rename a field",
    ),
  names: ["Deal", "Company", "Stage", "Amount", "Billing status", "Planted defect", "Edit"],
  searched: (deal) => [deal.id, deal.name, deal.company, deal.stage, deal.billing_status, words(deal.defect)],
  row: (deal) =>
    h(
      "tr",
      { testid: `deal-${deal.id}`, "data-row": `deal/${deal.id}` },
      h("th", { scope: "row" }, long(deal.name), h("small", { class: "quiet" }, deal.id)),
      h("td", {}, long(deal.company)),
      h("td", {}, stageName(deal.stage)),
      h("td", { class: "number" }, deal.amount),
      h("td", {}, chip(deal.billing_status)),
      h("td", {}, deal.defect ? h("span", { class: "chip warn" }, words(deal.defect)) : ""),
      h(
        "td",
        {},
        h(
          "button",
          {
            type: "button",
            class: "button slim",
            testid: `deal-edit-${deal.id}`,
            key: `deal-edit-${deal.id}`,
            "aria-label": `Edit ${clip(deal.name ?? deal.id, 60)}`,
            onclick: () => editDeal(deal),
          },
          "Edit",
        ),
      ),
    ),
};

const INVOICES = {
  title: "ERP invoices",
  topic: "The ERP's books. Each deal may appear here once, whatever the network did.",
  rows: (books) => books.invoices,
  names: ["Invoice", "Reference", "Customer", "Status", "Total"],
  searched: (invoice) => [invoice.id, invoice.number, invoice.reference, invoice.customer, invoice.status],
  row: (invoice) =>
    h(
      "tr",
      { testid: `invoice-${invoice.id}`, "data-row": `invoice/${invoice.id}` },
      h("th", { scope: "row" }, invoice.number || h("span", { class: "quiet" }, "not numbered yet")),
      h("td", {}, h("code", {}, clip(String(invoice.reference ?? ""), 60))),
      h("td", {}, long(invoice.customer)),
      h("td", {}, chip(invoice.status)),
      h("td", { class: "number" }, invoice.total),
    ),
};

function booksPane(kind) {
  const faults = h("div", { class: "faults", role: "status" });
  const body = h("tbody");
  const count = h("span", { class: "quiet", role: "status" });
  const search = h("input", {
    type: "search",
    class: "input search",
    placeholder: "Filter",
    "aria-label": `Filter ${kind.title}`,
    testid: "books-filter",
    oninput: () => draw(),
  });
  const table = h(
    "table",
    { class: "books" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        kind.names.map((name) =>
          h(
            "th",
            { scope: "col", class: name === "Amount" || name === "Total" ? "number" : null },
            name === "Edit" ? h("span", { class: "unseen" }, name) : name,
          ),
        ),
      ),
    ),
    body,
  );
  const scroller = h(
    "div",
    { class: "scroller books-scroll", tabindex: "0", role: "region", "aria-label": kind.title },
    table,
  );
  const node = h(
    "section",
    { class: "pane", "aria-label": kind.title },
    h("header", { class: "pane-head" }, h("h1", {}, kind.title), h("p", { class: "topic" }, kind.topic)),
    h("div", { class: "books-tools" }, search, count, kind.tools?.(() => books ?? {})),
    faults,
    scroller,
  );
  let books = null;

  function draw() {
    if (!books) return;
    const wanted = search.value.trim().toLowerCase();
    const all = kind.rows(books);
    const rows = all.filter(
      (row) =>
        !wanted ||
        kind.searched(row).some((text) =>
          String(text ?? "")
            .toLowerCase()
            .includes(wanted),
        ),
    );
    count.textContent = rows.length === all.length ? `${all.length} in all` : `${rows.length} of ${all.length}`;
    faults.replaceChildren(...books.faults.map((fault) => h("span", { class: "chip warn" }, fault)));
    keepFocus(body, () => body.replaceChildren(...rows.map((row) => labelled(kind.row(row), kind.names))));
  }

  const refresh = coalesced(async () => {
    if (!node.isConnected) return;
    try {
      books = await read.books();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      toast(problem.message);
      return;
    }
    draw();
  });

  return { node, refresh, open: refresh };
}

export const dealsPane = () => booksPane(DEALS);
export const invoicesPane = () => booksPane(INVOICES);
