/** Looks for a Python that the managed environment can be made with. */

import { access } from "node:fs/promises";

import { messageOf } from "../log.js";
import type { Run } from "./run.js";

/** The versions that CasCode is tested with; a newer one is taken where there is none of them. */
export const OLDEST = [3, 10] as const;
export const NEWEST = [3, 14] as const;
export const SUPPORTED = "3.10 to 3.14";

/** A cold interpreter on a slow disk takes seconds; the Windows Store's stand-in never answers. */
const PROBE_MS = 10_000;

export interface Interpreter {
  /** Absolute path of the program. */
  readonly path: string;
  readonly version: readonly [number, number, number];
}

export interface Attempt {
  readonly command: string;
  /** Why it is not taken. */
  readonly reason: string;
}

export interface Found {
  readonly interpreter: Interpreter | undefined;
  /** What was looked at before and why it was not taken. */
  readonly rejected: readonly Attempt[];
  /** An interpreter of the right version lacks `venv` or `ensurepip` (Debian packs them apart). */
  readonly lacksVenv: Attempt | undefined;
}

// `-I` keeps the folder it runs in and the user's variables out of the answer.
const PROBE = [
  "-I",
  "-c",
  "import json,sys,sysconfig,importlib.util as u;print(json.dumps({'path':sys.executable,'version':sys.version_info[:3]," +
    "'system':sysconfig.get_platform(),'bits':sys.maxsize.bit_length()+1,'venv':bool(u.find_spec('venv') and u.find_spec('ensurepip'))}))",
];

interface Answer {
  readonly path: string;
  readonly version: [number, number, number];
  /** What its wheels are for, "win-arm64" for example; of an emulated Python what it was built for. */
  readonly system: string;
  readonly bits: number;
  readonly venv: boolean;
}

/**
 * The commands to try, the best first: named versions before whatever `python3` is.
 *
 * @param preferred An interpreter the user chose elsewhere, tried first.
 */
export function candidates(
  platform: NodeJS.Platform,
  preferred: string | undefined,
): readonly (readonly [string, ...string[]])[] {
  const first: [string, ...string[]][] = preferred === undefined ? [] : [[preferred]];
  const minors = Array.from({ length: NEWEST[1] - OLDEST[1] + 1 }, (_, index) => NEWEST[1] - index);
  if (platform === "win32") {
    return [...first, ...minors.map((minor): [string, string] => ["py", `-3.${minor}`]), ["py", "-3"], ["python"], ["python3"]];
  }
  const names = [...minors.map((minor) => `python3.${minor}`), "python3", "python"];
  // A window started from the desktop does not have the shell's PATH.
  const folders = platform === "darwin" ? ["/opt/homebrew/bin", "/usr/local/bin"] : ["/usr/local/bin", "/usr/bin"];
  const absolute = folders.flatMap((folder) => names.slice(0, -1).map((name): [string] => [`${folder}/${name}`]));
  return [...first, ...names.map((name): [string] => [name]), ...absolute];
}

/** Why a version does not do, or null where it does. */
export function unsupported(version: readonly [number, number, ...number[]]): string | null {
  const [major, minor] = version;
  const text = version.join(".");
  return major !== 3 || minor < OLDEST[1] ? `is Python ${text}, and CasCode needs ${OLDEST.join(".")} or later` : null;
}

/** Why packages cannot be installed for it, or null. */
function withoutWheels({ bits, system }: Answer): string | null {
  if (system === "win-arm64") {
    return "is a Python for ARM64, for which there is no OpenVINO on Windows; one for x86-64 works there, too";
  }
  return bits < 64 ? "is a 32-bit Python, for which there is no OpenVINO" : null;
}

/** Why a version comes after all others, or null: packages may not be there for it yet. */
export function untried(version: readonly [number, number, ...number[]]): string | null {
  return version[1] > NEWEST[1] ? `is Python ${version.join(".")}, newer than the ${NEWEST.join(".")} that CasCode is tested with` : null;
}

/**
 * Find an interpreter that the managed environment can be made with.
 *
 * @param run Runs a program.
 * @param preferred An interpreter that the user selected, tried first.
 */
export async function findInterpreter(
  run: Run,
  preferred: string | undefined,
  options: { platform?: NodeJS.Platform; signal?: AbortSignal } = {},
): Promise<Found> {
  const platform = options.platform ?? process.platform;
  const rejected: Attempt[] = [];
  const seen = new Set<string>();
  let lacksVenv: Attempt | undefined;
  let newer: Interpreter | undefined;
  for (const [program, ...args] of candidates(platform, preferred)) {
    const command = [program, ...args].join(" ");
    if (platform === "darwin" && (await opensInstaller(program))) {
      rejected.push({ command, reason: "is the placeholder that offers to install Apple's tools" });
      continue;
    }
    let answer: Answer;
    try {
      const signal = options.signal === undefined ? {} : { signal: options.signal };
      const { code, stdout, stderr } = await run(program, [...args, ...PROBE], { timeout: PROBE_MS, ...signal });
      if (code !== 0) {
        throw new Error(stderr.trim().split("\n").at(-1) ?? `ended with ${code ?? "a signal"}`);
      }
      answer = JSON.parse(stdout) as Answer;
    } catch (error) {
      if (options.signal?.aborted === true) {
        throw error;
      }
      if (!isMissing(error)) {
        rejected.push({ command, reason: `could not be asked: ${messageOf(error)}` });
      }
      continue;
    }
    if (seen.has(answer.path)) {
      continue;
    }
    seen.add(answer.path);
    const reason = unsupported(answer.version) ?? withoutWheels(answer);
    if (reason !== null) {
      rejected.push({ command, reason });
    } else if (!answer.venv) {
      lacksVenv ??= { command, reason: `is Python ${answer.version.join(".")} without the venv module` };
      rejected.push({ command, reason: "has no venv module" });
    } else {
      const interpreter = { path: answer.path, version: answer.version };
      const late = untried(answer.version);
      if (late === null) {
        return { interpreter, rejected, lacksVenv };
      }
      newer ??= interpreter;
      rejected.push({ command, reason: `${late}: taken only where there is no other` });
    }
  }
  return { interpreter: newer, rejected, lacksVenv };
}

/** One complete line: what was found instead, and what to do. */
export function withoutPython(found: Found): string {
  if (found.lacksVenv !== undefined) {
    return `CasCode: ${found.lacksVenv.command} ${found.lacksVenv.reason}. Install it (Debian, Ubuntu: apt install python3-venv) and try again.`;
  }
  const instead = found.rejected.find(({ reason }) => reason.startsWith("is "));
  const seen = instead === undefined ? "none was found" : `${instead.command} ${instead.reason}`;
  return `CasCode needs Python ${SUPPORTED}: ${seen}. Install one and try again, or set cascode.path to a cascode program.`;
}

/** The program is not there: no news. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** /usr/bin/python3 of macOS opens a dialog, once for each call, until Apple's command line tools are installed. */
async function opensInstaller(program: string): Promise<boolean> {
  if (program !== "python3" && program !== "/usr/bin/python3") {
    return false;
  }
  const there = await Promise.all(
    ["/Library/Developer/CommandLineTools/usr/bin/python3", "/Applications/Xcode.app"].map((path) =>
      access(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return !there.includes(true);
}
