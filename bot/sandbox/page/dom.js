// Small tools for building the page. Text always becomes a text node, so nothing that arrives from outside is
// ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M4 6h16v10H10l-4 4v-4H4z",
  send: "M4 12l16-8-5 16-4-6z",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  deals: "M4 7h16v12H4zM9 7V4h6v3M4 12h16",
  invoices: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  down: "M12 5v14M6 13l6 6 6-6",
  story: "M5 4h11l3 3v13H5zM8 10h8M8 14h8",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  broadcast: "M10 6L4 12l6 6M4 12h10a6 6 0 0 1 6 6",
};

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "class") node.className = value;
  else if (name === "testid") node.dataset.testid = value;
  else if (name === "key") node.dataset.key = value;
  else if (name === "value") node.value = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

export function svg(paths, { viewBox = "0 0 24 24", name = "icon" } = {}) {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", viewBox);
  node.setAttribute("class", name);
  node.setAttribute("aria-hidden", "true");
  for (const [tag, attributes] of paths) {
    const shape = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    node.append(shape);
  }
  return node;
}

export function icon(name) {
  return svg([["path", { d: ICONS[name] }]], { name: `icon icon-${name}` });
}

export function iconButton(name, label, onclick, props = {}) {
  return h(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props },
    icon(name),
  );
}

/** The Meshline mark: five joined points that spell an M. */
export function mark() {
  const points = [
    [8, 10.5],
    [24, 10.5],
    [16, 19],
    [8, 22.5],
    [24, 22.5],
  ];
  const dots = points.map(([cx, cy]) => ["circle", { cx, cy, r: 2.6, fill: "currentColor" }]);
  const line = ["path", { d: "M8 22V11l8 8 8-8v11", fill: "none", stroke: "currentColor", "stroke-width": 2.2 }];
  return svg([line, ...dots], { viewBox: "0 0 32 32", name: "mark" });
}

/** Redraw inside `container` without losing the keyboard's place or the caret. */
export function keepFocus(container, redraw) {
  const held = document.activeElement;
  if (!held || held === document.body || !container.contains(held)) return redraw();
  const key = held.dataset.key;
  const row = held.closest("[data-row]")?.dataset.row;
  const caret =
    "selectionStart" in held && typeof held.selectionStart === "number"
      ? [held.selectionStart, held.selectionEnd]
      : null;
  redraw();
  if (held.isConnected && document.activeElement === held) return undefined;
  const same = held.isConnected ? held : key && container.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const next = same || (row && container.querySelector(`[data-row="${CSS.escape(row)}"]`));
  next?.focus({ preventScroll: true });
  if (same && caret && same.setSelectionRange) same.setSelectionRange(...caret);
  return undefined;
}

/** Run `work` at most once at a time; requests that arrive meanwhile become one more run. */
export function coalesced(work) {
  let running = null;
  let again = false;
  return function run() {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await work();
      } while (again);
    })().finally(() => {
      running = null;
    });
    return running;
  };
}

/** Move with the arrow keys among the focusable children that `selector` finds. */
export function arrowKeys(container, selector, { wrap = true } = {}) {
  container.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = [...container.querySelectorAll(selector)];
    const at = items.indexOf(document.activeElement);
    if (!items.length || (at < 0 && !items.some((item) => item.contains(event.target)))) return;
    event.preventDefault();
    const target = Number.isFinite(step) ? at + step : step < 0 ? 0 : items.length - 1;
    const index = wrap ? (target + items.length) % items.length : Math.min(Math.max(target, 0), items.length - 1);
    items[index].focus();
  });
}

export function safeUrl(url) {
  try {
    const parsed = new URL(url, window.location.href);
    return ["http:", "https:", "mailto:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

export function clip(text, length) {
  const letters = [...text.slice(0, length * 2)];
  return letters.length > length ? `${letters.slice(0, length).join("")}…` : text;
}

/** Say it to a screen reader. The words go away again, so that nobody who reads on finds them twice. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = text;
  window.setTimeout(() => {
    if (announcer.textContent === text) announcer.textContent = "";
  }, 1500);
}
