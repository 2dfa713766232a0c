/** The environment that the extension makes for itself from the wheel that it ships. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { messageOf, type Log } from "../log.js";
import type { Interpreter } from "./interpreters.js";
import { withLock } from "./lock.js";
import { programIn, pythonIn } from "./programs.js";
import { CancelledError, type Run, type RunOptions } from "./run.js";

/** Written last: an environment without it is half made. */
const MARKER = "cascode-installed.json";

/** Written over and over by each window that runs the server of an environment: when it was last in use. */
const SIGN = "cascode-in-use";

/** How often a window says so, ms. */
const SIGN_MS = 60_000;

/** What nobody has used for so long is removed, ms: longer than a shared server stays, or a laptop sleeps at night. */
const UNUSED_MS = 2 * 24 * 3_600_000;

/** A cold Python on a slow disk needs seconds to say its version; what needs longer does not work, ms. */
const ANSWER_MS = 30_000;

const PIP_INSTALL = ["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"];

/** Says what each system takes. */
const SYSTEMS = "https://github.com/cascode-search/cascode/blob/main/docs/install.md";

export interface Wheel {
  /** Absolute path. */
  readonly path: string;
  readonly version: string;
}

/** The wheel in a folder of the extension; undefined in a build without one. */
export async function shippedWheel(folder: string): Promise<Wheel | undefined> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const name = names.find((entry) => /^cascode-[^-]+-.*\.whl$/u.test(entry));
  if (name === undefined) {
    return undefined;
  }
  return { path: join(folder, name), version: name.split("-")[1] ?? "" };
}

/** The server of a wheel that an earlier version of the extension shipped. */
export interface Earlier {
  readonly program: string;
  readonly version: string;
}

export interface Progress {
  /** One short line about what is being done. */
  report(message: string): void;
}

export class ManagedEnvironment {
  private digest: Promise<string> | undefined;

  /**
   * @param storage Folder of the extension; holds one folder for each wheel.
   * @param wheel The wheel that is shipped.
   */
  constructor(
    private readonly storage: string,
    readonly wheel: Wheel,
    private readonly run: Run,
    private readonly log: Log,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  /** The server's program, or undefined where the environment is not made or its Python is gone. */
  async program(): Promise<string | undefined> {
    return this.programOf(await this.folder());
  }

  /** The program of the environment that was made last from an earlier wheel; the extension was updated since. */
  async earlier(): Promise<Earlier | undefined> {
    let found: Earlier | undefined;
    let youngest = Number.POSITIVE_INFINITY;
    for (const folder of await this.others()) {
      const [program, age] = [await this.programOf(folder), await ageOf(join(folder, MARKER))];
      if (program !== undefined && age < youngest) {
        youngest = age;
        found = { program, version: basename(folder).split("-")[1] ?? "" };
      }
    }
    return found;
  }

  /**
   * Say from now on that a window runs a program of an environment; what no window has run for long is removed.
   *
   * @param program One that `program` or `earlier` has named.
   * @returns Ends it.
   */
  use(program: string): () => void {
    const folder = join(program, "..", "..");
    const sign = (): void => {
      writeFile(join(folder, SIGN), new Date().toISOString()).catch((error: unknown) => {
        this.log.warn(`${folder} is not marked as in use: ${messageOf(error)}`);
      });
    };
    sign();
    const signs = setInterval(sign, SIGN_MS);
    signs.unref();
    void this.removeUnused(folder);
    return () => {
      clearInterval(signs);
    };
  }

  private async programOf(folder: string): Promise<string | undefined> {
    const program = programIn(folder, this.platform);
    try {
      await Promise.all([access(join(folder, MARKER)), access(program), access(pythonIn(folder, this.platform))]);
      return program;
    } catch {
      return undefined;
    }
  }

  /**
   * Make the environment; one that is half made or does not work is thrown away first. Several windows may ask: one
   * does it.
   *
   * @param python What to make it with.
   * @param progress Called with what is being done.
   * @param signal Ends it; what was made is removed.
   * @returns The server's program.
   * @throws CancelledError when ended, Error with one line when it failed.
   */
  async create(python: Interpreter, progress: Progress, signal: AbortSignal): Promise<string> {
    await mkdir(this.storage, { recursive: true });
    return withLock(
      join(this.storage, "install.lock"),
      async () => {
        const made = await this.program();
        if (made !== undefined && (await this.answers(made, signal))) {
          return made; // Another window has made it, or nothing was wrong with it: it may be running.
        }
        return this.make(python, progress, signal);
      },
      {
        signal,
        waiting: () => {
          progress.report("another window is installing it");
        },
      },
    );
  }

  /** Whether the server's program can be started. */
  private async answers(program: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.step(program, ["--version"], signal, { timeout: ANSWER_MS });
      return true;
    } catch (error) {
      if (error instanceof CancelledError) {
        throw error;
      }
      this.log.warn(`${program} does not work and is made anew: ${messageOf(error)}`);
      return false;
    }
  }

  private async make(python: Interpreter, progress: Progress, signal: AbortSignal): Promise<string> {
    const folder = await this.folder();
    try {
      // First, so that what cannot be removed whole (on Windows, what a process runs from) does not count as made.
      await rm(join(folder, MARKER), { force: true });
      await rm(folder, { recursive: true, force: true });
      progress.report(`making a Python ${python.version.slice(0, 2).join(".")} environment`);
      await this.step(python.path, ["-I", "-m", "venv", folder], signal);
      const environment = pythonIn(folder, this.platform);
      progress.report("installing; a minute, once");
      const onLine = (line: string): void => {
        const step = /^(?:Collecting|Downloading|Installing collected packages:)\s+(\S+)(.*)$/u.exec(line.trim());
        if (step !== null) {
          progress.report(line.trim().startsWith("Installing") ? "installing packages" : describe(step[1] ?? "", step[2] ?? ""));
        }
      };
      await this.step(environment, [...PIP_INSTALL, `${this.wheel.path}[mcp]`], signal, { onLine });
      progress.report("checking");
      const program = programIn(folder, this.platform);
      const { stdout } = await this.step(program, ["--version"], signal);
      const marker = { wheel: basename(this.wheel.path), python: python.path, version: stdout.trim() };
      await writeFile(join(folder, MARKER), `${JSON.stringify(marker, null, 2)}\n`);
      return program;
    } catch (error) {
      await rm(folder, { recursive: true, force: true }).catch((problem: unknown) => {
        this.log.warn(`could not remove the unfinished environment ${folder}: ${messageOf(problem)}`);
      });
      throw error;
    }
  }

  private async step(
    program: string,
    args: readonly string[],
    signal: AbortSignal,
    options: Pick<RunOptions, "onLine" | "timeout"> = {},
  ): Promise<{ stdout: string }> {
    this.log.info(`${program} ${args.join(" ")}`);
    const { code, stdout, stderr } = await this.run(program, args, {
      ...options,
      signal,
      cwd: this.storage,
      onLine: (line) => {
        this.log.debug(line);
        options.onLine?.(line);
      },
    });
    if (signal.aborted) {
      throw new CancelledError();
    }
    if (code !== 0) {
      throw new Error(lastError(`${stdout}\n${stderr}`) ?? `${basename(program)} ended with status ${code ?? "unknown"}`);
    }
    return { stdout };
  }

  /** Environments of other wheels that no window uses; one that another window makes is young. */
  private async removeUnused(used: string): Promise<void> {
    for (const path of await this.others()) {
      if (path !== used && Math.min(await ageOf(path), await ageOf(join(path, SIGN))) > UNUSED_MS) {
        this.log.info(`${path} has not been used for long and is removed`);
        await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
          this.log.warn(`could not remove the earlier environment ${path}: ${messageOf(error)}`);
        });
      }
    }
  }

  /** Folders of environments of other wheels, whole or not. */
  private async others(): Promise<readonly string[]> {
    const mine = await this.folder();
    const names = await readdir(this.storage).catch(() => [] as string[]);
    return names.filter((name) => name.startsWith("server-")).map((name) => join(this.storage, name)).filter((path) => path !== mine);
  }

  /** Named by content: a wheel rebuilt under the same version gets a new environment. */
  private async folder(): Promise<string> {
    this.digest ??= digestOf(this.wheel.path);
    return join(this.storage, `server-${this.wheel.version}-${(await this.digest).slice(0, 12)}`);
  }

  /** What was installed, for the log; undefined where nothing was. */
  async description(): Promise<string | undefined> {
    return readFile(join(await this.folder(), MARKER), "utf8").then(
      (text) => text.split(/\s+/u).join(" ").trim(),
      () => undefined,
    );
  }
}

/** "downloading openvino (56.4 MB)". */
function describe(name: string, rest: string): string {
  const size = /\([\d.]+ [kMG]B\)/u.exec(rest)?.[0];
  const file = name.split("/").at(-1) ?? name;
  return size === undefined ? `looking for ${file}` : `downloading ${file.split("-")[0] ?? file} ${size}`;
}

/** The line of pip's output that says what went wrong; its notices come after it. */
export function lastError(output: string): string | undefined {
  const all = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("[notice]"));
  const error = all.findLast((line) => line.startsWith("ERROR:"))?.replace(/^ERROR:\s*/u, "");
  return error?.startsWith("No matching distribution") === true ? `${error}, at least for this system (${SYSTEMS})` : (error ?? all.at(-1));
}

/** Since when a file or a folder is as it is, ms; without end where there is none. */
async function ageOf(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}
