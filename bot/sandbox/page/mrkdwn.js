// Slack's mrkdwn as DOM nodes. Every character of the text ends up either in a text node or in a node named
// here.

import { h, safeUrl } from "./dom.js";
import { dateToken } from "./dates.js";
import { emoji, withDrawn } from "./emoji.js";
import { channel, person, tell, world } from "./world.js";

const EMPHASIS = { "*": "strong", _: "em", "~": "s" };
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const BARE_URL = /^https?:\/\/[^\s<>|]*[^\s<>|.,;:!?'")\]]/;
const SHORTCODE = /^:([a-z0-9_+-]+):/;

export const unescapeText = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

export function mention(id, label) {
  const who = person(id);
  const name = who ? who.real_name : label || id;
  return h("span", { class: id === world.me?.id ? "mention mine" : "mention", dir: "auto" }, `@${name}`);
}

export function channelLink(id, label) {
  const known = channel(id);
  const name = `#${known?.name || label || id}`;
  if (!known) return h("span", { class: "mention" }, name);
  return h(
    "button",
    { type: "button", class: "mention as-link", onclick: () => tell("go", { view: "channel", channel: id }) },
    name,
  );
}

export function link(url, label) {
  const safe = safeUrl(url);
  if (!safe) return h("span", {}, label || url);
  return h("a", { href: safe, target: "_blank", rel: "noopener noreferrer", dir: "auto" }, label || url);
}

export const broadcastChip = (range) => h("span", { class: "mention mine" }, `@${range}`);

export function dateNode(seconds, template, fallback, url) {
  const text = dateToken(seconds, template) ?? fallback;
  const node = h("time", { title: fallback || false }, text);
  return url ? link(url, text) : node;
}

function special(body, label) {
  const [command, ...rest] = body.slice(1).split("^");
  if (command === "date") return dateNode(rest[0], unescapeText(rest[1] || "{date}"), label, rest[2]);
  if (command === "subteam") return h("span", { class: "mention" }, label || "@group");
  return broadcastChip(command);
}

function angle(inner) {
  const bar = inner.indexOf("|");
  const body = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? "" : unescapeText(inner.slice(bar + 1));
  if (body.startsWith("@")) return mention(body.slice(1), label);
  if (body.startsWith("#")) return channelLink(body.slice(1), label);
  if (body.startsWith("!")) return special(body, label);
  if (/^(https?:|mailto:)/i.test(body)) return link(unescapeText(body), label);
  return unescapeText(`<${inner}>`);
}

const isWord = (letter) => letter !== undefined && /[\p{L}\p{N}]/u.test(letter);
const isSpace = (letter) => letter === undefined || /\s/.test(letter);

/** Where the emphasis that opens at `start` closes, or -1. Code and <…> are skipped as wholes. */
function closing(text, start) {
  const sign = text[start];
  if (isSpace(text[start + 1]) || isWord(text[start - 1])) return -1;
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "`" || text[at] === "<") {
      const end = text.indexOf(text[at] === "`" ? "`" : ">", at + 1);
      if (end > 0) at = end;
    } else if (text[at] === sign && at > start + 1 && !isSpace(text[at - 1]) && !isWord(text[at + 1])) {
      return at;
    }
  }
  return -1;
}

/** The special thing at `at` as [node, length], or null when it is an ordinary character. */
function thingAt(text, at) {
  const letter = text[at];
  if (letter === "`") {
    const end = text.indexOf("`", at + 1);
    if (end > at + 1 && !text.slice(at, end).includes("\n"))
      return [h("code", {}, unescapeText(text.slice(at + 1, end))), end - at + 1];
  } else if (letter === "<") {
    const end = text.indexOf(">", at);
    if (end > at + 1) return [angle(text.slice(at + 1, end)), end - at + 1];
  } else if (letter === ":") {
    const code = SHORTCODE.exec(text.slice(at, at + 60));
    const node = code && emoji(code[1]);
    if (node) return [node, code[0].length];
  } else if (letter === "h" && !isWord(text[at - 1])) {
    const url = BARE_URL.exec(text.slice(at, at + 2000));
    if (url) return [link(unescapeText(url[0])), url[0].length];
  } else if (EMPHASIS[letter]) {
    const end = closing(text, at);
    if (end > 0) return [h(EMPHASIS[letter], { dir: "auto" }, inline(text.slice(at + 1, end))), end - at + 1];
  }
  return null;
}

export function inline(text) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    nodes.push(...withDrawn(unescapeText(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length;) {
    const thing = "`<:h*_~".includes(text[at]) ? thingAt(text, at) : null;
    if (thing) {
      flush();
      nodes.push(thing[0]);
    } else {
      plain += text[at];
    }
    at += thing ? thing[1] : 1;
  }
  flush();
  return nodes;
}

const quoted = (line) => /^(?:>|&gt;)(?!>|&gt;)/.test(line);

function lines(text) {
  const nodes = [];
  let run = [];
  let quoting = false;
  const flush = () => {
    if (!run.length) return;
    const content = inline(run.join("\n"));
    nodes.push(quoting ? h("blockquote", {}, content) : h("span", { class: "lines" }, content));
    run = [];
  };
  for (const line of text.split("\n")) {
    if (quoted(line) !== quoting) {
      flush();
      quoting = !quoting;
    }
    run.push(quoting ? line.replace(/^(?:>|&gt;) ?/, "") : line);
  }
  flush();
  return nodes;
}

export function mrkdwn(text) {
  const nodes = [];
  for (const [index, piece] of text.split("```").entries()) {
    const trimmed = piece.replace(/^\n|\n$/g, "");
    if (index % 2 && trimmed) nodes.push(h("pre", {}, unescapeText(trimmed)));
    else if (trimmed) nodes.push(...lines(trimmed));
  }
  return nodes;
}

/** A Slack text object, mrkdwn or plain, as nodes. */
export function textNodes(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return object.emoji === false ? withDrawn(unescapeText(object.text)) : plainWithEmoji(object.text);
}

function plainWithEmoji(text) {
  return text.split(/(:[a-z0-9_+-]+:)/).flatMap((piece) => {
    const known = /^:.+:$/.test(piece) ? emoji(piece.slice(1, -1)) : null;
    return known ? [known] : withDrawn(unescapeText(piece));
  });
}

export const plainText = (object) => (object ? unescapeText(object.text) : "");
