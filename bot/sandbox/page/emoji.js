// A small set of emoji. Those that carry a state are drawn here, so that they look the same on every machine.

import { h, svg } from "./dom.js";

const CHARACTERS = {
  wave: "👋",
  eyes: "👀",
  tada: "🎉",
  rocket: "🚀",
  bulb: "💡",
  memo: "📝",
  mag: "🔍",
  link: "🔗",
  package: "📦",
  calendar: "📅",
  moneybag: "💰",
  money_with_wings: "💸",
  receipt: "🧾",
  chart_with_upwards_trend: "📈",
  bar_chart: "📊",
  speech_balloon: "💬",
  zzz: "💤",
  fire: "🔥",
  raised_hands: "🙌",
  thumbsup: "👍",
  "+1": "👍",
  thumbsdown: "👎",
  "-1": "👎",
  pray: "🙏",
  smile: "😄",
  slightly_smiling_face: "🙂",
  point_right: "👉",
  wrench: "🔧",
  gear: "⚙️",
  hammer_and_wrench: "🛠️",
  shield: "🛡️",
  key: "🔑",
  page_facing_up: "📄",
  clipboard: "📋",
  inbox_tray: "📥",
  outbox_tray: "📤",
  mailbox: "📫",
  busts_in_silhouette: "👥",
  bust_in_silhouette: "👤",
  sos: "🆘",
  new: "🆕",
  test_tube: "🧪",
  seedling: "🌱",
  star: "⭐",
  sparkles: "✨",
  thinking_face: "🤔",
  handshake: "🤝",
  label: "🏷️",
  scales: "⚖️",
  detective: "🕵️",
  hatching_chick: "🐣",
  snail: "🐌",
};

const circle = (fill) => ["circle", { cx: 12, cy: 12, r: 9, fill }];
const stroke = (d, color = "#fff", width = 2.4) => [
  "path",
  { d, fill: "none", stroke: color, "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" },
];
const box = (fill) => ["rect", { x: 3, y: 3, width: 18, height: 18, rx: 4, fill }];

const DRAWN = {
  white_check_mark: ["✅", [box("#15803d"), stroke("M7.5 12.500l3 3 6-7")]],
  heavy_check_mark: ["✔️", [stroke("M5 13l5 5 9-12", "#15803d", 3)]],
  warning: [
    "⚠️",
    [
      ["path", { d: "M12 3l10 18H2z", fill: "#f5b301", "stroke-linejoin": "round" }],
      stroke("M12 10v5M12 18v.01", "#3b2a00"),
    ],
  ],
  x: ["❌", [stroke("M6 6l12 12M18 6L6 18", "#d62d3f", 3.4)]],
  no_entry: ["⛔", [circle("#d62d3f"), stroke("M8 12h8", "#fff", 3)]],
  octagonal_sign: [
    "🛑",
    [["path", { d: "M8 3h8l5 5v8l-5 5H8l-5-5V8z", fill: "#d62d3f" }], stroke("M8 12h8", "#fff", 3)],
  ],
  rotating_light: [
    "🚨",
    [
      ["path", { d: "M6 17v-4a6 6 0 0 1 12 0v4z", fill: "#d62d3f" }],
      stroke("M4 20h16", "#7c8794"),
      stroke("M12 2v2M3 8l2 1M21 8l-2 1", "#d62d3f", 2),
    ],
  ],
  red_circle: ["🔴", [circle("#d62d3f")]],
  large_red_circle: ["🔴", [circle("#d62d3f")]],
  large_orange_circle: ["🟠", [circle("#e8770c")]],
  large_yellow_circle: ["🟡", [circle("#f0b400")]],
  large_green_circle: ["🟢", [circle("#1f9d55")]],
  large_blue_circle: ["🔵", [circle("#2f6fde")]],
  white_circle: ["⚪", [["circle", { cx: 12, cy: 12, r: 8, fill: "none", stroke: "#7c8794", "stroke-width": 2 }]]],
  hourglass: ["⌛", [stroke("M6 3h12M6 21h12M8 3v4l4 5 4-5V3M8 21v-4l4-5 4 5v4", "#b7791f", 2)]],
  hourglass_flowing_sand: ["⏳", [stroke("M6 3h12M6 21h12M8 3v4l4 5 4-5V3M8 21v-4l4-5 4 5v4", "#b7791f", 2)]],
  alarm_clock: [
    "⏰",
    [
      ["circle", { cx: 12, cy: 13, r: 7.5, fill: "none", stroke: "#d62d3f", "stroke-width": 2 }],
      stroke("M12 9v4l3 2M4 6l3-2M20 6l-3-2", "#d62d3f", 2),
    ],
  ],
  stopwatch: [
    "⏱️",
    [
      ["circle", { cx: 12, cy: 13, r: 7.5, fill: "none", stroke: "#64748b", "stroke-width": 2 }],
      stroke("M12 9v4M10 2h4", "#64748b", 2),
    ],
  ],
  clock3: [
    "🕒",
    [
      ["circle", { cx: 12, cy: 12, r: 8, fill: "none", stroke: "#64748b", "stroke-width": 2 }],
      stroke("M12 7v5h4", "#64748b", 2),
    ],
  ],
  lock: [
    "🔒",
    [
      ["rect", { x: 5, y: 11, width: 14, height: 10, rx: 2, fill: "#b7791f" }],
      stroke("M8 11V8a4 4 0 0 1 8 0v3", "#b7791f", 2),
    ],
  ],
  bell: [
    "🔔",
    [["path", { d: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4z", fill: "#e0a100" }], stroke("M11 21h2", "#e0a100", 2.4)],
  ],
  no_bell: [
    "🔕",
    [["path", { d: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4z", fill: "#94a3b8" }], stroke("M4 4l16 16", "#d62d3f", 2)],
  ],
  repeat: ["🔁", [box("#2f6fde"), stroke("M7 10h8l-2-2M17 14H9l2 2", "#fff", 2)]],
  arrows_counterclockwise: ["🔄", [box("#2f6fde"), stroke("M7 12a5 5 0 0 1 9-3v-2M17 12a5 5 0 0 1-9 3v2", "#fff", 2)]],
  double_vertical_bar: ["⏸️", [box("#64748b"), stroke("M9.5 8v8M14.5 8v8", "#fff", 2.6)]],
  pause_button: ["⏸️", [box("#64748b"), stroke("M9.5 8v8M14.5 8v8", "#fff", 2.6)]],
  arrow_forward: ["▶️", [box("#64748b"), ["path", { d: "M9.5 7.500l7 4.5-7 4.500z", fill: "#fff" }]]],
  information_source: ["ℹ️", [box("#2f6fde"), stroke("M12 11v6M12 7.500v.01")]],
  arrow_up: ["⬆️", [box("#64748b"), stroke("M12 17V7M8 11l4-4 4 4", "#fff", 2.2)]],
  arrow_right: ["➡️", [box("#64748b"), stroke("M7 12h10M13 8l4 4-4 4", "#fff", 2.2)]],
  heavy_plus_sign: ["➕", [stroke("M12 5v14M5 12h14", "#64748b", 3)]],
};

const byCharacter = new Map(
  Object.entries(DRAWN).map(([name, [character]]) => [character.replace("\uFE0F", ""), name]),
);
const drawnCharacters = new RegExp(`(${[...byCharacter.keys()].join("|")})\uFE0F?`, "gu");

function drawn(name) {
  const [character, paths] = DRAWN[name];
  const node = h(
    "span",
    { class: "emoji drawn", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` },
    svg(paths),
  );
  node.dataset.character = character;
  return node;
}

/** The node for `:name:`, or null when it is not one we know. */
export function emoji(name) {
  if (Object.hasOwn(DRAWN, name)) return drawn(name);
  if (!Object.hasOwn(CHARACTERS, name)) return null;
  return h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, CHARACTERS[name]);
}

/** Plain text as nodes, with the state-carrying characters drawn. */
export function withDrawn(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(drawnCharacters)) {
    if (match.index > from) nodes.push(text.slice(from, match.index));
    nodes.push(drawn(byCharacter.get(match[1])));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}
