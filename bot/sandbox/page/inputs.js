// An input block: label, control, hint and the error beside it. Says which required fields are missing before
// anything is sent.

import { h } from "./dom.js";
import { field, holdsValue, initialOf, isEmpty } from "./fields.js";
import { plainText, textNodes } from "./mrkdwn.js";
import { press } from "./press.js";

let serial = 0;

/** Draw the block and register its control with the surface's form, if it has one. */
export function inputBlock(surface, block) {
  const { element } = block;
  if (!holdsValue(element)) return h("p", { class: "unknown" }, `(${element.type} cannot be shown here)`);
  const id = `field-${(serial += 1)}`;
  const error = h("p", { class: "field-error", id: `${id}-error`, testid: `error-${block.block_id}`, hidden: true });
  const hint = block.hint && h("p", { class: "hint", id: `${id}-hint` }, textNodes(block.hint));
  const row = h("div", { class: "field" });
  const fails = (text) => {
    error.textContent = text;
    error.hidden = !text;
    row.classList.toggle("invalid", Boolean(text));
    const box = control.box ?? control.node;
    if (text) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
  };
  const control = field(element, {
    initial: { ...initialOf(element), ...surface.values?.get(block.block_id, element.action_id) },
    optional: block.optional === true,
    dispatches: block.dispatch_action === true,
    props: {
      id,
      key: `${surface.key}/${block.block_id}/${element.action_id}`,
      testid: `field-${block.block_id}`,
      "aria-labelledby": `${id}-label`,
      "aria-describedby": `${hint ? `${id}-hint ` : ""}${id}-error`,
      "aria-required": block.optional ? null : "true",
    },
    options: (typed) => surface.options({ block_id: block.block_id, action_id: element.action_id, typed }),
    onChange: (payload, isMoment) => {
      surface.values?.set(block.block_id, element.action_id, payload);
      fails("");
      if (isMoment && block.dispatch_action) press(surface, block.block_id, element, payload, control.node);
    },
  });
  const label = h(
    "label",
    { id: `${id}-label`, for: id },
    plainText(block.label),
    block.optional && h("span", { class: "optional" }, " (optional)"),
  );
  row.append(label, control.node, error, ...(hint ? [hint] : []));
  surface.register?.({ block, control, fails });
  return row;
}

/** What is wrong with a field as it stands, in words, or "". */
export function problemOf({ block, control }) {
  const payload = control.read();
  if (isEmpty(payload)) return block.optional ? "" : "Please complete this required field.";
  const { element } = block;
  const text = payload.value;
  if (element.type === "number_input") return numberProblem(element, text.trim());
  if (element.min_length && text.length < element.min_length)
    return `Please enter at least ${element.min_length} characters.`;
  if (element.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(text)) return "Please enter an email address.";
  if (element.type === "url_text_input" && !/^https?:\/\/\S+$/.test(text)) return "Please enter a web address.";
  return "";
}

function numberProblem(element, text) {
  if (!/^-?\d+([.,]\d+)?$/.test(text)) return "Please enter a number.";
  if (!element.is_decimal_allowed && !/^-?\d+$/.test(text)) return "Please enter a whole number.";
  const number = Number(text.replace(",", "."));
  if (element.min_value !== undefined && number < Number(element.min_value))
    return `Please enter ${element.min_value} or more.`;
  if (element.max_value !== undefined && number > Number(element.max_value))
    return `Please enter ${element.max_value} or less.`;
  return "";
}
