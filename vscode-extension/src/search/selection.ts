/** Which row is active after the list has changed under the user's eyes. */

/**
 * A list that stood this long has been read: its active row stays, though nobody moved. Before, the eye has not
 * settled and the best hit belongs under the Enter key. The fast order usually stands for less than 200 ms.
 */
export const READ_MS = 500;

export interface Before {
  /** Key of the active row; undefined where none was. */
  readonly active: string | undefined;
  /** The user moved through this query's list. */
  readonly moved: boolean;
  /** Milliseconds since this query's list first appeared. */
  readonly shownFor: number;
}

/**
 * Find the row to make active.
 *
 * @param before How the list stood.
 * @param keys Keys of the new rows, best first.
 * @returns Its index; -1 in an empty list.
 */
export function activeAfter(before: Before, keys: readonly string[]): number {
  if (keys.length === 0) {
    return -1;
  }
  if (before.active !== undefined && (before.moved || before.shownFor >= READ_MS)) {
    const kept = keys.indexOf(before.active);
    return kept === -1 ? 0 : kept;
  }
  return 0;
}
