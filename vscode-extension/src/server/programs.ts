/** Where an environment keeps its programs. */

import { posix, win32 } from "node:path";

/** The `cascode` program of an environment folder. */
export function programIn(environment: string, platform: NodeJS.Platform): string {
  return platform === "win32"
    ? win32.join(environment, "Scripts", "cascode.exe")
    : posix.join(environment, "bin", "cascode");
}

/** The interpreter of an environment folder. */
export function pythonIn(environment: string, platform: NodeJS.Platform): string {
  return platform === "win32"
    ? win32.join(environment, "Scripts", "python.exe")
    : posix.join(environment, "bin", "python");
}

/** The `cascode` program that belongs to an interpreter, the likeliest first. */
export function programsBeside(python: string, platform: NodeJS.Platform): readonly string[] {
  if (platform === "win32") {
    // In a virtual environment python.exe is in Scripts; in an installation or a conda environment it is above.
    const folder = win32.dirname(python);
    return [win32.join(folder, "cascode.exe"), win32.join(folder, "Scripts", "cascode.exe")];
  }
  return [posix.join(posix.dirname(python), "cascode")];
}

/** Whether an absolute path is a folder or lies in it. */
export function isInside(path: string, folder: string, platform: NodeJS.Platform): boolean {
  const system = platform === "win32" ? win32 : posix;
  // Of Windows' paths `relative` knows that case does not matter; on a Mac it does not as a rule.
  const [from, to] = platform === "darwin" ? [folder.toLowerCase(), path.toLowerCase()] : [folder, path];
  const way = system.relative(from, to);
  return way !== ".." && !way.startsWith(`..${system.sep}`) && !system.isAbsolute(way);
}

/** Whether a setting's place depends on the folder that is open. */
export function namesWorkspace(text: string): boolean {
  return text.includes("${workspaceFolder}");
}

/** Replace what a setting may hold: `~`, `${userHome}`, `${workspaceFolder}`, `${env:NAME}`. */
export function expand(
  text: string,
  context: { home: string; workspaceFolder: string | undefined; environment: NodeJS.ProcessEnv },
): string {
  return text
    .trim()
    .replace(/^~(?=$|[\\/])/u, context.home)
    .replace(/\$\{userHome\}/gu, context.home)
    .replace(/\$\{workspaceFolder\}/gu, context.workspaceFolder ?? "")
    .replace(/\$\{env:([^}]+)\}/gu, (_, name: string) => context.environment[name] ?? "");
}
