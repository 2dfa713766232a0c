/** The life of the queries of one quick pick: debounced, the earlier ones cancelled, answered in two phases. */

import type { Filters, SearchArgument, Answer } from "../protocol.js";

/** Long enough that a fast typist's word is one query, short enough to fit the 250 ms to the first paint. */
export const DEBOUNCE_MS = 120;

export type Phase = "fast" | "final";

/** Ask the server; `onFast` gets the fast stage's answer, the promise the last one. */
export type Ask = (
  request: SearchArgument,
  onFast: (result: Answer) => void,
  signal: AbortSignal,
) => Promise<Answer>;

export interface SessionListener {
  /** A query waits for its answer, or no longer. */
  busy(busy: boolean): void;
  /** An answer to the newest query. */
  answered(result: Answer, phase: Phase): void;
  /** The newest query failed. */
  failed(error: unknown): void;
  /** The box is empty. */
  emptied(): void;
}

export class SearchSession {
  private timer: NodeJS.Timeout | undefined;
  private running: AbortController | undefined;
  private query = "";

  /**
   * @param ask Sends one query.
   * @param listener Gets what belongs to the newest query, and nothing else.
   * @param filters Narrow every query.
   * @param debounce Milliseconds without a keystroke after which a query is sent.
   */
  constructor(
    private readonly ask: Ask,
    private readonly listener: SessionListener,
    private readonly filters: Filters = {},
    private readonly debounce: number = DEBOUNCE_MS,
  ) {}

  /** Take what is in the box now. The same text again asks nothing: only spaces changed. */
  type(text: string): void {
    const query = text.trim();
    if (query === this.query) {
      return;
    }
    this.query = query;
    this.cancel();
    if (query === "") {
      this.listener.busy(false);
      this.listener.emptied();
      return;
    }
    this.listener.busy(true);
    this.timer = setTimeout(() => void this.send(query), this.debounce);
  }

  /** Ask now, without waiting for a pause; also the same query again. */
  now(text: string): void {
    this.cancel();
    this.query = text.trim();
    if (this.query !== "") {
      this.listener.busy(true);
      void this.send(this.query);
    }
  }

  /** Stop the query in flight; nothing is heard of it any more. */
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running?.abort();
    this.running = undefined;
  }

  private async send(query: string): Promise<void> {
    const controller = new AbortController();
    this.running = controller;
    const current = (): boolean => this.running === controller && !controller.signal.aborted;
    let last = false;
    try {
      const result = await this.ask(
        { query, ...this.filters },
        (fast) => {
          // Progress may be delivered after the answer; the fast order must not replace the reranked one.
          if (current() && !last) {
            this.listener.answered(fast, "fast");
          }
        },
        controller.signal,
      );
      last = true;
      if (current()) {
        this.listener.busy(false);
        this.listener.answered(result, "final");
      }
    } catch (error) {
      last = true;
      if (current()) {
        this.listener.busy(false);
        this.listener.failed(error);
      }
    }
  }
}
