/**
 * Stands for VS Code in tests: as much of its API as the tested parts call. It remembers what was shown and executed, and
 * lets a test do what a person would.
 */

type Listener<T> = (event: T) => void;

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };
  fire(event: T): void {
    [...this.listeners].forEach((listener) => {
      listener(event);
    });
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class Disposable {
  constructor(private readonly run: () => unknown) {}
  dispose(): void {
    this.run();
  }
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class ThemeIcon {
  constructor(
    readonly id: string,
    readonly color?: ThemeColor,
  ) {}
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(start: Position | number, end: Position | number, line?: number, character?: number) {
    this.start = start instanceof Position ? start : new Position(start, end as number);
    this.end = end instanceof Position ? end : new Position(line ?? 0, character ?? 0);
  }
}

export class Selection extends Range {}

export class Uri {
  private constructor(private readonly text: string) {}
  static parse(text: string): Uri {
    return new Uri(text);
  }
  static joinPath(base: { readonly fsPath: string }, ...parts: readonly string[]): { readonly fsPath: string } {
    return { fsPath: [base.fsPath, ...parts].join("/") };
  }
  get scheme(): string {
    return this.text.split(":")[0] ?? "";
  }
  get path(): string {
    return this.text.replace(/^[a-z-]+:(?:\/\/)?/u, "");
  }
  toString(): string {
    return this.text;
  }
}

export class TreeItem {
  constructor(
    readonly label: unknown,
    readonly collapsibleState: number,
  ) {}
}

export class MarkdownString {
  appendCodeblock(): this {
    return this;
  }
  appendText(): this {
    return this;
  }
}

export class CancellationTokenSource {
  readonly token = {};
  readonly cancel = nothing;
  readonly dispose = nothing;
}

export class NotebookRange {
  constructor(
    readonly start: number,
    readonly end: number,
  ) {}
}

export class TabInputText {
  constructor(readonly uri: Uri) {}
}
export class TabInputTextDiff extends TabInputText {}
export class TabInputCustom extends TabInputText {}
export class TabInputNotebook {
  constructor(readonly uri: Uri) {}
}

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const ViewColumn = { Active: -1, Beside: -2 };
export const OverviewRulerLane = { Center: 2 };
export const TextEditorRevealType = { AtTop: 3, InCenterIfOutsideViewport: 2 };
export const NotebookEditorRevealType = { InCenterIfOutsideViewport: 2 };
export const ProgressLocation = { Window: 10, Notification: 15 };

export interface FakeRow {
  readonly label: string;
  readonly kind?: number;
}

/** A list in which a test types, moves and presses Enter. Its events come as VS Code sends them. */
export class FakeQuickPick {
  private readonly valued = new EventEmitter<string>();
  private readonly accepted = new EventEmitter<undefined>();
  private readonly activated = new EventEmitter<undefined>();
  private readonly hidden = new EventEmitter<undefined>();
  readonly onDidChangeValue = this.valued.event;
  readonly onDidAccept = this.accepted.event;
  readonly onDidChangeActive = this.activated.event;
  readonly onDidHide = this.hidden.event;
  readonly onDidTriggerButton = new EventEmitter<undefined>().event;
  readonly onDidTriggerItemButton = new EventEmitter<undefined>().event;
  readonly show = nothing;
  readonly dispose = nothing;
  value = "";
  items: readonly FakeRow[] = [];
  private active: readonly FakeRow[] = [];

  get activeItems(): readonly FakeRow[] {
    return this.active;
  }

  set activeItems(rows: readonly FakeRow[]) {
    this.active = rows;
    this.activated.fire(undefined);
  }

  hide(): void {
    this.hidden.fire(undefined);
  }

  type(value: string): void {
    this.value = value;
    this.valued.fire(value);
    const first = this.items.find(({ kind }) => kind !== QuickPickItemKind.Separator);
    if (first !== undefined && first !== this.active[0]) {
      this.activeItems = [first];
    }
  }

  moveTo(index: number): void {
    const row = this.items[index];
    this.activeItems = row === undefined ? [] : [row];
  }

  enter(): void {
    this.accepted.fire(undefined);
  }
}

/** What happened, and what a test lays down beforehand. */
export const fake = {
  picks: [] as FakeQuickPick[],
  /** Messages over the editor, and commands that were executed. */
  messages: [] as string[],
  executed: [] as unknown[][],
  /** Where each piece of work was shown, and as what. */
  progress: [] as (readonly [number, string])[],
  /** Documents that were shown in an editor. */
  shown: [] as string[],
  /** Documents that cannot be opened. */
  missing: new Set<string>(),
  settings: new Map<string, unknown>(),
  extensions: new Map<string, unknown>(),
};

function nothing(): void {
  // Whatever VS Code would do, no test looks at it.
}

function say(message: string): Promise<undefined> {
  fake.messages.push(message);
  return Promise.resolve(undefined);
}

function quietEvent(): Disposable {
  return new Disposable(nothing);
}

export const window = {
  activeTextEditor: undefined as unknown,
  tabGroups: {
    activeTabGroup: { viewColumn: 1, activeTab: undefined, tabs: [] },
    all: [],
    close: () => Promise.resolve(true),
  },
  createQuickPick: (): FakeQuickPick => {
    const pick = new FakeQuickPick();
    fake.picks.push(pick);
    return pick;
  },
  createTextEditorDecorationType: () => ({ dispose: nothing }),
  showTextDocument: (document: { readonly uri: Uri }) => {
    fake.shown.push(document.uri.toString());
    return Promise.resolve({ document, setDecorations: nothing, visibleRanges: [], revealRange: nothing, selection: undefined });
  },
  showInformationMessage: say,
  showWarningMessage: say,
  showErrorMessage: say,
  setStatusBarMessage: nothing,
  withProgress: (options: { readonly location: number; readonly title: string }, work: (...args: unknown[]) => Promise<unknown>) => {
    fake.progress.push([options.location, options.title]);
    return work({ report: nothing }, { onCancellationRequested: nothing });
  },
};

export const workspace = {
  workspaceFolders: [{ uri: { fsPath: "/w" } }] as readonly { readonly uri: { readonly fsPath: string } }[],
  isTrusted: true,
  openTextDocument: (uri: Uri) =>
    fake.missing.has(uri.toString()) ? Promise.reject(new Error("it is gone")) : Promise.resolve({ uri }),
  getConfiguration: () => ({ get: (name: string, otherwise: unknown) => fake.settings.get(name) ?? otherwise }),
  onDidChangeConfiguration: quietEvent,
  onDidGrantWorkspaceTrust: quietEvent,
  onDidChangeWorkspaceFolders: quietEvent,
};

export const commands = {
  executeCommand: (...args: unknown[]) => {
    fake.executed.push(args);
    return Promise.resolve();
  },
};

export const extensions = { getExtension: (id: string) => fake.extensions.get(id) };

export const env = { clipboard: { writeText: () => Promise.resolve() } };
