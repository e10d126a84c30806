// The thread on the right: the root message, its replies and a composer that answers in the thread.

import { read, Refused, write } from "./api.js";
import { composer } from "./composer.js";
import { coalesced, h, iconButton } from "./dom.js";
import { messageList } from "./messages.js";
import { toast } from "./overlay.js";
import { channel, nameOf, tell } from "./world.js";

export function threadPane(node) {
  const place = { channelId: null, inThread: true, ts: null };
  const root = h("div", { class: "thread-root" });
  const count = h("div", { class: "separator", role: "separator" });
  const list = h("div", { class: "message-list", role: "log", "aria-label": "Replies" });
  const scroller = h(
    "div",
    { class: "scroller", tabindex: "0", "aria-label": "Thread messages", role: "region" },
    root,
    count,
    list,
  );
  const messages = messageList(scroller, list, place);
  const rootList = messageList(scroller, root, place);
  const where = h("span", { class: "topic" });
  const close = () => tell("go", { thread: null });
  const box = composer({
    testid: "thread-composer",
    label: "Reply",
    placeholder: "Reply…",
    draftKey: () => `thread/${place.ts}`,
    send: (text) => write.message(place.channelId, text, place.ts),
  });
  node.append(
    h(
      "header",
      { class: "pane-head" },
      h("h2", {}, "Thread"),
      where,
      iconButton("close", "Close the thread", close, { testid: "thread-close" }),
    ),
    scroller,
    box.node,
  );
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  function draw(answer) {
    const replies = answer.replies.length;
    rootList.show([answer.root]);
    count.replaceChildren(
      h("span", {}, replies ? `${replies} ${replies === 1 ? "reply" : "replies"}` : "No replies yet"),
    );
    messages.show(answer.replies);
  }

  const refresh = coalesced(async () => {
    const { channelId, ts } = place;
    if (!ts) return;
    try {
      const answer = await read.thread(channelId, ts);
      if (ts === place.ts) draw(answer);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      toast(problem.message);
      close();
    }
  });

  return {
    refresh,
    async open(channelId, ts) {
      const changed = ts !== place.ts;
      Object.assign(place, { channelId, ts });
      node.hidden = !ts;
      document.getElementById("app").classList.toggle("with-thread", Boolean(ts));
      if (!changed) return refresh();
      rootList.forget();
      messages.forget();
      if (!ts) return undefined;
      where.textContent = channel(channelId) ? nameOf(channel(channelId)) : "";
      box.place("Reply…");
      await refresh();
      if (!node.contains(document.activeElement)) box.focus();
      return undefined;
    },
  };
}
