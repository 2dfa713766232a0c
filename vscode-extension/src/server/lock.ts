/** A lock file, so that two windows do not make one environment at the same time. */

import { open, readFile, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { CancelledError } from "./run.js";

/** How often the holder says that it lives, and how long after the last such sign a lock is taken over, ms. */
const SIGN_MS = 5_000;
const STALE_MS = 30_000;

/** How often a waiting window looks, ms. */
const LOOK_MS = 500;

/**
 * Do something while holding a lock file. A holder that died leaves its file; it is taken over.
 *
 * @param path The lock file; its folder must exist.
 * @param work What to do; another window may have held the lock before, and done it.
 * @param options `waiting` is called once when another window holds the lock.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal; waiting?: () => void } = {},
): Promise<T> {
  let waited = false;
  while (!(await take(path))) {
    if (options.signal?.aborted === true) {
      throw new CancelledError();
    }
    if (await abandoned(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (!waited) {
      waited = true;
      options.waiting?.();
    }
    await sleep(LOOK_MS);
  }
  const signs = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, SIGN_MS);
  try {
    return await work();
  } finally {
    clearInterval(signs);
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      return false;
    }
    throw error;
  }
}

/** Whether the holder has died: its process is gone, or it has given no sign for long (a process of another machine). */
async function abandoned(path: string): Promise<boolean> {
  try {
    const [age, text] = await Promise.all([stat(path).then((at) => Date.now() - at.mtimeMs), readFile(path, "utf8")]);
    const pid = Number(text);
    return age > STALE_MS || (Number.isInteger(pid) && pid > 0 && !alive(pid));
  } catch {
    return false; // released meanwhile
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
