/** Opens the cell of a notebook that a hit stands in. */

import * as vscode from "vscode";

import type { Hit } from "../protocol.js";
import { cellIndex } from "./text.js";

export interface CellOptions {
  readonly viewColumn: vscode.ViewColumn;
  readonly preview: boolean;
  readonly preserveFocus?: boolean;
}

/** Show the notebook with a hit's cell selected and in sight. */
export async function showCell(hit: Hit, options: CellOptions): Promise<vscode.NotebookCell | undefined> {
  const notebook = await vscode.workspace.openNotebookDocument(vscode.Uri.parse(hit.uri));
  const index = cellIndex(hit, notebook.cellCount);
  if (index === undefined) {
    return undefined;
  }
  const range = new vscode.NotebookRange(index, index + 1);
  const editor = await vscode.window.showNotebookDocument(notebook, { ...options, selections: [range] });
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  return notebook.cellAt(index);
}

/** Open a hit's cell for good, with the cursor on its name. */
export async function openCell(hit: Hit, options: CellOptions): Promise<void> {
  const cell = await showCell(hit, options);
  const name = hit.cellSelectionRange?.start;
  if (cell !== undefined && name !== undefined) {
    const at = new vscode.Position(name.line, name.character);
    // The notebook's own editor opens the cell's document with the cursor in it; `showTextDocument` does not know cells.
    await vscode.commands.executeCommand("vscode.open", cell.document.uri, { ...options, selection: new vscode.Range(at, at) });
  }
}
