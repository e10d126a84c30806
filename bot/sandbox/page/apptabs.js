// The app's two tabs: its Home, and the messages between it and the person.

import { h } from "./dom.js";
import { isDirect, tell } from "./world.js";

export function appTabs(here) {
  const node = h("span", { class: "tabs", role: "group", "aria-label": "Tabs of the app" });
  const tab = (name, words, place) =>
    h(
      "button",
      {
        type: "button",
        class: `tab${name === here ? " here" : ""}`,
        "aria-current": name === here ? "page" : null,
        testid: `tab-${name}`,
        key: `tab/${name}`,
        onclick: () => tell("go", { thread: null, ...place }),
      },
      words,
    );
  return {
    node,
    /** `conversation` is the person's own with the app; any other channel has no tabs. */
    show(conversation) {
      const direct = conversation && isDirect(conversation);
      node.hidden = here === "messages" && !direct;
      node.replaceChildren(
        tab("home", "Home", { view: "home" }),
        ...(direct ? [tab("messages", "Messages", { view: "channel", channel: conversation.id })] : []),
      );
    },
  };
}
