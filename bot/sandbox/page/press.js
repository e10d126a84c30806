// A press on an interactive element: ask its confirm question, show that it runs, send it, and say aloud when it
// was refused.

import { askFirst, toast } from "./overlay.js";

const running = new Set();

/** Whether this element's press is still under way (it may have been redrawn meanwhile). */
export const isRunning = (key) => running.has(key);

/**
 * `surface` says where the element lives: {key, click(press)}. Resolves to false when the person thought better of it
 * or the press was refused, so that a select can show its old value again.
 */
export async function press(surface, blockId, element, payload, control) {
  const key = `${surface.key}/${blockId}/${element.action_id}`;
  if (running.has(key)) return false;
  if (element.confirm && !(await askFirst(element.confirm))) return false;
  running.add(key);
  mark(control, key, true);
  const answer = await surface.click({
    block_id: blockId,
    action_id: element.action_id,
    element: { type: element.type, ...payload },
  });
  running.delete(key);
  mark(control, key, false);
  if (!answer.ok) toast(answer.error || "That did not work.");
  return answer.ok;
}

function mark(control, key, busy) {
  const shown = new Set([control, ...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)]);
  for (const node of shown) {
    node.classList.toggle("busy", busy);
    if (busy) node.setAttribute("aria-busy", "true");
    else node.removeAttribute("aria-busy");
  }
}
