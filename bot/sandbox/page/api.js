// The one place that speaks HTTP. Reads either give the answer or raise Refused; writes always give {ok, error?,
// errors?}.

export class Refused extends Error {}
export class Unreachable extends Refused {}

const UNREACHABLE = "The sandbox does not answer. Is it still running?";

let actor = "";

export function actAs(id) {
  actor = id;
}

async function answerOf(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Unreachable(UNREACHABLE);
  }
  try {
    return { status: response.status, body: await response.json() };
  } catch {
    throw new Refused(`The sandbox answered ${response.status} without saying why.`);
  }
}

async function get(path) {
  const { status, body } = await answerOf(path, { headers: { Accept: "application/json" } });
  if (status >= 400 || body.ok === false) throw new Refused(body.error || `The sandbox answered ${status}.`);
  return body;
}

async function post(path, body) {
  try {
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const { status, body: answer } = await answerOf(path, init);
    if (answer.ok === false) return answer;
    return status >= 400
      ? { ok: false, error: answer.error || `The sandbox answered ${status}.` }
      : { ...answer, ok: true };
  } catch (refused) {
    if (refused instanceof Refused) return { ok: false, error: refused.message };
    throw refused;
  }
}

const as = () => `as=${encodeURIComponent(actor)}`;
const part = encodeURIComponent;

export const read = {
  state: () => get(`/sandbox/state?${as()}`),
  channel: (id) => get(`/sandbox/channels/${part(id)}?${as()}`),
  thread: (id, ts) => get(`/sandbox/channels/${part(id)}/threads/${part(ts)}?${as()}`),
  home: () => get(`/sandbox/home?${as()}`),
  modals: () => get(`/sandbox/modals?${as()}`),
  clock: () => get("/sandbox/clock"),
  books: () => get("/sandbox/books"),
};

export const write = {
  read: (channel) => post("/sandbox/read", { as: actor, channel }),
  click: (channel, ts, press) => post("/sandbox/click", { as: actor, channel, ts, ...press }),
  modalClick: (viewId, press) => post("/sandbox/modal/click", { as: actor, view_id: viewId, ...press }),
  submit: (viewId, values) => post("/sandbox/modal/submit", { as: actor, view_id: viewId, values }),
  close: (viewId) => post("/sandbox/modal/close", { as: actor, view_id: viewId }),
  openHome: () => post("/sandbox/home/open", { as: actor }),
  homeClick: (press) => post("/sandbox/home/click", { as: actor, ...press }),
  options: (place, element) => post("/sandbox/options", { as: actor, ...place, ...element }),
  shortcut: (callbackId, place) => post("/sandbox/shortcut", { as: actor, callback_id: callbackId, ...place }),
  command: (channel, text) => post("/sandbox/command", { as: actor, channel, text }),
  message: (channel, text, threadTs) =>
    post("/sandbox/message", { as: actor, channel, text, ...(threadTs ? { thread_ts: threadTs } : {}) }),
  forward: (minutes) => post("/sandbox/clock", { forward_minutes: minutes }),
  renameField: (field) => post("/sandbox/crm/fields", field),
  editDeal: (id, properties) => post(`/sandbox/crm/deals/${part(id)}`, { properties }),
};

/** Listen to what changes until the returned function is called. `onOpen` runs at every (re)connection. */
export function listen({ onEvent, onOpen, onLost }) {
  const url = `/sandbox/events?${as()}`;
  let source = null;
  let timer = 0;
  let wait = 500;
  function connect() {
    source = new EventSource(url);
    source.onopen = () => {
      wait = 500;
      onOpen();
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      onLost();
      if (source.readyState !== EventSource.CLOSED) return;
      timer = window.setTimeout(connect, wait);
      wait = Math.min(wait * 2, 8000);
    };
  }
  connect();
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}
