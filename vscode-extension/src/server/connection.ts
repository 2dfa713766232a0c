/** The seam to a running server, implemented by `languageClient.ts`, which is loaded after the activation. */

import type { CancellationToken } from "vscode";

import type { Filters, Answer, DescribeArgument, Description, ServerStatus, SimilarArgument, SkippedPaths } from "../protocol.js";

export interface SearchOptions extends Filters {
  readonly query: string;
}

export interface Connection {
  /** Ask; `onFast` gets the fast stage's answer. */
  search(request: SearchOptions, onFast: (result: Answer) => void, token: CancellationToken): Promise<Answer>;
  similar(request: SimilarArgument, token: CancellationToken): Promise<Answer>;
  /** What a definition does, in a line. */
  describe(request: DescribeArgument): Promise<Description>;
  status(): Promise<ServerStatus>;
  /** A page of the paths that were left out; the list is made at 0. */
  skipped(offset: number): Promise<SkippedPaths>;
  /** `full`: forget what is stored and read every file again. */
  reindex(full: boolean): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Version that the server gave. */
  readonly version: string | undefined;
  stop(): Promise<void>;
}

export interface ConnectionEvents {
  status(status: ServerStatus): void;
  /** The process ended though nobody asked it to. */
  closed(): void;
}

/** The answer was given up because nobody waits for it any more. */
export class CancelledRequestError extends Error {
  constructor() {
    super("the request was cancelled");
    this.name = "CancelledRequestError";
  }
}
