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
      const progress = widget.querySelector(".quick-input-progress, .monaco-progress-container");
      const busy = progress?.classList.contains("active") ?? false;
      const last = notes.lists.at(-1);
      const text = rows.join("\n");
      if (!last || last.text !== text || last.busy !== busy) {
        notes.lists.push({ at: performance.now(), text, rows: rows.length, busy });
      }
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

/** @returns {Promise<{keys: number[], lists: {at: number, text: string, rows: number, busy: boolean}[]}>} */
export function paints(page) {
  return page.evaluate(() => window.__paints.notes);
}

/** Whether the last keys have their last answer: the progress bar ran for them and has stopped. */
export function isSettled({ keys, lists }) {
  const last = keys.at(-1);
  if (last === undefined) return false;
  const after = lists.filter((list) => list.at > last);
  const ran = lists.findLast((list) => list.at <= last)?.busy || after.some((list) => list.busy);
  return Boolean(ran && after.length > 0 && !after.at(-1).busy && after.at(-1).rows > 0);
}
