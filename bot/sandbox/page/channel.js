// The conversation in the middle: a channel's header, its root messages and the composer.

import { read, Refused, write } from "./api.js";
import { appTabs } from "./apptabs.js";
import { composer } from "./composer.js";
import { announce, coalesced, h, icon } from "./dom.js";
import { messageList } from "./messages.js";
import { authorOf } from "./message.js";
import { inline, unescapeText } from "./mrkdwn.js";
import { toast } from "./overlay.js";
import { globalMenu } from "./shortcuts.js";
import { channel, nameOf, tell, world } from "./world.js";

export function channelPane() {
  const title = h("h1", { dir: "auto" });
  const topic = h("p", { class: "topic", dir: "auto" });
  const list = h("div", { class: "message-list", role: "log", "aria-live": "off", "aria-label": "Messages" });
  const empty = h("p", { class: "empty", hidden: true }, "Nothing has happened here yet.");
  const scroller = h(
    "div",
    { class: "scroller", tabindex: "0", "aria-label": "Conversation", role: "region" },
    empty,
    list,
  );
  const pill = h(
    "button",
    { type: "button", class: "pill", hidden: true, onclick: () => showEnd() },
    icon("down"),
    "New messages",
  );
  const place = { channelId: null };
  const tabs = appTabs("messages");
  const messages = messageList(scroller, list, place);
  const box = composer({
    testid: "composer",
    label: "Message",
    placeholder: "",
    draftKey: () => `channel/${place.channelId}`,
    menu: globalMenu,
    send: (text) =>
      text.startsWith("/") ? write.command(place.channelId, text) : write.message(place.channelId, text),
    onSent: async () => {
      await refresh();
      showEnd();
    },
  });
  const node = h(
    "section",
    { class: "pane", "aria-label": "Channel" },
    h("header", { class: "pane-head" }, title, tabs.node, topic),
    scroller,
    h("div", { class: "pill-place" }, pill),
    box.node,
  );

  let known = null;
  let firstUnread = null;

  function showEnd() {
    messages.toEnd();
    pill.hidden = true;
  }

  function isRead() {
    const one = channel(place.channelId);
    if (!one?.unread || document.visibilityState !== "visible" || !messages.atEnd()) return;
    one.unread = 0;
    tell("unread");
    write.read(one.id).then(() => tell("read"));
  }

  function hear(fresh, oneChannel) {
    const last = fresh.at(-1);
    announce(
      `New message in ${nameOf(oneChannel)} from ${authorOf(last)}: ${unescapeText(last.text || "").slice(0, 300)}`,
    );
    if (messages.atEnd()) return;
    pill.hidden = false;
    const whisper = fresh.findLast((one) => one.ephemeral);
    if (whisper && !box.isSending()) toast(inline(whisper.text || "Only you see the answer below."), "note");
  }

  function draw(answer) {
    const opening = known === null;
    const fresh = opening ? [] : answer.messages.filter((one) => !known.has(one.ts) && one.user !== world.me.id);
    if (opening) {
      const unread = Math.min(answer.channel.unread ?? channel(answer.channel.id)?.unread ?? 0, answer.messages.length);
      firstUnread = unread ? answer.messages.at(-unread).ts : null;
      messages.forget();
    }
    title.textContent = nameOf(answer.channel);
    topic.textContent = answer.channel.topic || "";
    empty.hidden = answer.messages.length > 0;
    messages.show(answer.messages, firstUnread);
    if (opening) showEnd();
    known = new Set(answer.messages.map((one) => one.ts));
    if (fresh.length) hear(fresh, answer.channel);
    isRead();
  }

  const refresh = coalesced(async () => {
    const id = place.channelId;
    if (!id || !node.isConnected) return;
    try {
      const answer = await read.channel(id);
      if (id === place.channelId) draw(answer);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      toast(problem.message);
    }
  });

  scroller.addEventListener("scroll", () => {
    if (!messages.atEnd()) return;
    pill.hidden = true;
    isRead();
  });
  document.addEventListener("visibilitychange", isRead);

  return {
    node,
    refresh,
    focusComposer: box.focus,
    /** Show another channel, or the same one for another reader. */
    open(id) {
      place.channelId = id;
      known = null;
      pill.hidden = true;
      const one = channel(id);
      title.textContent = one ? nameOf(one) : "";
      box.place(one ? `Message ${nameOf(one)}, or / for a command` : "");
      tabs.show(one);
      return refresh();
    },
  };
}
