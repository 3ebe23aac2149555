import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';

/** Names of files that can run as jobs: notebooks, and what is read like one. */
const RUNNABLE = /\.(ipynb|py|md|Rmd)$/;

/** A notebook or a text file that is open. */
export interface IOpenFile extends Widget {
  readonly context: Pick<
    NotebookPanel['context'],
    'path' | 'model' | 'contentsModel' | 'save'
  >;
}

/** Whether a widget shows a file. */
export function isOpenFile(widget: Widget | null): widget is IOpenFile {
  return !!widget && 'context' in widget && 'content' in widget;
}

/** Whether a widget shows a file that can run as a job. */
export function isRunnable(widget: Widget | null): widget is IOpenFile {
  return isOpenFile(widget) && RUNNABLE.test(widget.context.path);
}
