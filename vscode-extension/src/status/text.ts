/** The state of the index in words. */

import type { ServerStatus, SkippedPath, SkippedPaths } from "../protocol.js";
import { count, plural } from "../search/text.js";

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ignored", "ignored"],
  ["too_large", "too large"],
  ["binary", "binary"],
  ["not_text", "not text"],
  ["unsupported", "in another language"],
  ["unsupported_language", "in another language"],
  ["unreadable", "not readable"],
  ["parse_failure", "not parsed"],
]);

/** "too_large" as "too large". */
export function reasonText(reason: string): string {
  return REASONS.get(reason) ?? reason.replace(/[_-]+/gu, " ");
}

/** Rows of the list: more are read by nobody, and a list of ten thousand stutters. */
const MOST_ROWS = 2_000;

/** Ask for the skipped paths by the page; each time with all that are known. */
export async function* skippedPages(ask: (offset: number) => Promise<SkippedPaths>): AsyncGenerator<SkippedPaths> {
  const paths: SkippedPath[] = [];
  let page: SkippedPaths;
  do {
    page = await ask(paths.length);
    paths.push(...page.paths);
    yield { total: page.total, paths };
  } while (page.paths.length > 0 && paths.length < Math.min(page.total, MOST_ROWS));
}

/** "12 skipped: 8 ignored, 4 too large", or null where nothing was. */
export function skippedText(skipped: Readonly<Record<string, number>>): string | null {
  const entries = Object.entries(skipped)
    .filter(([, number]) => number > 0)
    .sort(([, left], [, right]) => right - left);
  if (entries.length === 0) {
    return null;
  }
  const total = entries.reduce((sum, [, number]) => sum + number, 0);
  return `${count(total)} skipped: ${entries.map(([reason, number]) => `${count(number)} ${reasonText(reason)}`).join(", ")}`;
}

/** Share of the work that is done, 0 to 100, or null where it is not known. */
export function percentage(status: ServerStatus): number | null {
  const { done, total } = status.files;
  if (status.pending > 0 && status.functions > 0 && done >= total) {
    return Math.floor((100 * Math.max(0, status.functions - status.pending)) / status.functions);
  }
  return total > 0 && done < total ? Math.floor((100 * done) / total) : null;
}

/** "3 minutes left", from what waits and how fast it is done; null where that is not known. */
export function remaining(status: ServerStatus): string | null {
  if (status.rate === null || status.rate <= 0 || status.pending <= 0) {
    return null;
  }
  const seconds = status.pending / status.rate;
  if (seconds < 60) {
    return "less than a minute left";
  }
  return `about ${plural(Math.round(seconds / 60), "minute")} left`;
}

/** One line for the status item. */
export function summary(status: ServerStatus): string {
  switch (status.state) {
    case "starting":
      return "Starting";
    case "indexing": {
      const share = percentage(status);
      return share === null ? "Indexing" : `Indexing ${share} %`;
    }
    case "ready":
      return plural(status.functions, "definition");
    case "paused":
      return "Indexing paused";
    case "disabled":
      return "Indexing is off";
    case "error":
      return "Error";
  }
}

/** Beside the summary in the status item, which cuts what is long: the whole is in the list of "Show Index Status". */
export function detail(status: ServerStatus): string {
  if (status.message !== null && status.message !== "") {
    return status.message;
  }
  if (status.state === "indexing" || status.state === "paused") {
    return status.pending > 0 ? `${plural(status.pending, "definition")} waiting` : `${count(status.files.done)} of ${plural(status.files.total, "file")}`;
  }
  const [first, ...others] = Object.entries(status.skipped)
    .filter(([, number]) => number > 0)
    .sort(([, left], [, right]) => right - left);
  const files = plural(status.files.total, "file");
  if (first === undefined) {
    return files;
  }
  const total = [first, ...others].reduce((sum, [, number]) => sum + number, 0);
  const mostly = others.length > 0 ? `mostly ${reasonText(first[0])}` : reasonText(first[0]);
  return `${files}, ${count(total)} skipped (${mostly})`;
}

/** Counts, and what is left. */
export function progress(status: ServerStatus): string {
  const parts: string[] = [];
  if (status.message !== null && status.message !== "") {
    parts.push(status.message);
  }
  if (status.state === "indexing" || status.state === "paused") {
    parts.push(`${count(status.files.done)} of ${plural(status.files.total, "file")}`);
    if (status.pending > 0) {
      parts.push(`${plural(status.pending, "definition")} waiting`);
    }
    const left = status.state === "indexing" ? remaining(status) : null;
    if (left !== null) {
      parts.push(left);
    }
  } else if (status.files.total > 0) {
    parts.push(plural(status.files.total, "file"));
  }
  return parts.join(" · ");
}

/** A few characters for the status bar: an icon, and how far indexing is. */
export function compact(status: ServerStatus): string {
  switch (status.state) {
    case "starting":
      return "$(sync~spin) CasCode";
    case "indexing": {
      const share = percentage(status);
      return share === null ? "$(sync~spin) CasCode" : `$(sync~spin) CasCode ${share} %`;
    }
    case "ready":
      return "$(search) CasCode";
    case "paused":
      return "$(debug-pause) CasCode";
    case "disabled":
      return "$(circle-slash) CasCode";
    case "error":
      return "$(error) CasCode";
  }
}
