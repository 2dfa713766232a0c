import assert from "node:assert/strict";
import { test } from "node:test";

import { settingsThatAreSet, type Values } from "../../src/server/settings.js";

function configuration(values: Record<string, Values & { value: unknown }>) {
  return {
    get: (name: string) => values[name]?.value,
    inspect: (name: string): Values | undefined => values[name],
  };
}

test("defaults are not sent: they would win over the workspace's own file", () => {
  const found = settingsThatAreSet(
    configuration({
      "search.limit": { value: 20 },
      "search.rerank": { value: "auto", globalValue: "auto" },
      "indexing.enabled": { value: false, globalValue: true, workspaceValue: false },
      "indexing.threads": { value: 3, workspaceFolderValue: 3 },
    }),
    ["search.limit", "search.rerank", "indexing.enabled", "indexing.threads", "device"],
  );
  assert.deepEqual(found, { "search.rerank": "auto", "indexing.enabled": false, "indexing.threads": 3 });
});

test("settings of the extension's own are not sent", () => {
  const values = configuration({
    path: { value: "/bin/cascode", globalValue: "/bin/cascode" },
    "trace.server": { value: "verbose", globalValue: "verbose" },
    device: { value: "cpu", globalValue: "cpu" },
  });
  assert.deepEqual(settingsThatAreSet(values, ["path", "trace.server", "device"]), { device: "cpu" });
});
