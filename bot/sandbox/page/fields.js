// Controls that hold a value. Each is {node, read(), write(payload), focus()}; a payload is what Slack calls the
// element's state.

import { h } from "./dom.js";
import { plainText, textNodes } from "./mrkdwn.js";
import { searchField } from "./search.js";
import { world } from "./world.js";

const TEXT_KINDS = { plain_text_input: "text", number_input: "text", email_text_input: "email", url_text_input: "url" };

function textField(element, setting) {
  const common = {
    placeholder: plainText(element.placeholder),
    maxlength: element.max_length,
    value: setting.initial.value ?? "",
    ...setting.props,
    ...(element.type === "number_input" ? { inputmode: element.is_decimal_allowed ? "decimal" : "numeric" } : {}),
  };
  const node = element.multiline
    ? h("textarea", { rows: 4, class: "input", dir: "auto", ...common })
    : h("input", { type: TEXT_KINDS[element.type], class: "input", dir: "auto", autocomplete: "off", ...common });
  const read = () => ({ type: element.type, value: node.value === "" ? null : node.value });
  const moments = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  node.addEventListener("input", () => setting.onChange(read(), moments.includes("on_character_entered")));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || element.multiline) return;
    if (setting.dispatches && moments.includes("on_enter_pressed")) {
      event.preventDefault();
      setting.onChange(read(), true);
    }
  });
  return { node, read, write: (payload) => (node.value = payload.value ?? ""), focus: () => node.focus() };
}

const DATES = {
  datepicker: ["date", "selected_date"],
  timepicker: ["time", "selected_time"],
  datetimepicker: ["datetime-local", "selected_date_time"],
};

function dateField(element, setting) {
  const [type, name] = DATES[element.type];
  const node = h("input", { type, class: "input date", value: setting.initial[name] ?? "", ...setting.props });
  const shown = (payload) =>
    payload[name] && type === "datetime-local"
      ? new Date(payload[name] * 1000).toISOString().slice(0, 16)
      : (payload[name] ?? "");
  node.value = shown(setting.initial);
  const read = () => {
    const seconds = type === "datetime-local" && node.value ? Math.floor(Date.parse(`${node.value}Z`) / 1000) : null;
    return { type: element.type, [name]: type === "datetime-local" ? seconds : node.value || null };
  };
  node.addEventListener("change", () => setting.onChange(read(), true));
  return { node, read, write: (payload) => (node.value = shown(payload)), focus: () => node.focus() };
}

const SOURCES = {
  users_select: ["selected_user", () => world.people.map((one) => [one.id, `${one.real_name} · ${one.title}`])],
  conversations_select: ["selected_conversation", () => world.channels.map((one) => [one.id, `#${one.name}`])],
  channels_select: ["selected_channel", () => world.channels.map((one) => [one.id, `#${one.name}`])],
};

function idSelect(element, setting) {
  const [name, source] = SOURCES[element.type];
  const options = source().map(([id, label]) => h("option", { value: id }, label));
  return select(element, setting, options, {
    toPayload: (id) => ({ type: element.type, [name]: id || null }),
    fromPayload: (payload) => payload[name] ?? "",
  });
}

function optionSelect(element, setting) {
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  const all = groups.flatMap((group) => group.options);
  const asNode = (option) => h("option", { value: option.value }, plainText(option.text));
  const options = groups.map((group) =>
    group.label
      ? h("optgroup", { label: plainText(group.label) }, group.options.map(asNode))
      : group.options.map(asNode),
  );
  return select(element, setting, options, {
    toPayload: (value) => ({
      type: element.type,
      selected_option: all.find((option) => option.value === value) ?? null,
    }),
    fromPayload: (payload) => payload.selected_option?.value ?? "",
  });
}

function select(element, setting, options, { toPayload, fromPayload }) {
  const empty = h("option", { value: "", disabled: !setting.optional }, plainText(element.placeholder) || "Choose one");
  const node = h("select", { class: "input select", ...setting.props }, empty, options);
  node.value = fromPayload(setting.initial);
  if (node.selectedIndex < 0) node.value = "";
  const read = () => toPayload(node.value);
  node.addEventListener("change", () => setting.onChange(read(), true));
  return { node, read, write: (payload) => (node.value = fromPayload(payload)), focus: () => node.focus() };
}

let groups = 0;

function choices(element, setting, options, { type, toPayload, fromPayload }) {
  const name = `choice-${(groups += 1)}`;
  const inputs = options.map((option) => h("input", { type, name, value: option.value }));
  const rows = options.map((option, index) =>
    h(
      "label",
      { class: "choice" },
      inputs[index],
      h("span", {}, textNodes(option.text), option.description && h("small", {}, textNodes(option.description))),
    ),
  );
  const { key, ...props } = setting.props;
  inputs.forEach((input, index) => (input.dataset.key = `${key}/${index}`));
  const node = h("div", { class: "choices", role: type === "radio" ? "radiogroup" : "group", ...props }, rows);
  const write = (payload) => {
    const chosen = fromPayload(payload);
    inputs.forEach((input) => (input.checked = chosen.includes(input.value)));
  };
  write(setting.initial);
  const read = () => toPayload(inputs.filter((input) => input.checked).map((input) => input.value));
  node.addEventListener("change", () => setting.onChange(read(), true));
  return { node, read, write, focus: () => (inputs.find((input) => input.checked) ?? inputs[0])?.focus() };
}

const pick = (options, values) => options.filter((option) => values.includes(option.value));

function radioField(element, setting) {
  return choices(element, setting, element.options, {
    type: "radio",
    toPayload: (values) => ({ type: element.type, selected_option: pick(element.options, values)[0] ?? null }),
    fromPayload: (payload) => [payload.selected_option?.value],
  });
}

function checkField(element, setting) {
  const options = element.options ?? element.option_groups.flatMap((group) => group.options);
  return choices(element, setting, options, {
    type: "checkbox",
    toPayload: (values) => ({ type: element.type, selected_options: pick(options, values) }),
    fromPayload: (payload) => (payload.selected_options ?? []).map((option) => option.value),
  });
}

function peopleField(element, setting) {
  const options = world.people.map((one) => ({ value: one.id, text: { type: "plain_text", text: one.real_name } }));
  return choices(element, setting, options, {
    type: "checkbox",
    toPayload: (values) => ({ type: element.type, selected_users: values }),
    fromPayload: (payload) => payload.selected_users ?? [],
  });
}

const KINDS = {
  plain_text_input: textField,
  number_input: textField,
  email_text_input: textField,
  url_text_input: textField,
  datepicker: dateField,
  timepicker: dateField,
  datetimepicker: dateField,
  users_select: idSelect,
  conversations_select: idSelect,
  channels_select: idSelect,
  static_select: optionSelect,
  external_select: searchField,
  radio_buttons: radioField,
  checkboxes: checkField,
  multi_static_select: checkField,
  multi_users_select: peopleField,
};

export const holdsValue = (element) => Object.hasOwn(KINDS, element.type);

/** What the element starts with, in the shape of its payload. */
export function initialOf(element) {
  return {
    value: element.initial_value ?? null,
    selected_option: element.initial_option ?? null,
    selected_options: element.initial_options ?? [],
    selected_date: element.initial_date ?? null,
    selected_time: element.initial_time ?? null,
    selected_date_time: element.initial_date_time ?? null,
    selected_user: element.initial_user ?? null,
    selected_users: element.initial_users ?? [],
    selected_channel: element.initial_channel ?? null,
    selected_conversation: element.initial_conversation ?? null,
  };
}

/** `setting` is {initial, optional, dispatches, props, onChange(payload, isMoment), options(typed)}. */
export function field(element, setting) {
  return KINDS[element.type](element, setting);
}

export function isEmpty(payload) {
  return Object.entries(payload).every(
    ([name, value]) => name === "type" || value === null || value === "" || (Array.isArray(value) && !value.length),
  );
}
