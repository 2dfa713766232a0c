import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { agentServers, type AgentSources } from "../../src/agents/definition.js";

const SOURCES: AgentSources = { program: "/env/bin/cascode", version: "0.1.0", folders: ["/w/shop", "/w/with space"], trusted: true, model: "" };

test("agents get the server of the window's folders, by the program that the language server runs", () => {
  assert.deepEqual(agentServers(SOURCES), [
    {
      label: "CasCode",
      command: "/env/bin/cascode",
      args: ["mcp", "--workspace", "/w/shop", "--workspace", "/w/with space"],
      version: "0.1.0",
    },
  ]);
});

test("agents search with the model that the setting names", () => {
  const [server] = agentServers({ ...SOURCES, folders: ["/w"], model: "/models/mine" });
  assert.deepEqual(server?.args, ["mcp", "--workspace", "/w", "--model", "/models/mine"]);
});

test("nothing is offered without a program, without a folder, or in Restricted Mode", () => {
  assert.deepEqual(agentServers({ ...SOURCES, program: undefined }), []);
  assert.deepEqual(agentServers({ ...SOURCES, folders: [] }), []);
  assert.deepEqual(agentServers({ ...SOURCES, trusted: false }), []);
});

test("the provider that is registered is the one that the manifest contributes", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
    contributes: { mcpServerDefinitionProviders: { id: string; label: string }[] };
  };
  const registered = /const PROVIDER = "([^"]+)"/u.exec(readFileSync("src/agents/provider.ts", "utf8"))?.[1];
  assert.deepEqual(manifest.contributes.mcpServerDefinitionProviders, [{ id: registered, label: "CasCode" }]);
});
