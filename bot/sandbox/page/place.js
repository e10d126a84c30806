// Where the page is, kept in the address, so that a reload or a shared link leads to the same person and the
// same conversation.

const ACTOR = "meshline.actor";
export const FIRST_ACTOR = "U0DANA0001";
const VIEWS = ["channel", "home", "deals", "invoices"];

export function remembered() {
  const parts = new URLSearchParams(window.location.hash.slice(1));
  const view = VIEWS.includes(parts.get("view")) ? parts.get("view") : "channel";
  return {
    actor: parts.get("as") || window.localStorage.getItem(ACTOR) || FIRST_ACTOR,
    place: { view, ...(parts.get("channel") ? { channel: parts.get("channel") } : {}), thread: parts.get("thread") },
  };
}

export function remember(actor, { view, channel, thread }) {
  window.localStorage.setItem(ACTOR, actor);
  const parts = new URLSearchParams({ as: actor, view });
  if (channel) parts.set("channel", channel);
  if (thread) parts.set("thread", thread);
  const hash = `#${parts}`;
  if (window.location.hash === hash) return;
  if (window.location.hash) window.history.pushState(null, "", hash);
  else window.history.replaceState(null, "", hash);
}
