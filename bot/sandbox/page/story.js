// The slim strip with the story of the demo: one line at a time, the newest first shown, gone when dismissed.

import { h, iconButton } from "./dom.js";
import { inline } from "./mrkdwn.js";
import { world } from "./world.js";

const DISMISSED = "meshline.story.dismissed";

export function story(node) {
  const text = h("p", { class: "story-line", dir: "auto", "aria-live": "polite" });
  const count = h("span", { class: "story-count" });
  let at = null;
  let known = 0;

  const step = (by) => () => {
    at = Math.min(Math.max((at ?? 0) + by, 0), world.story.length - 1);
    draw();
  };
  const before = iconButton("back", "Earlier", step(-1), { key: "story-back" });
  const after = iconButton("next", "Later", step(1), { key: "story-next" });
  const dismiss = iconButton(
    "close",
    "Dismiss the story",
    () => {
      window.sessionStorage.setItem(DISMISSED, "yes");
      draw();
      document.getElementById("main").focus();
    },
    { testid: "story-dismiss" },
  );
  node.append(text, h("div", { class: "story-steps" }, before, count, after), dismiss);

  function draw() {
    const { length } = world.story;
    if (length !== known || at === null) at = length - 1;
    known = length;
    node.hidden = !length || window.sessionStorage.getItem(DISMISSED) === "yes";
    if (!length) return;
    text.replaceChildren(...inline(world.story[at]));
    count.textContent = `${at + 1} of ${length}`;
    before.disabled = at === 0;
    after.disabled = at === length - 1;
  }

  return {
    draw,
    toggle() {
      if (node.hidden) window.sessionStorage.removeItem(DISMISSED);
      else window.sessionStorage.setItem(DISMISSED, "yes");
      draw();
    },
  };
}
