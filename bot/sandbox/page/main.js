// Wires the page: who acts, where they are, what the sandbox says, and which part has to be read again.

import { actAs, listen, read, Refused, Unreachable } from "./api.js";
import { channelPane } from "./channel.js";
import { dealsPane, invoicesPane } from "./books.js";
import { coalesced } from "./dom.js";
import { homePane } from "./home.js";
import { refreshModals } from "./modal.js";
import { covered, toast } from "./overlay.js";
import { neighbour, rail } from "./rail.js";
import { FIRST_ACTOR, remember, remembered } from "./place.js";
import { story } from "./story.js";
import { threadPane } from "./thread.js";
import { topbar } from "./topbar.js";
import { channel, on, person, world } from "./world.js";

const byId = (id) => document.getElementById(id);
const app = byId("app");

const side = rail(byId("rail"));
const strip = story(byId("story"));
const bar = topbar(byId("topbar"), {
  onMenu: () => showRail(!app.classList.contains("rail-open")),
  onStory: () => strip.toggle(),
});
const panes = { channel: channelPane(), home: homePane(), deals: dealsPane(), invoices: invoicesPane() };
const thread = threadPane(byId("thread"));

const START_AGAIN = 2000;

let stopListening = () => {};

function showRail(open) {
  app.classList.toggle("rail-open", open);
  if (open) byId("rail").querySelector(".rail-item.here, .rail-item")?.focus();
}

function drawAround() {
  side.draw();
  bar.draw();
  strip.draw();
  const unread = world.channels.reduce((sum, one) => sum + one.unread, 0);
  const where = channel(world.place.channel)?.name ?? world.app.name;
  document.title = `${unread ? `(${unread}) ` : ""}${where} · ${world.team.name}`;
}

const refreshState = coalesced(async () => {
  const asked = world.me?.id;
  try {
    const state = await read.state();
    if (asked && asked !== world.me.id) return;
    Object.assign(world, {
      me: state.me,
      people: state.people,
      channels: state.channels,
      clock: state.clock,
      team: state.team,
      app: state.app,
      story: state.story ?? [],
      shortcuts: state.shortcuts ?? [],
    });
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    if (!world.me) throw problem;
    return;
  }
  drawAround();
});

function show() {
  const { view, channel: id, thread: ts } = world.place;
  const pane = panes[view];
  if (!pane.node.isConnected) byId("main").replaceChildren(pane.node);
  remember(world.me.id, world.place);
  drawAround();
  const opened = view === "channel" ? pane.open(id) : pane.open();
  return Promise.all([opened, thread.open(id, view === "channel" ? ts : null)]);
}

async function go(change) {
  const before = { ...world.place };
  Object.assign(world.place, change);
  showRail(false);
  const moved = before.view !== world.place.view || before.channel !== world.place.channel;
  if (moved) return show();
  remember(world.me.id, world.place);
  if (world.place.view === "channel") {
    await thread.open(world.place.channel, world.place.thread);
    if (before.thread && !world.place.thread) panes.channel.focusComposer();
  } else await panes[world.place.view].refresh();
  return undefined;
}

function refreshAll() {
  refreshState();
  refreshModals();
  panes[world.place.view].refresh();
  thread.refresh();
}

const HEARD = {
  message(event) {
    refreshState();
    if (event.channel && event.channel !== world.place.channel) return;
    panes.channel.refresh();
    thread.refresh();
  },
  modal: refreshModals,
  home: () => panes.home.refresh(),
  clock: refreshState,
  story: refreshState,
  books() {
    panes.deals.refresh();
    panes.invoices.refresh();
  },
};

function hear(event) {
  const isForOthers = ["modal", "home"].includes(event.type) && event.user && event.user !== world.me.id;
  if (isForOthers) return;
  HEARD[event.type]?.(event);
}

async function become(id) {
  stopListening();
  actAs(id);
  world.me = person(id) ?? world.me;
  await refreshState();
  if (!channel(world.place.channel))
    Object.assign(world.place, { channel: world.channels[0]?.id ?? null, thread: null });
  stopListening = listen({
    onEvent: hear,
    onOpen: () => {
      bar.connected(true);
      refreshAll();
    },
    onLost: () => bar.connected(false),
  });
  await Promise.all([show(), refreshModals()]);
}

function isTyping(target) {
  return target.matches("input, textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (covered()) return;
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    go({ view: "channel", channel: neighbour(event.key === "ArrowDown" ? 1 : -1), thread: null });
  } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
    event.preventDefault();
    if (world.place.view !== "channel") go({ view: "channel" });
    panes.channel.focusComposer();
  } else if (event.key === "Escape") showRail(false);
});

app.addEventListener("click", (event) => {
  if (event.target === app) showRail(false);
});
on("go", go);
on("actor", become);
on("read", refreshState);
on("unread", drawAround);
on("clock", (moment) => {
  world.clock = moment;
  bar.draw();
  if (world.place.view === "home") panes.home.refresh();
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").querySelector(".scroller")?.focus();
});
window.addEventListener("hashchange", () => {
  const { actor, place } = remembered();
  Object.assign(world.place, place);
  if (actor && actor !== world.me.id && person(actor)) become(actor);
  else show();
});

async function start(actor) {
  actAs(actor);
  try {
    await refreshState();
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    if (!(problem instanceof Unreachable) && actor !== FIRST_ACTOR) return start(FIRST_ACTOR);
    bar.connected(false);
    toast(problem.message);
    window.setTimeout(() => start(actor), START_AGAIN);
    return undefined;
  }
  return become(world.me.id);
}

const first = remembered();
Object.assign(world.place, first.place);
start(first.actor);
