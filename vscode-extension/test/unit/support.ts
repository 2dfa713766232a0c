/** What several tests need: hits, answers, a log that remembers, a folder that goes away. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { Log } from "../../src/log.js";
import type { Hit, Answer, ServerStatus } from "../../src/protocol.js";
import type { Finished, Run } from "../../src/server/run.js";

export function hit(changes: Partial<Hit> = {}): Hit {
  const range = { start: { line: 11, character: 0 }, end: { line: 33, character: 1 } };
  return {
    uri: "file:///w/src/upload.py",
    range,
    selectionRange: range,
    path: "src/upload.py",
    workspace: "w",
    name: "retry_upload",
    kind: "function",
    language: "python",
    signature: "def retry_upload(path)",
    start_line: 12,
    end_line: 34,
    score: 1,
    probability: 0.874,
    match: "likely",
    stage: "cascade",
    why: { meaning: 0.42, words: 0.06, test: -0.02 },
    cell: null,
    cellSelectionRange: null,
    repository: null,
    revision: "",
    ...changes,
  };
}

export function answer(query: string, changes: Partial<Answer> = {}): Answer {
  const index = { state: "ready", functions: 10, pending: 0, files: 2 } as const;
  const whole = { confident: true, team_note: null, dropped: 0, model_error: null } as const;
  return { query, hits: [hit()], ...whole, index, timings_ms: {}, ...changes };
}

export function status(changes: Partial<ServerStatus> = {}): ServerStatus {
  return {
    state: "ready",
    message: null,
    functions: 1200,
    pending: 0,
    files: { done: 40, total: 40 },
    rate: null,
    skipped: {},
    model: { label: "bundled", loaded: true, device: "cpu", engine: "OpenVINO 2026.3.0, float32" },
    workspaces: [],
    version: "0.1.0",
    log_file: "/log",
    index_directory: "/index",
    describes: false,
    ...changes,
  };
}

export class MemoryLog implements Log {
  readonly lines: string[] = [];
  trace = (message: string): void => void this.lines.push(message);
  debug = (message: string): void => void this.lines.push(message);
  info = (message: string): void => void this.lines.push(message);
  warn = (message: string): void => void this.lines.push(message);
  error = (message: string): void => void this.lines.push(message);
}

export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cascode-test-"));
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** A `run` that answers by the command line; a command it does not know is not installed. */
export function answering(answers: Readonly<Record<string, Partial<Finished>>>, asked: string[] = []): Run {
  return (program, args) => {
    const key = [program, ...args.filter((arg) => arg.startsWith("-3"))].join(" ");
    asked.push(key);
    const found = answers[key];
    if (found === undefined) {
      return Promise.reject(Object.assign(new Error(`spawn ${program} ENOENT`), { code: "ENOENT" }));
    }
    return Promise.resolve({ code: 0, stdout: "", stderr: "", ...found });
  };
}

/** A promise and what settles it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
