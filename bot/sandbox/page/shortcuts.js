// The entries that the app added to Slack's own menus: behind the three dots of a message, and beside the composer.

import { write } from "./api.js";
import { iconButton } from "./dom.js";
import { openMenu } from "./menu.js";
import { toast } from "./overlay.js";
import { world } from "./world.js";

const plain = (text) => ({ type: "plain_text", text });

function opener(kind, { name, label, testid, key, place }) {
  const entries = world.shortcuts.filter((one) => one.kind === kind);
  if (!entries.length) return null;
  const options = entries.map((one) => ({
    text: plain(one.name),
    description: one.description ? plain(one.description) : undefined,
    value: one.callback_id,
  }));
  const choose = async (option) => {
    const answer = await write.shortcut(option.value, place());
    if (!answer.ok) toast(answer.error || "That did not work.");
  };
  const button = iconButton(name, label, () => openMenu(button, options, choose, label), {
    testid,
    key,
    "aria-haspopup": "menu",
    "aria-expanded": "false",
  });
  return button;
}

export const messageMenu = (channel, ts) =>
  opener("message", {
    name: "more",
    label: "More for this message",
    testid: `shortcuts-${ts}`,
    key: `shortcuts/${ts}`,
    place: () => ({ channel, ts }),
  });

export const globalMenu = () =>
  opener("global", { name: "bolt", label: "Shortcuts", testid: "shortcuts", key: "shortcuts", place: () => ({}) });
