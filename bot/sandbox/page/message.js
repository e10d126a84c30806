// One message as an article: who, when, what, and what can be done with it.

import { blocks } from "./blocks.js";
import { h, icon, iconButton, mark } from "./dom.js";
import { fullMoment, timeOf } from "./dates.js";
import { filesOf } from "./files.js";
import { mrkdwn } from "./mrkdwn.js";
import { messageMenu } from "./shortcuts.js";
import { hue, initials, person, tell, world } from "./world.js";
import { write } from "./api.js";

export function avatar(id, name, size = "") {
  const who = person(id);
  if (!who && name !== undefined) return h("span", { class: `avatar app ${size}`, "aria-hidden": "true" }, mark());
  return h(
    "span",
    { class: `avatar hue-${hue(id)} ${size}`, "aria-hidden": "true" },
    initials(who ? who.real_name : id),
  );
}

export const momentOf = (message) => new Date(message.at || Number(message.ts) * 1000);

export const authorOf = (message) => person(message.user)?.real_name || message.username || world.app.name;

function head(message, author) {
  const at = momentOf(message);
  const isApp = !person(message.user);
  return h(
    "header",
    { class: "message-head" },
    h("strong", { dir: "auto" }, author),
    isApp && h("span", { class: "app-tag" }, "APP"),
    h("time", { datetime: at.toISOString(), title: fullMoment(at) }, timeOf(at)),
  );
}

function body(message, surface) {
  const rich = message.blocks?.length;
  const edited = message.edited && h("span", { class: "edited" }, "(edited)");
  const content = rich
    ? blocks(surface, message.blocks)
    : h("div", { class: "text", dir: "auto" }, mrkdwn(message.text || ""));
  return h("div", { class: rich ? "message-body card" : "message-body" }, content, edited, filesOf(message.files));
}

function replies(message, channelId) {
  if (!message.reply_count) return null;
  const count = message.reply_count;
  return h(
    "button",
    {
      type: "button",
      class: "replies",
      key: `replies/${message.ts}`,
      testid: `replies-${message.ts}`,
      onclick: () => tell("go", { view: "channel", channel: channelId, thread: message.ts }),
    },
    icon("reply"),
    h("strong", {}, `${count} ${count === 1 ? "reply" : "replies"}`),
    h("span", { class: "quiet" }, "View thread"),
  );
}

function broadcast(message, channelId, inThread) {
  if (!message.broadcast) return null;
  if (inThread) return h("p", { class: "marker" }, icon("broadcast"), "Also sent to the channel");
  return h(
    "p",
    { class: "marker" },
    icon("broadcast"),
    "replied to ",
    h(
      "button",
      {
        type: "button",
        class: "as-link",
        onclick: () => tell("go", { view: "channel", channel: channelId, thread: message.thread_ts }),
      },
      "a thread",
    ),
  );
}

/** `place` is {channelId, inThread}; `follows` drops the head when the same person goes on writing. */
export function messageNode(message, { channelId, inThread = false, follows = false }) {
  const author = authorOf(message);
  const surface = {
    key: `${inThread ? "thread" : "channel"}/${message.ts}`,
    click: (press) => write.click(channelId, message.ts, press),
    options: (element) => write.options({ channel: channelId, ts: message.ts }, element),
  };
  const at = momentOf(message);
  const openThread = () => tell("go", { view: "channel", channel: channelId, thread: message.thread_ts || message.ts });
  const isTwice = inThread && (message.broadcast || !message.thread_ts || message.thread_ts === message.ts);
  return h(
    "article",
    {
      class: `message${follows ? " follows" : ""}${message.ephemeral ? " ephemeral" : ""}`,
      tabindex: "-1",
      testid: `${isTwice ? "thread-message" : "message"}-${message.ts}`,
      "data-row": surface.key,
      "aria-label": `${author}, ${timeOf(at)}`,
    },
    h(
      "div",
      { class: "gutter" },
      follows
        ? h("time", { class: "late-time", datetime: at.toISOString(), title: fullMoment(at) }, timeOf(at))
        : avatar(message.user, message.username ?? ""),
    ),
    h(
      "div",
      { class: "message-main" },
      message.ephemeral && h("p", { class: "marker" }, icon("eye"), "Only visible to you"),
      broadcast(message, channelId, inThread),
      follows ? null : head(message, author),
      body(message, surface),
      inThread ? null : replies(message, channelId),
    ),
    inThread || message.ephemeral
      ? null
      : h(
          "div",
          { class: "hover" },
          iconButton("reply", "Reply in thread", openThread, {
            testid: `reply-${message.ts}`,
            key: `reply/${message.ts}`,
          }),
          messageMenu(channelId, message.ts),
        ),
  );
}
