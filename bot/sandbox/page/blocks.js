// Block Kit as DOM nodes. A surface {key, click(press)} tells where a press goes; a block we do not know says so
// in words.

import { h, safeUrl } from "./dom.js";
import { interactive } from "./elements.js";
import { inputBlock } from "./inputs.js";
import { mrkdwn, plainText, textNodes } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const sourceOf = ({ image_url: url, slack_file: file }) =>
  url ?? file?.url ?? (file?.id && `/slack/files/${encodeURIComponent(file.id)}`);

function picture(image, name) {
  const { alt_text: alt } = image;
  const source = sourceOf(image);
  const url = source && safeUrl(source);
  return url
    ? h("img", { class: name, src: url, alt, loading: "lazy", referrerpolicy: "no-referrer" })
    : h("span", { class: "unknown" }, alt);
}

function section(surface, block) {
  const { accessory } = block;
  const side =
    accessory &&
    h(
      "div",
      { class: "accessory" },
      accessory.type === "image"
        ? picture(accessory, "thumb")
        : interactive({ ...surface, labelOf: () => plainText(block.text) }, block.block_id, accessory),
    );
  const fields = block.fields?.length
    ? h(
        "div",
        { class: "fields" },
        block.fields.map((text) => h("div", {}, textNodes(text))),
      )
    : null;
  return h(
    "div",
    { class: "block section" },
    h("div", { class: "section-body" }, block.text && h("div", { class: "text" }, textNodes(block.text)), fields),
    side,
  );
}

function context(surface, block) {
  return h(
    "div",
    { class: "block context" },
    block.elements.map((element) =>
      element.type === "image"
        ? picture(element, "context-image")
        : h("span", {}, textNodes(element)),
    ),
  );
}

function actions(surface, block) {
  return h(
    "div",
    { class: "block actions", role: "group" },
    block.elements.map((element) => interactive(surface, block.block_id, element)),
  );
}

function image(surface, block) {
  return h(
    "figure",
    { class: "block image" },
    block.title && h("figcaption", {}, textNodes(block.title)),
    picture(block, "picture"),
  );
}

function cell(content, settings, tag) {
  const body =
    content.type === "rich_text" ? richText(content) : textNodes({ type: "plain_text", text: content.text ?? "" });
  return h(
    tag,
    { class: `align-${settings?.align || "left"}${settings?.is_wrapped ? " wrapped" : ""}`, dir: "auto" },
    body,
  );
}

function table(surface, block) {
  const settings = block.column_settings ?? [];
  const line = (row, tag) =>
    h(
      "tr",
      {},
      row.map((content, index) => cell(content, settings[index], tag)),
    );
  const [head, ...body] = block.rows;
  return h(
    "div",
    { class: "block table-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    h(
      "table",
      { class: "table" },
      h("thead", {}, line(head, "th")),
      h(
        "tbody",
        {},
        body.map((row) => line(row, "td")),
      ),
    ),
  );
}

const KINDS = {
  section,
  context,
  actions,
  image,
  table,
  header: (surface, block) => h("h3", { class: "block header", dir: "auto" }, textNodes(block.text)),
  divider: () => h("hr", { class: "block" }),
  input: (surface, block) => inputBlock(surface, block),
  rich_text: (surface, block) => h("div", { class: "block rich", dir: "auto" }, richText(block)),
  markdown: (surface, block) =>
    h("div", { class: "block section", dir: "auto" }, mrkdwn(block.text.replaceAll("**", "*"))),
};

export function blocks(surface, list) {
  return list.map((block) =>
    Object.hasOwn(KINDS, block.type)
      ? KINDS[block.type](surface, block)
      : h("p", { class: "block unknown" }, `(A ${block.type} block cannot be shown here)`),
  );
}
