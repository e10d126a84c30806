// The rail on the left: the workspace, its channels with what is unread, the app, and the two systems behind it.

import { arrowKeys, h, icon, keepFocus, mark } from "./dom.js";
import { isDirect, tell, world } from "./world.js";

function entry({ place, testid, sign, text, unread = 0 }) {
  const here = world.place.view === place.view && (place.view !== "channel" || world.place.channel === place.channel);
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `rail-item${here ? " here" : ""}${unread ? " unread" : ""}`,
        "aria-current": here ? "page" : null,
        testid,
        key: testid,
        "aria-label": unread ? `${text}, ${unread} unread` : null,
        onclick: () => tell("go", { thread: null, ...place }),
      },
      h("span", { class: "sign" }, sign),
      h("span", { class: "rail-text", dir: "auto" }, text),
      unread > 0 && h("span", { class: "badge" }, String(unread)),
    ),
  );
}

const group = (title, items) => (items.length ? [h("h2", {}, title), h("ul", {}, items)] : []);

const conversation = (one) =>
  entry({
    place: { view: "channel", channel: one.id },
    testid: `channel-${one.id}`,
    sign: isDirect(one) ? mark() : "#",
    text: one.name,
    unread: one.unread,
  });

export function rail(node) {
  arrowKeys(node, ".rail-item");
  return {
    draw() {
      const direct = world.channels.filter(isDirect);
      const open = world.channels.filter((one) => !isDirect(one));
      const home = entry({ place: { view: "home" }, testid: "nav-home", sign: mark(), text: world.app.name });
      keepFocus(node, () =>
        node.replaceChildren(
          ...group("Channels", open.map(conversation)),
          ...group("Direct messages", direct.map(conversation)),
          ...group("Apps", [home]),
          ...group("Behind the scenes", [
            entry({ place: { view: "deals" }, testid: "nav-deals", sign: icon("deals"), text: "CRM deals" }),
            entry({
              place: { view: "invoices" },
              testid: "nav-invoices",
              sign: icon("invoices"),
              text: "ERP invoices",
            }),
          ]),
          h("p", { class: "keys" }, h("kbd", {}, "Alt ↑↓"), " channels ", h("kbd", {}, "/"), " write"),
        ),
      );
    },
  };
}

/** The channel `step` places further, for Alt+Up and Alt+Down. */
export function neighbour(step) {
  const ids = world.channels.map((one) => one.id);
  const at = ids.indexOf(world.place.channel);
  if (world.place.view !== "channel" && at >= 0) return ids[at];
  return ids[(at + step + ids.length) % ids.length];
}
