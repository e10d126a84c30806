// A list of messages that stays true in place: only what changed is redrawn, and neither the scroll nor the
// focus is lost.

import { h, keepFocus } from "./dom.js";
import { dayLabel, dayOf } from "./dates.js";
import { messageNode, momentOf } from "./message.js";
import { now, world } from "./world.js";

const CLOSE_BY = 5 * 60_000;
const NEAR_END = 80;

const goesOn = (before, message) =>
  Boolean(
    before &&
    !before.blocks?.length &&
    !message.blocks?.length &&
    before.user === message.user &&
    !message.ephemeral &&
    !before.ephemeral &&
    !message.broadcast &&
    momentOf(message) - momentOf(before) < CLOSE_BY,
  );

function* rowsOf(messages, place, firstUnread) {
  let before = null;
  for (const message of messages) {
    const at = momentOf(message);
    const day = dayOf(at);
    const isNewDay = !before || dayOf(momentOf(before)) !== day;
    if (isNewDay && !place.inThread)
      yield { key: `day/${day}`, text: dayLabel(at), build: () => separator(dayLabel(at), "day") };
    if (message.ts === firstUnread) yield { key: "new", text: "new", build: () => separator("New", "new") };
    const follows = !isNewDay && message.ts !== firstUnread && goesOn(before, message);
    yield {
      key: `message/${message.ts}/${message.ephemeral}`,
      text: JSON.stringify([message, follows]),
      build: () => messageNode(message, { ...place, follows }),
    };
    before = message;
  }
}

const separator = (text, kind) => h("div", { class: `separator ${kind}`, role: "separator" }, h("span", {}, text));

function anchorIn(scroller) {
  const top = scroller.getBoundingClientRect().top;
  const node = [...scroller.querySelectorAll("article")].find((one) => one.getBoundingClientRect().bottom > top);
  return node && { row: node.dataset.row, offset: node.getBoundingClientRect().top };
}

export function messageList(scroller, list, place) {
  let shown = new Map();
  let surroundings = "";

  function reconcile(rows) {
    const next = new Map();
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, { node }] of shown) if (!keys.has(key)) node.remove();
    rows.forEach((row, index) => {
      const known = shown.get(row.key);
      const node = known?.text === row.text ? known.node : row.build();
      if (known && known.node !== node) known.node.replaceWith(node);
      if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
      next.set(row.key, { text: row.text, node });
    });
    shown = next;
  }

  return {
    atEnd: () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END,
    toEnd: () => (scroller.scrollTop = scroller.scrollHeight),
    forget() {
      shown = new Map();
      list.replaceChildren();
    },
    /** Draw these messages. What depends on the reader (names, zone, today) makes everything be drawn anew. */
    show(messages, firstUnread = null) {
      const around = JSON.stringify([
        world.me?.id,
        world.people.length,
        world.channels.length,
        dayOf(now()),
        place.channelId,
      ]);
      if (around !== surroundings) for (const row of shown.values()) row.text = "";
      surroundings = around;
      const stick = this.atEnd();
      const anchor = stick ? null : anchorIn(scroller);
      keepFocus(list, () => reconcile([...rowsOf(messages, place, firstUnread)]));
      if (stick) return this.toEnd();
      const held = anchor && list.querySelector(`[data-row="${CSS.escape(anchor.row)}"]`);
      if (held) scroller.scrollTop += held.getBoundingClientRect().top - anchor.offset;
      return undefined;
    },
  };
}
