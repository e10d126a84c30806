// The bar on top: the workspace, the sandbox's clock, and who the person at the keyboard is acting as.

import { read, Refused, write } from "./api.js";
import { h, iconButton, mark } from "./dom.js";
import { clockLabel, fullMoment } from "./dates.js";
import { avatar } from "./message.js";
import { toast } from "./overlay.js";
import { now, tell, world, zone } from "./world.js";

const STEPS = [
  [60, "+1 h", "one hour"],
  [240, "+4 h", "four hours"],
  [1440, "+1 day", "one day"],
];
const CLOCK_EVERY = 30_000;

function forwardButton([minutes, text, words]) {
  const button = h(
    "button",
    {
      type: "button",
      class: "clock-step",
      testid: `clock-forward-${minutes}`,
      "aria-label": `Move the clock ${words} forward`,
      onclick: async () => {
        if (button.classList.contains("busy")) return;
        button.classList.add("busy");
        const answer = await write.forward(minutes);
        button.classList.remove("busy");
        if (answer.ok) tell("clock", answer.now);
        else toast(answer.error || "The clock did not move.");
      },
    },
    text,
  );
  return button;
}

export function topbar(node, { onMenu, onStory }) {
  const team = h("strong", { class: "team", dir: "auto" });
  const connection = h("span", { class: "connection", role: "status" });
  const time = h("time", { class: "clock", testid: "clock" });
  const face = h("span", { class: "face" });
  const select = h("select", { testid: "actor", id: "actor", onchange: () => tell("actor", select.value) });
  const title = h("span", { class: "actor-title" });
  const menu = iconButton("menu", "Channels and apps", onMenu, {
    class: "icon-button rail-toggle",
    "aria-controls": "rail",
    testid: "rail-toggle",
  });
  node.append(
    h("div", { class: "brand" }, menu, mark(), team, connection),
    h(
      "div",
      { class: "clock-box", role: "group", "aria-label": "The sandbox's clock" },
      iconButton("story", "Show the story", onStory, { class: "icon-button story-toggle" }),
      time,
      STEPS.map(forwardButton),
    ),
    h(
      "div",
      { class: "actor" },
      face,
      h("span", { class: "actor-words" }, h("label", { for: "actor" }, "You are acting as"), select, title),
    ),
  );

  async function tick() {
    if (document.visibilityState !== "visible") return;
    try {
      tell("clock", (await read.clock()).now);
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
    }
  }
  window.setInterval(tick, CLOCK_EVERY);

  return {
    draw() {
      team.textContent = world.team.name;
      time.textContent = clockLabel(now());
      time.title = `${fullMoment(now())} (${zone()})`;
      time.dateTime = now().toISOString();
      if (!world.me) return;
      const options = world.people.map((one) => h("option", { value: one.id }, `${one.real_name} · ${one.role}`));
      if (select.options.length !== options.length) select.replaceChildren(...options);
      select.value = world.me.id;
      title.textContent = world.me.title;
      face.replaceChildren(avatar(world.me.id));
    },
    connected(yes) {
      connection.textContent = yes ? "" : "Reconnecting…";
    },
  };
}
