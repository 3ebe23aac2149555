import { PageConfig, PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { plainText } from '../log/line';
import type { IFailure, IPlace, IRankFailure } from './views';

/** How many of several ranks are named. */
const FEW = 8;

/** Why the launcher ends the ranks of a job that did not fail. */
const ENDED: readonly string[] = ['TimeLimit', 'Terminated'];

/** Which process it was, as the beginning of a sentence. */
export function whoWord(
  { rank, node, pod }: Pick<IRankFailure, 'rank' | 'node' | 'pod'>,
  trans: TranslationBundle
): string {
  if (rank === null) {
    return node ?? pod ?? trans.__('A rank');
  }
  return node
    ? trans.__('Rank %1 on node %2', rank, node)
    : trans.__('Rank %1', rank);
}

/** Several processes, the first few by name. */
export function whoWords(
  ranks: readonly IRankFailure[],
  trans: TranslationBundle
): string {
  const names = ranks.slice(0, FEW).map(rank => whoWord(rank, trans));
  const more = ranks.length - names.length;
  return [
    ...names,
    ...(more > 0 ? [trans._n('%1 more', '%1 more', more)] : [])
  ].join('; ');
}

/** Whether a rank did not fail: it was ended, and the failure tells where it was. */
export function isInterrupted({ etype, reason }: IRankFailure): boolean {
  return etype === null && ENDED.includes(reason ?? '');
}

/** The job, with the attempt where it was not the first. */
export function jobWord(
  { job, attempt }: Pick<IFailure, 'job' | 'attempt'>,
  trans: TranslationBundle
): string {
  return attempt > 1
    ? trans.__('job %1, attempt %2', job, attempt)
    : trans.__('job %1', job);
}

/** Where it was: `cell 4, line 3`, `train.py, line 12`; empty where that is not known. */
export function placeWord(
  { cell, lineno }: Pick<IPlace, 'cell' | 'lineno'>,
  file: string | null,
  trans: TranslationBundle
): string {
  const name = cell === null ? file : trans.__('cell %1', cell + 1);
  return name && lineno !== null
    ? trans.__('%1, line %2', name, lineno)
    : (name ?? '');
}

/** The exception as Python names it, else how the process ended. */
export function errorText(
  failure: Pick<IRankFailure, 'etype' | 'message' | 'reason' | 'exit_code'>,
  trans: TranslationBundle
): string {
  const { etype, message, reason, exit_code } = failure;
  const told = [etype, message].filter(Boolean).join(': ') || reason;
  if (told) {
    return withoutColours(told);
  }
  return exit_code === null
    ? trans.__('It ended without an error.')
    : trans.__('Exit code %1', exit_code);
}

/** A text of a program without what colours it in a terminal. */
export function withoutColours(text: string): string {
  return plainText({ rank: null, time: null, text });
}

/** The file of the innermost call that is the user's own; null where it is a cell. */
export function fileOf({ cell, frames }: IRankFailure): string | null {
  return cell === null ? (frames[frames.length - 1]?.file ?? null) : null;
}

/** The notebook's path in the contents; what is submitted elsewhere is named by its place on the disk. */
export function notebookPath({ notebook }: IFailure): string | null {
  return notebook?.startsWith('/') ? belowRoot(notebook) : notebook;
}

/**
 * The file of the user's own in which a rank failed, and its line: null where that was a cell. Its
 * path in the contents is null where the Jupyter server does not show it.
 */
export function failedFile(
  failure: IFailure,
  { frames }: IRankFailure
): { path: string | null; lineno: number | null } | null {
  const innermost = frames[frames.length - 1];
  if (!innermost || innermost.cell !== null) {
    return null;
  }
  const { file, lineno } = innermost;
  const notebook = notebookPath(failure);
  // What was sent along is named from the folder of the notebook or script.
  const path = file.startsWith('/')
    ? belowRoot(file)
    : notebook && PathExt.join(PathExt.dirname(notebook), file);
  return { path, lineno };
}

/** The path in the contents of a file by its place on the disk; null outside of the root folder. */
function belowRoot(file: string): string | null {
  const root = PageConfig.getOption('rootUri').replace(/^file:\/\//, '');
  const folder = `${decodeURIComponent(root).replace(/\/$/, '')}/`;
  return root && file.startsWith(folder) ? file.slice(folder.length) : null;
}

/** A failure as text to send to somebody. */
export function reportText(
  failure: IFailure,
  rank: IRankFailure,
  trans: TranslationBundle
): string {
  const place = placeWord(rank, fileOf(rank), trans);
  const what = [failure.notebook, place].filter(Boolean).join(', ');
  return [
    `${whoWord(rank, trans)} (${jobWord(failure, trans)})${what && `: ${what}`}`,
    withoutColours(rank.traceback ?? '') || errorText(rank, trans)
  ].join('\n\n');
}
