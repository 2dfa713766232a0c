/** What the user has set, of all that could be set. */

/** The part of VS Code's configuration that says where values come from. */
export interface Configuration {
  get(name: string): unknown;
  inspect(name: string): Values | undefined;
}

export interface Values {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** Settings of this extension that the server does not know. */
const CLIENT_ONLY = ["path", "statusBar", "trace.server"];

/**
 * The settings that somebody has set, by their names below `cascode`. VS Code fills in the defaults of all others; sent
 * along, they would win over the workspace's `cascode.toml` and the user's.
 */
export function settingsThatAreSet(configuration: Configuration, names: readonly string[]): Record<string, unknown> {
  const isSet = (name: string) => {
    const values = configuration.inspect(name);
    return [values?.globalValue, values?.workspaceValue, values?.workspaceFolderValue].some((value) => value !== undefined);
  };
  const sent = names.filter((name) => !CLIENT_ONLY.includes(name) && isSet(name));
  return Object.fromEntries(sent.map((name) => [name, configuration.get(name)]));
}
