// Interactive elements of a message, a modal or the Home tab: buttons, overflow menus, and value controls that
// answer at once.

import { h, icon, safeUrl } from "./dom.js";
import { field, holdsValue, initialOf } from "./fields.js";
import { openMenu } from "./menu.js";
import { plainText, textNodes } from "./mrkdwn.js";
import { isRunning, press } from "./press.js";

const keyOf = (surface, blockId, element) => `${surface.key}/${blockId}/${element.action_id}`;

function button(surface, blockId, element) {
  const key = keyOf(surface, blockId, element);
  const url = element.url && safeUrl(element.url);
  const props = {
    class: `button ${element.style || ""} ${isRunning(key) ? "busy" : ""}`,
    key,
    testid: `action-${element.action_id}`,
    "aria-label": element.accessibility_label,
    onclick: () => press(surface, blockId, element, element.value === undefined ? {} : { value: element.value }, node),
  };
  const node = url
    ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer", ...props }, textNodes(element.text))
    : h("button", { type: "button", ...props }, textNodes(element.text));
  return node;
}

function overflow(surface, blockId, element) {
  const choose = (option) => {
    const url = option.url && safeUrl(option.url);
    if (url) window.open(url, "_blank", "noopener,noreferrer");
    press(surface, blockId, element, { selected_option: option }, node);
  };
  const node = h(
    "button",
    {
      type: "button",
      class: "button overflow",
      key: keyOf(surface, blockId, element),
      testid: `overflow-${element.action_id}`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": "More actions",
      title: "More actions",
      onclick: () => openMenu(node, element.options, choose, "More actions"),
      onkeydown: (event) => {
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        openMenu(node, element.options, choose, "More actions");
      },
    },
    icon("more"),
  );
  return node;
}

function answering(surface, blockId, element) {
  let last = { ...initialOf(element), ...surface.values?.get(blockId, element.action_id) };
  const control = field(element, {
    initial: last,
    optional: false,
    dispatches: true,
    props: {
      key: keyOf(surface, blockId, element),
      testid: `action-${element.action_id}`,
      "aria-label": plainText(element.placeholder) || surface.labelOf?.(blockId) || element.action_id,
    },
    options: (typed) => surface.options({ block_id: blockId, action_id: element.action_id, typed }),
    onChange: async (payload, isMoment) => {
      surface.values?.set(blockId, element.action_id, payload);
      if (!isMoment) return;
      if (await press(surface, blockId, element, payload, control.node)) last = payload;
      else {
        surface.values?.set(blockId, element.action_id, last);
        control.write(last);
      }
    },
  });
  return control.node;
}

export function interactive(surface, blockId, element) {
  if (element.type === "button" || element.type === "workflow_button") return button(surface, blockId, element);
  if (element.type === "overflow") return overflow(surface, blockId, element);
  if (holdsValue(element)) return answering(surface, blockId, element);
  return h("span", { class: "unknown" }, `(${element.type} cannot be shown here)`);
}
