import { PageConfig } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { plainText } from '../log/line';
import type { IFailure, IPlace, IRankFailure } from './views';

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

/**
 * The path of a file in the Jupyter server's contents: one that lies below its root folder, which
 * pods that mount the same storage see at the same place. Null for any other.
 */
export function contentsPath(file: string): string | null {
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
