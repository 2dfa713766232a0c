/** Child processes that end: their output, their time limit, their cancellation. */

import { spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds; none when absent. */
  readonly timeout?: number;
  /** Gets each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface Finished {
  /** Exit status; null where a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class CancelledError extends Error {
  constructor() {
    super("cancelled");
    this.name = "CancelledError";
  }
}

/** Kept of an output: what follows is only read away. A failing pip writes more than anyone reads. */
const KEPT_CHARACTERS = 200_000;

/** What a process gets to end itself before it is killed, ms. */
const GRACE_MS = 3_000;

/** One run of a program; replaced in tests of what decides by its output. */
export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<Finished>;

/**
 * Run a program, without a shell, to its end.
 *
 * @throws CancelledError when the signal aborted it, Error when it could not be started or ran past its time.
 */
export const run: Run = (program, args, options = {}) =>
  new Promise((resolve, reject) => {
    const { signal, timeout, onLine } = options;
    if (signal?.aborted === true) {
      reject(new CancelledError());
      return;
    }
    // A group of its own (where the system has such): pip's children end with it.
    const grouped = process.platform !== "win32";
    const child = spawn(program, args, {
      cwd: options.cwd,
      detached: grouped,
      windowsHide: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PYTHONIOENCODING: "utf-8", PYTHONUNBUFFERED: "1" },
    });
    let reason: Error | undefined;
    let killer: NodeJS.Timeout | undefined;
    const kill = (how: NodeJS.Signals): void => {
      try {
        if (grouped && child.pid !== undefined) {
          process.kill(-child.pid, how);
        } else {
          child.kill(how);
        }
      } catch {
        // It has ended by itself in the meantime.
      }
    };
    const stop = (why: Error): void => {
      reason ??= why;
      kill("SIGTERM");
      killer ??= setTimeout(() => {
        kill("SIGKILL");
      }, GRACE_MS);
    };
    const abort = (): void => {
      stop(new CancelledError());
    };
    signal?.addEventListener("abort", abort, { once: true });
    const limit =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            stop(new Error(`${program} did not answer within ${timeout / 1000} s`));
          }, timeout);
    const collect = (stream: NodeJS.ReadableStream): (() => string) => {
      let text = "";
      let line = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => {
        text = text.length < KEPT_CHARACTERS ? text + chunk : text;
        const parts = (line + chunk).split(/\r\n|\n|\r/u);
        line = parts.pop() ?? "";
        parts.filter((part) => part.trim() !== "").forEach((part) => onLine?.(part));
      });
      stream.on("end", () => {
        if (line.trim() !== "") {
          onLine?.(line);
        }
      });
      return () => text;
    };
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const settle = (): void => {
      clearTimeout(limit);
      clearTimeout(killer);
      signal?.removeEventListener("abort", abort);
    };
    child.once("error", (error) => {
      settle();
      reject(reason ?? error);
    });
    child.once("close", (code) => {
      settle();
      if (reason === undefined) {
        resolve({ code, stdout: stdout(), stderr: stderr() });
      } else {
        reject(reason);
      }
    });
  });
