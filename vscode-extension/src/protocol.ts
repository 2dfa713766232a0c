/** The wire format, under the names that the extension uses. */

import type { SearchArgument } from "./protocol.generated.js";

export { SERVER_COMMANDS, STATUS_NOTIFICATION } from "./protocol.generated.js";
export type {
  Answer,
  DescribeArgument,
  Description,
  Hit,
  IndexSummary,
  Position,
  Range,
  SearchArgument,
  ServerStatus,
  SimilarArgument,
  SkippedPath,
  SkippedPaths,
  WorkspaceStatus,
} from "./protocol.generated.js";

/** Narrows a search; an absent field narrows nothing. */
export type Filters = Pick<SearchArgument, "languages" | "kinds" | "paths">;
