/** Starts of the server one after the other, and a limit to those that follow a crash. */

/**
 * Runs one job at a time. Requests that come meanwhile are joined to one more run: ten changes of a setting during a
 * start cause one restart after it.
 */
export class RestartQueue {
  private running: Promise<void> | undefined;
  private waiting: { readonly reasons: string[]; readonly promise: Promise<void> } | undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param job Stops what runs and starts again; given the reason. */
  constructor(private readonly job: (reason: string) => Promise<void>) {}

  /** Ask for a run; settles when a run that began after this call has ended. */
  request(reason: string): Promise<void> {
    this.cancelDelayed();
    if (this.waiting !== undefined) {
      if (!this.waiting.reasons.includes(reason)) {
        this.waiting.reasons.push(reason);
      }
      return this.waiting.promise;
    }
    if (this.running === undefined) {
      return this.run(reason);
    }
    const reasons = [reason];
    const next = (): Promise<void> => {
      this.waiting = undefined;
      return this.run(reasons.join("; "));
    };
    this.waiting = { reasons, promise: this.running.then(next, next) };
    return this.waiting.promise;
  }

  /** Ask for a run after some milliseconds; one that is asked for before then takes its place. */
  requestAfter(delay: number, reason: string): void {
    this.cancelDelayed();
    this.timer = setTimeout(() => {
      // The job reports its failures itself.
      this.request(reason).catch(() => undefined);
    }, delay);
  }

  /** Forget a run that was asked for with a delay. */
  cancelDelayed(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Settles when nothing runs or waits. */
  async idle(): Promise<void> {
    for (;;) {
      const promise = this.waiting?.promise ?? this.running;
      if (promise === undefined) {
        return;
      }
      await promise.catch(() => undefined);
    }
  }

  private run(reason: string): Promise<void> {
    const running = this.job(reason).finally(() => {
      if (this.running === running) {
        this.running = undefined;
      }
    });
    this.running = running;
    return running;
  }
}

/**
 * Three crashes are bad luck and a fourth is a fault that another start does not fix, unless the server has run well in
 * between: one that dies a minute after each start would be started for ever.
 */
const CRASHES = 3;
const HEALTHY_MS = 600_000;

/** The first restart is at once, so that a kill is hardly noticed; later ones leave a busy machine some room. */
const DELAYS_MS = [0, 1_000, 5_000] as const;

export class CrashBudget {
  private crashes = 0;
  private last: number | undefined;

  /** @param clock Milliseconds of a clock that never goes back. */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** Count a crash; returns the delay before the next start in ms, or null when there should be none. */
  spend(): number | null {
    const now = this.clock();
    if (this.last !== undefined && now - this.last >= HEALTHY_MS) {
      this.crashes = 0;
    }
    this.last = now;
    this.crashes += 1;
    return this.crashes > CRASHES ? null : (DELAYS_MS[this.crashes - 1] ?? 0);
  }

  /** Forget the crashes: the user asked for a start. */
  reset(): void {
    this.crashes = 0;
  }
}
