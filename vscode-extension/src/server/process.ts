/** The server's process: started, listened to, and surely ended. */

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";

import type { Log } from "../log.js";

/** What it gets to end by itself after it was asked to, ms; it has an index to close. */
const GRACE_MS = 3_000;

/** A line without an end is cut here: nobody reads more of it, and it must not fill the memory. */
const LINE_CHARACTERS = 8_000;

export class ServerProcess {
  /** Settles when it has ended, with how. */
  readonly ended: Promise<string>;
  /** What it wrote to stderr last: the reason where it ended by itself. */
  lastLine = "";

  private constructor(readonly child: ChildProcessWithoutNullStreams) {
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        resolve(signal === null ? `status ${code ?? "unknown"}` : `signal ${signal}`);
      });
    });
  }

  /**
   * Start the server; what it writes to stderr goes to the log.
   *
   * @throws Error of the system where it can not be started.
   */
  static start(program: string, args: readonly string[], cwd: string, log: Log): Promise<ServerProcess> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd, windowsHide: true });
      const server = new ServerProcess(child);
      child.once("error", reject);
      child.once("spawn", () => {
        child.removeListener("error", reject);
        child.on("error", (error) => {
          log.warn(`server process: ${error.message}`);
        });
        resolve(server);
      });
      const say = (text: string): void => {
        if (text.trim() !== "") {
          server.lastLine = text.trim();
          log.info(`server: ${text}`);
        }
      };
      let line = "";
      child.stderr.setEncoding("utf8");
      child.stderr.on("data", (chunk: string) => {
        const lines = (line + chunk).split(/\r?\n/u);
        line = (lines.pop() ?? "").slice(0, LINE_CHARACTERS);
        lines.forEach(say);
      });
      child.stderr.on("end", () => {
        say(line);
      });
    });
  }

  /** Wait until it has ended, and return how; ended by force where it does not do so in time. */
  async end(grace: number = GRACE_MS): Promise<string> {
    const terminate = setTimeout(() => this.child.kill("SIGTERM"), grace);
    const kill = setTimeout(() => this.child.kill("SIGKILL"), 2 * grace);
    const how = await this.ended;
    clearTimeout(terminate);
    clearTimeout(kill);
    return how;
  }
}
