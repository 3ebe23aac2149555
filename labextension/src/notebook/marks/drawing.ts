import type { Cell } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { PanelLayout } from '@lumino/widgets';
import type { IHubContext } from '../../context';
import type { IFailure } from '../../jobs/failure/views';
import { errorText } from '../../jobs/failure/words';
import { lightText, headline, MarkWidget, TopMarks } from './cellMark';
import { markLines, type ILineMark } from './lineMarks';
import {
  placeFailures,
  type IMark,
  type INotebookCell,
  type IPlacement
} from './placement';

/** The class of the part of a cell below which its marks stand. */
const INPUT_CLASS = 'jp-Cell-inputWrapper';

/** Draws failures on the cells of an open notebook. Nothing is written into the notebook. */
export class MarkDrawing {
  /**
   * @param _dismiss - called when somebody wants to see a failure no longer
   * @param _again - called when a cell that has a mark is ready for it
   */
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _hub: IHubContext,
    private readonly _dismiss: (failure: IFailure) => void,
    private readonly _again: () => void
  ) {}

  /** The cells of the notebook as it is now. */
  get cells(): INotebookCell[] {
    return Array.from(this._panel.content.model?.cells ?? [], model => ({
      id: model.id,
      source: model.sharedModel.getSource(),
      isCode: model.type === 'code'
    }));
  }

  /** The errors on a cell. */
  errorsOn(id: string): IMark[] {
    const marks = this._placement.marks.get(id) ?? [];
    return marks.filter(({ isRaised }) => isRaised);
  }

  /** The errors in cells that are gone. */
  get lost(): readonly IMark[] {
    return this._placement.lost;
  }

  /** Shows these failures, and no others, at the cells as they are now. */
  draw(failures: readonly IFailure[]): void {
    this._placement = placeFailures(failures, this.cells);
    this._panel.content.widgets.forEach(cell => this._mark(cell));
    const { lost } = this._placement;
    if (lost.length > 0 && !this._top) {
      this._top = new TopMarks(this._hub, this._dismiss, null);
      this._panel.contentHeader.addWidget(this._top);
    }
    if (this._top) {
      this._top.marks = lost;
    }
  }

  /** Scrolls to a cell, makes it the active one, and selects a line of it. */
  async reveal({ id }: INotebookCell, lineno: number | null): Promise<void> {
    const { content } = this._panel;
    const index = content.widgets.findIndex(({ model }) => model.id === id);
    const cell = content.widgets[index];
    content.deselectAll();
    content.activeCellIndex = index;
    await content.scrollToCell(cell, 'center');
    await cell.ready;
    const { editor } = cell;
    if (editor && lineno !== null && lineno <= editor.lineCount) {
      const line = lineno - 1;
      editor.setSelection({
        start: { line, column: 0 },
        end: { line, column: editor.getLine(line)?.length ?? 0 }
      });
    }
  }

  /** Shows what there is to say of a cell, or takes it away. */
  private _mark(cell: Cell): void {
    const marks = this._placement.marks.get(cell.model.id) ?? [];
    if (cell.isPlaceholder()) {
      if (marks.length > 0 && !this._awaited.has(cell)) {
        this._awaited.add(cell);
        void cell.ready.then(this._again);
      }
      return;
    }
    if (cell.editor) {
      const { editor } = cell.editor as CodeMirrorEditor;
      markLines(editor, linesOf(marks, this._hub.trans));
    }
    const widget = this._drawn.get(cell) ?? null;
    if (widget) {
      widget.marks = marks;
    } else if (marks.length > 0) {
      this._drawn.set(cell, this._insert(cell, marks));
    }
  }

  private _insert(cell: Cell, marks: readonly IMark[]): MarkWidget {
    const { sharedModel } = cell.model;
    const widget = new MarkWidget(this._hub, this._dismiss, () =>
      sharedModel.getSource()
    );
    widget.marks = marks;
    const layout = cell.layout as PanelLayout;
    const input = layout.widgets.findIndex(part => part.hasClass(INPUT_CLASS));
    layout.insertWidget(input + 1, widget);
    return widget;
  }

  private _placement: IPlacement = { marks: new Map(), lost: [] };
  private _top: TopMarks | null = null;
  private readonly _drawn = new WeakMap<Cell, MarkWidget>();
  private readonly _awaited = new WeakSet<Cell>();
}

/** The lines of a cell that are marked; where several say something of one, the error does. */
function linesOf(
  marks: readonly IMark[],
  trans: TranslationBundle
): ILineMark[] {
  const lines = new Map<number, ILineMark>();
  for (const mark of marks.filter(({ isChanged }) => !isChanged)) {
    mark.lines.forEach((lineno, index) => {
      const isRaised = mark.isRaised && index === 0;
      if (isRaised || !lines.has(lineno)) {
        const title = isRaised
          ? `${headline(mark, true, trans)} ${errorText(mark.rank, trans)}`
          : lightText({ ...mark, lines: [lineno] }, trans);
        lines.set(lineno, { lineno, isRaised, title });
      }
    });
  }
  return [...lines.values()];
}
