// What the page knows: who is acting, where they are, and the last state the sandbox told. Listeners hear the
// topics that changed.

export const world = {
  me: null,
  people: [],
  channels: [],
  clock: null,
  team: { name: "" },
  app: { id: "", name: "Meshline" },
  story: [],
  shortcuts: [],
  place: { view: "channel", channel: null, thread: null },
};

const topics = new EventTarget();

export const on = (topic, listener) => topics.addEventListener(topic, (event) => listener(event.detail));
export const tell = (topic, detail) => topics.dispatchEvent(new CustomEvent(topic, { detail }));

export const person = (id) => world.people.find((one) => one.id === id);
export const channel = (id) => world.channels.find((one) => one.id === id);
export const isDirect = (one) => one.direct;
export const nameOf = (one) => (one.direct ? one.name : `#${one.name}`);
export const now = () => (world.clock ? new Date(world.clock) : new Date());
export const zone = () => world.me?.tz || "UTC";

export function initials(name) {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ""]
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
}

/** One of eight stable colours for a person, by id. */
export function hue(id) {
  return [...id].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 997, 7) % 8;
}
