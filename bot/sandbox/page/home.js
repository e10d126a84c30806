// The app's Home tab, as the bot published it for this person.

import { read, Refused, write } from "./api.js";
import { appTabs } from "./apptabs.js";
import { blocks } from "./blocks.js";
import { coalesced, h, keepFocus } from "./dom.js";
import { toast } from "./overlay.js";
import { isDirect, world } from "./world.js";

export function homePane() {
  const content = h("div", { class: "home-content card" });
  const scroller = h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Home tab" }, content);
  const title = h("h1");
  const tabs = appTabs("home");
  const node = h(
    "section",
    { class: "pane", "aria-label": "Home" },
    h("header", { class: "pane-head" }, title, tabs.node),
    scroller,
  );
  let drawn = "";
  const typed = new Map();

  function valuesOf() {
    const values = {};
    for (const [name, payload] of typed) {
      const [blockId, actionId] = JSON.parse(name);
      if (content.querySelector(`[data-key="${CSS.escape(`home/${blockId}/${actionId}`)}"]`))
        values[blockId] = { ...values[blockId], [actionId]: payload };
    }
    return values;
  }

  function draw(view) {
    const text = JSON.stringify([view, world.me.id, world.clock]);
    if (text === drawn) return;
    drawn = text;
    const top = scroller.scrollTop;
    const surface = {
      key: "home",
      click: (press) => write.homeClick({ ...press, values: valuesOf() }),
      options: (element) => write.options({}, element),
      values: {
        get: (blockId, actionId) => typed.get(JSON.stringify([blockId, actionId])),
        set: (blockId, actionId, payload) => typed.set(JSON.stringify([blockId, actionId]), payload),
      },
    };
    keepFocus(content, () =>
      content.replaceChildren(
        ...(view ? blocks(surface, view.blocks) : [h("p", { class: "empty" }, "Nothing here yet.")]),
      ),
    );
    scroller.scrollTop = top;
  }

  const refresh = coalesced(async () => {
    if (!node.isConnected) return;
    const asked = world.me.id;
    try {
      const { view } = await read.home();
      if (asked === world.me.id) draw(view);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      toast(problem.message);
    }
  });

  return {
    node,
    refresh,
    async open() {
      title.textContent = world.app.name;
      tabs.show(world.channels.find(isDirect));
      const answer = await write.openHome();
      if (!answer.ok) toast(answer.error || "The Home tab did not open.");
      await refresh();
    },
  };
}
