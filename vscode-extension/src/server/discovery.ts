/** Decides which server to start, and says why. */

import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";

import { messageOf, type Log } from "../log.js";
import { isInside, programsBeside } from "./programs.js";
import type { Run } from "./run.js";

/** The first version whose server speaks this extension's protocol. */
export const MINIMUM_VERSION = "0.1.0";

/** A cold Python on a slow disk takes seconds to report a version. */
const VERSION_MS = 15_000;

export interface SelectedEnvironment {
  /** Its interpreter. */
  readonly python: string;
  /** How a person knows it, ".venv (3.12.4)" for example. */
  readonly label: string;
}

/** The seam to whoever knows the Python environment that the user selected. */
export interface PythonEnvironments {
  /** The selected environment, or the reason why there is none. */
  selected(): Promise<SelectedEnvironment | { readonly reason: string }>;
}

/** The seam to the environment that the extension makes; see `ManagedEnvironment`. */
export interface Managed {
  program(): Promise<string | undefined>;
  /** That of an earlier version of the extension. */
  earlier(): Promise<{ readonly program: string; readonly version: string } | undefined>;
}

export interface Launch {
  readonly kind: "launch";
  readonly program: string;
  readonly source: "setting" | "environment" | "managed";
  /** The extension ships a newer one, which has to be installed. */
  readonly outdated?: true;
  /** Why this one, complete with why not the ones before. */
  readonly reason: string;
}

export interface Problem {
  readonly kind: "bad-setting" | "not-installed" | "no-wheel";
  /** One complete line for the user. */
  readonly message: string;
}

export interface Sources {
  /** `cascode.path` with its variables replaced; empty where it is not set. */
  readonly setting: string;
  /** Whether the setting names its program by `${workspaceFolder}`. */
  readonly settingNamesWorkspace: boolean;
  /** Absolute paths of the folders that are open. */
  readonly workspaceFolders: readonly string[];
  readonly trusted: boolean;
  readonly environments: PythonEnvironments;
  /** Undefined in a build without a wheel. */
  readonly managed: Managed | undefined;
  readonly run: Run;
  readonly log: Log;
  readonly platform?: NodeJS.Platform;
}

/** Find the server to start: the setting, else the selected Python environment, else the extension's own. */
export async function findServer(sources: Sources): Promise<Launch | Problem> {
  const platform = sources.platform ?? process.platform;
  const decision = await decide(sources, platform);
  if (decision.kind === "launch") {
    sources.log.info(`server: ${decision.program} (${decision.reason})`);
  } else {
    sources.log.warn(`no server: ${decision.message}`);
  }
  return decision;
}

async function decide(sources: Sources, platform: NodeJS.Platform): Promise<Launch | Problem> {
  // A setting of the user's, too: the folder that it leads into is whatever was opened.
  const untrusted = sources.setting !== "" && !sources.trusted && (await isOfWorkspace(sources, platform));
  if (sources.setting !== "" && !untrusted) {
    const fault = await faultOf(sources.setting, platform);
    return fault === null
      ? { kind: "launch", program: sources.setting, source: "setting", reason: "named by the setting cascode.path" }
      : {
          kind: "bad-setting",
          message: `The setting cascode.path names ${sources.setting}, which ${fault}. Name the cascode program, or empty the setting.`,
        };
  }
  const reasons = [untrusted ? "cascode.path names a program of the workspace, which is not started in Restricted Mode" : "cascode.path is not set"];
  const environment = await inEnvironment(sources, platform);
  if ("program" in environment) {
    return { kind: "launch", program: environment.program, source: "environment", reason: `${reasons.join("; ")}; ${environment.why}` };
  }
  reasons.push(environment.reason);
  if (sources.managed === undefined) {
    return {
      kind: "no-wheel",
      message: "This build of the extension brings no server: install one with pip install cascode and select its Python environment, or set cascode.path.",
    };
  }
  const program = await sources.managed.program();
  if (program === undefined) {
    const earlier = await sources.managed.earlier();
    if (earlier !== undefined && !older(earlier.version, MINIMUM_VERSION)) {
      const reason = `${reasons.join("; ")}; the extension was updated, and its server ${earlier.version} serves until the new one is installed`;
      return { kind: "launch", program: earlier.program, source: "managed", reason, outdated: true };
    }
    sources.log.info(`${reasons.join("; ")}; the extension's own environment is not made yet`);
    return { kind: "not-installed", message: "CasCode needs its server, a Python program that comes with this extension." };
  }
  return { kind: "launch", program, source: "managed", reason: `${reasons.join("; ")}; the extension's own environment is made` };
}

/** Whether the program that the setting names is, or may be, a part of the workspace. */
async function isOfWorkspace(sources: Sources, platform: NodeJS.Platform): Promise<boolean> {
  // Links lead into the workspace and out of it: what counts is where the file lies.
  const places = async (path: string): Promise<string[]> => [path, await realpath(path).catch(() => path)];
  const programs = await places(sources.setting);
  const folders = (await Promise.all(sources.workspaceFolders.map(places))).flat();
  return sources.settingNamesWorkspace || programs.some((program) => folders.some((folder) => isInside(program, folder, platform)));
}

/** What is wrong with a program that a setting names, or null. */
async function faultOf(program: string, platform: NodeJS.Platform): Promise<string | null> {
  if (!isAbsolute(program)) {
    return "is not an absolute path";
  }
  try {
    const found = await stat(program);
    if (!found.isFile()) {
      return "is a folder and not a program";
    }
  } catch {
    return "does not exist";
  }
  if (platform === "win32") {
    return /\.(?:exe|com)$/iu.test(program) ? null : "is not an .exe";
  }
  return access(program, constants.X_OK).then(
    () => null,
    () => "may not be executed",
  );
}

type InEnvironment = { readonly program: string; readonly why: string } | { readonly reason: string };

async function inEnvironment(sources: Sources, platform: NodeJS.Platform): Promise<InEnvironment> {
  if (!sources.trusted) {
    return { reason: "the selected Python environment is not used in Restricted Mode" };
  }
  let selected: SelectedEnvironment | { readonly reason: string };
  try {
    selected = await sources.environments.selected();
  } catch (error) {
    return { reason: `the Python extension did not answer: ${messageOf(error)}` };
  }
  if ("reason" in selected) {
    return selected;
  }
  for (const program of programsBeside(selected.python, platform)) {
    if ((await faultOf(program, platform)) === null) {
      const version = await versionOf(sources.run, selected.python);
      if (version === null) {
        return { reason: `the selected environment ${selected.label} has a cascode program but no working package` };
      }
      if (older(version, MINIMUM_VERSION)) {
        return { reason: `the selected environment ${selected.label} has cascode ${version}, older than ${MINIMUM_VERSION}` };
      }
      return { program, why: `the selected environment ${selected.label} has cascode ${version}` };
    }
  }
  return { reason: `the selected environment ${selected.label} has no cascode` };
}

async function versionOf(run: Run, python: string): Promise<string | null> {
  const code = "import importlib.metadata as m;print(m.version('cascode'))";
  try {
    const { code: status, stdout } = await run(python, ["-I", "-c", code], { timeout: VERSION_MS });
    return status === 0 ? stdout.trim() : null;
  } catch {
    return null;
  }
}

/** Compare the leading numbers of two versions. */
export function older(version: string, minimum: string): boolean {
  const numbers = (text: string): number[] => (/^\d+(?:\.\d+)*/u.exec(text)?.[0] ?? "0").split(".").map(Number);
  const [left, right] = [numbers(version), numbers(minimum)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) {
      return difference < 0;
    }
  }
  return false;
}
