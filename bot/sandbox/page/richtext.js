// The part of rich_text that apps use: sections, lists, quotes and preformatted text with styled words, links
// and mentions.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcastChip, channelLink, dateNode, link, mention } from "./mrkdwn.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function styled(node, style = {}) {
  return Object.entries(STYLES).reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}

const WORDS = {
  text: (part) => part.text,
  link: (part) => link(part.url, part.text),
  user: (part) => mention(part.user_id),
  channel: (part) => channelLink(part.channel_id),
  broadcast: (part) => broadcastChip(part.range),
  usergroup: () => h("span", { class: "mention" }, "@group"),
  emoji: (part) => emoji(part.name) ?? `:${part.name}:`,
  date: (part) => dateNode(part.timestamp, part.format, part.fallback, part.url),
  color: (part) => part.value,
};

const words = (parts) => parts.map((part) => (WORDS[part.type] ? styled(WORDS[part.type](part), part.style) : ""));

const KINDS = {
  rich_text_section: (part) => h("div", { class: "lines" }, words(part.elements)),
  rich_text_preformatted: (part) => h("pre", {}, words(part.elements)),
  rich_text_quote: (part) => h("blockquote", {}, words(part.elements)),
  rich_text_list: (part) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      { start: part.offset ? part.offset + 1 : null },
      part.elements.map((item) => h("li", {}, words(item.elements))),
    ),
};

export const richText = (block) => block.elements.map((part) => (KINDS[part.type] ? KINDS[part.type](part) : null));
