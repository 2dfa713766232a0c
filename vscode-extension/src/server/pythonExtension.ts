/** The Python environment selected in the Python extension, where that one is installed. */

import * as vscode from "vscode";

import type { PythonEnvironments, SelectedEnvironment } from "./discovery.js";

const PYTHON_EXTENSION = "ms-python.python";

/** It activates and answers in a few seconds; a start must not hang on it where it never does, ms. */
const PATIENCE_MS = 20_000;

export class SelectedPython implements PythonEnvironments, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** The user selected another environment. */
  readonly onDidChange = this.changed.event;
  private subscription: vscode.Disposable | undefined;

  selected(): Promise<SelectedEnvironment | { readonly reason: string }> {
    // All of it: not only the activation may never end, but also the look at an environment on a disk that hangs.
    return withinPatience(this.ask());
  }

  private async ask(): Promise<SelectedEnvironment | { readonly reason: string }> {
    if (vscode.extensions.getExtension(PYTHON_EXTENSION) === undefined) {
      return { reason: "the Python extension is not installed" };
    }
    // Loaded here: most windows need it for a moment after their start and never again.
    const { PythonExtension: loaded } = await import("@vscode/python-extension");
    const api = await loaded.api();
    this.subscription ??= api.environments.onDidChangeActiveEnvironmentPath(() => {
      this.changed.fire();
    });
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const path = api.environments.getActiveEnvironmentPath(folder);
    const environment = await api.environments.resolveEnvironment(path);
    const python = environment?.executable.uri?.fsPath;
    if (environment === undefined || python === undefined) {
      return { reason: `the selected Python environment ${path.path} has no interpreter` };
    }
    const version = environment.version;
    const numbers = version === undefined ? "" : ` (Python ${version.major}.${version.minor}.${version.micro})`;
    return { python, label: `${environment.environment?.name ?? path.path}${numbers}` };
  }

  dispose(): void {
    this.subscription?.dispose();
    this.changed.dispose();
  }
}

async function withinPatience<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it gave no answer within ${PATIENCE_MS / 1000} s`));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
