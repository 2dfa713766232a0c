/**
 * When a picker's list was painted, by the window's own clock: a mutation observer notes each change of the rows in the
 * frame that shows it. Waiting from outside the browser would measure the waiting.
 */

/** Begin to note keystrokes and painted lists; what was noted before is dropped. */
export async function watchPaints(page) {
  await page.evaluate(() => {
    window.__paints?.stop();
    const widget = document.querySelector(".quick-input-widget");
    const notes = { keys: [], lists: [] };
    let pending = false;
    const note = () => {
      pending = false;
      const rows = [...widget.querySelectorAll(".quick-input-list .monaco-list-row")]
        .map((row) => [Number.parseFloat(row.style.top), row.getAttribute("aria-label") ?? row.textContent])
        .sort((a, b) => a[0] - b[0])
        .map((row) => row[1]);
      const last = notes.lists.at(-1);
      const text = rows.join("\n");
      if (last?.text !== text) notes.lists.push({ at: performance.now(), text, rows: rows.length });
    };
    const observer = new MutationObserver(() => {
      if (pending) return;
      pending = true;
      requestAnimationFrame(() => setTimeout(note)); // after the frame is on the screen
    });
    observer.observe(widget, { subtree: true, childList: true, attributes: true, characterData: true });
    const onKey = () => notes.keys.push(performance.now());
    widget.addEventListener("input", onKey, true);
    window.__paints = {
      notes,
      stop() {
        observer.disconnect();
        widget.removeEventListener("input", onKey, true);
      },
    };
  });
}

/** @returns {Promise<{now: number, keys: number[], lists: {at: number, text: string, rows: number}[]}>} */
export function paints(page) {
  return page.evaluate(() => ({ now: performance.now(), ...window.__paints.notes }));
}

/** A reranked list follows the fast one within half of this, on a busy machine too. */
const QUIET_MS = 600;

/** Whether the last keys were answered: the list changed after them and has stood for a while. */
export function isSettled({ now, keys, lists }) {
  const last = lists.at(-1);
  return keys.length > 0 && last !== undefined && last.at > keys.at(-1) && last.rows > 0 && now - last.at > QUIET_MS;
}
