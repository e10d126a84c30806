// Moments as the reading person sees them: in their time zone, on a 24-hour clock, relative to the sandbox's own
// "now".

import { now, zone } from "./world.js";

const memo = new Map();

function format(options) {
  const key = zone() + JSON.stringify(options);
  if (!memo.has(key))
    memo.set(key, new Intl.DateTimeFormat("en-US", { timeZone: zone(), hourCycle: "h23", ...options }));
  return memo.get(key);
}

const show = (date, options) => format(options).format(date);

/** YYYY-MM-DD in the reader's time zone. */
export function dayOf(date) {
  const parts = Object.fromEntries(
    format({ year: "numeric", month: "2-digit", day: "2-digit" })
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}`;
}

export const timeOf = (date) => show(date, { hour: "2-digit", minute: "2-digit" });

function nearDay(date) {
  const distance = Math.round((Date.parse(dayOf(date)) - Date.parse(dayOf(now()))) / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[distance];
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function ordinal(day) {
  const last = day % 10;
  const suffix = day > 10 && day < 14 ? "th" : { 1: "st", 2: "nd", 3: "rd" }[last] || "th";
  return `${day}${suffix}`;
}

function longDate(date, weekday) {
  const month = show(date, { month: "long" });
  const start = weekday ? `${show(date, { weekday: "long" })}, ` : "";
  return `${start}${month} ${ordinal(Number(show(date, { day: "numeric" })))}, ${show(date, { year: "numeric" })}`;
}

const shortDate = (date) => show(date, { month: "short", day: "numeric", year: "numeric" });

function ago(date) {
  const minutes = Math.round((now() - date) / 60_000);
  const size = Math.abs(minutes);
  const [count, unit] =
    size < 60 ? [size, "minute"] : size < 1440 ? [Math.round(size / 60), "hour"] : [Math.round(size / 1440), "day"];
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return minutes >= 0 ? `${words} ago` : `in ${words}`;
}

const TOKENS = {
  date_num: dayOf,
  date: (date) => longDate(date, false),
  date_short: shortDate,
  date_long: (date) => longDate(date, true),
  date_pretty: (date) => nearDay(date) || longDate(date, false),
  date_short_pretty: (date) => nearDay(date) || shortDate(date),
  date_long_pretty: (date) => nearDay(date) || longDate(date, true),
  time: timeOf,
  time_secs: (date) => show(date, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Slack's date template, or null when it cannot be read (the caller then shows the fallback). */
export function dateToken(seconds, template) {
  const date = new Date(Number(seconds) * 1000);
  if (!Number.isFinite(date.getTime())) return null;
  const text = template.replace(/\{(\w+)\}/g, (whole, name) => (TOKENS[name] ? TOKENS[name](date) : whole));
  return /^\{date\w*pretty\}/.test(template) ? capital(text) : text;
}

export const dayLabel = (date) =>
  capital(nearDay(date) || show(date, { weekday: "long", month: "long", day: "numeric" }));

export const fullMoment = (date) => `${longDate(date, true)} at ${timeOf(date)}`;

export const clockLabel = (date) =>
  `${show(date, { weekday: "short" })} ${show(date, { day: "numeric", month: "short" })}, ${timeOf(date)}`;
