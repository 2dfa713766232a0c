/** The queries that led somewhere, newest first. */

/** Old ones are not looked for in a longer list. */
const KEPT = 50;

/** The seam to where they are stored: VS Code's memory of a workspace. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = "cascode.history";

export class History {
  private queries: readonly string[];

  constructor(private readonly memory: Memory) {
    const stored = memory.get(KEY);
    this.queries = Array.isArray(stored) ? stored.filter((entry): entry is string => typeof entry === "string").slice(0, KEPT) : [];
  }

  all(): readonly string[] {
    return this.queries;
  }

  /** Put a query first; one that differs in capitals or spaces only is the same. */
  add(query: string): void {
    const same = (other: string): boolean => other.toLowerCase() === query.trim().toLowerCase();
    if (query.trim() !== "") {
      this.store([query.trim(), ...this.queries.filter((other) => !same(other))].slice(0, KEPT));
    }
  }

  remove(query: string): void {
    this.store(this.queries.filter((other) => other !== query));
  }

  clear(): void {
    this.store([]);
  }

  private store(queries: readonly string[]): void {
    this.queries = queries;
    void this.memory.update(KEY, queries);
  }
}
