/**
 * A lock, so that two windows do not make one environment at the same time.
 *
 * It is a folder with one file, named after its holder and renamed into its place as a whole. Each step is atomic and
 * does nothing where the lock is another's by now: to take one over, the dead holder's file is removed, by its name,
 * and the folder only while it is empty.
 */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, rmdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { CancelledError } from "./run.js";

/** How often the holder says that it lives, and how long after the last such sign a lock is taken over, ms. */
const SIGN_MS = 5_000;
const STALE_MS = 30_000;

/** How often a waiting window looks, ms. */
const LOOK_MS = 500;

/** What a rename onto a folder that is there fails with, by system. */
const TAKEN = new Set(["EEXIST", "ENOTEMPTY", "ENOTDIR", "EPERM", "EACCES", "EBUSY"]);

/**
 * Do something while holding a lock. A holder that died leaves it; it is taken over.
 *
 * @param path The lock; its folder must exist.
 * @param work What to do; another window may have held the lock before, and done it.
 * @param options `waiting` is called once when another window holds the lock.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal; waiting?: () => void } = {},
): Promise<T> {
  let waited = false;
  let holder: string | undefined;
  while ((holder = await take(path)) === undefined) {
    if (options.signal?.aborted === true) {
      throw new CancelledError();
    }
    if (await freed(path)) {
      continue;
    }
    if (!waited) {
      waited = true;
      options.waiting?.();
    }
    await sleep(LOOK_MS);
  }
  const own = join(path, holder);
  const signs = setInterval(() => {
    const now = new Date();
    utimes(own, now, now).catch(() => undefined);
  }, SIGN_MS);
  try {
    return await work();
  } finally {
    clearInterval(signs);
    await rm(own, { force: true });
    await rmdir(path).catch(() => undefined); // another window may have it by now
  }
}

/** Take the lock if nobody has it; returns the name of the file in it. */
async function take(path: string): Promise<string | undefined> {
  if ((await holdersOf(path)).length > 0) {
    return undefined;
  }
  const holder = `${process.pid}-${randomUUID()}`;
  const own = `${path}.${holder}`;
  await mkdir(own, { mode: 0o700 });
  try {
    await writeFile(join(own, holder), "");
    await rmdir(path).catch(() => undefined); // of a holder that died while it let go; Windows renames onto no folder
    await rename(own, path);
    return holder;
  } catch (error) {
    await rm(own, { recursive: true, force: true });
    if (error instanceof Error && "code" in error && TAKEN.has(String(error.code))) {
      return undefined;
    }
    throw error;
  }
}

/** Who has the lock: one file, or none. */
async function holdersOf(path: string): Promise<readonly string[]> {
  return readdir(path).catch(() => []);
}

/** Free a lock whose holder has died; returns whether there was one. */
async function freed(path: string): Promise<boolean> {
  const dead = [];
  for (const holder of await holdersOf(path)) {
    if (await abandoned(join(path, holder), holder)) {
      dead.push(holder);
    }
  }
  await Promise.all(dead.map((holder) => rm(join(path, holder), { force: true })));
  return dead.length > 0;
}

/** Whether the holder has died: its process is gone, or it has given no sign for long (a process of another machine). */
async function abandoned(file: string, holder: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(file);
    const pid = Number.parseInt(holder, 10);
    return Date.now() - mtimeMs > STALE_MS || (pid > 0 && !alive(pid));
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
