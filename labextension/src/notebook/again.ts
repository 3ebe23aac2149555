import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { freeName } from '../form/spec';
import { JobActions } from '../jobs/actions';
import type { IPlannedCell } from '../jobs/preview/views';
import type { IJob } from '../jobs/views';
import { notifyFailure } from '../notifications';
import { joinSentences } from '../sentence';

/** The length that names of jobs may have. */
const LONGEST_NAME = 48;

/** The cells of a run, in the record of what it ran. */
const CELLS = 'code/cells.json';

/** A cell as the record has it. */
type RunCell = Pick<IPlannedCell, 'index' | 'id' | 'source'>;

/** What differs between two submissions, by the cells' numbers, from 1. */
export interface IChangedCells {
  changed: number[];
  added: number[];
  removed: number;
}

/**
 * Submits a saved file with the settings of its last job, and tells what has changed since. Opens
 * the form instead where there was none, and where the file cannot run as it is.
 */
export async function submitAgain(
  hub: IHubContext,
  path: string
): Promise<void> {
  const { api, commands, store, trans } = hub;
  try {
    const [jobs, { user }] = await Promise.all([api.jobs.list(), api.status()]);
    // Of somebody else's, whose file is called alike, the image is not to be trusted with this one.
    const own = jobs.filter(({ owner }) => owner === user);
    const last = lastJobOf(path, own);
    if (!last) {
      await commands.execute(CommandIDs.openJobForm, { notebook: path });
      return;
    }
    const taken = new Set(jobs.map(({ name }) => name));
    const name = freeName(last.name, taken, '-', LONGEST_NAME);
    const spec = { ...last.spec, name };
    const plan = await api.jobs.preview(spec);
    if (plan.errors.length > 0) {
      await commands.execute(CommandIDs.openJobForm, { clone: last.name });
      return;
    }
    const before = await cellsOf(hub, last);
    const job = await api.jobs.submit(spec);
    store.put(job);
    new JobActions(hub).announce(
      job.name,
      joinSentences([
        trans.__(
          'Job %1 is submitted with the settings of %2.',
          job.name,
          last.name
        ),
        before && changeText(changedCells(before, plan.cells), trans)
      ])
    );
  } catch (error) {
    notifyFailure(
      trans.__('%1 could not be submitted again.', path),
      error,
      trans
    );
  }
}

/** The newest job of a file; undefined where none is there any more. */
export function lastJobOf(
  path: string,
  jobs: readonly IJob[]
): IJob | undefined {
  return jobs
    .filter(({ spec }) => spec.notebook === path)
    .sort((a, b) => (b.created ?? '').localeCompare(a.created ?? ''))[0];
}

/** What differs between the cells that ran and those that would run now. */
export function changedCells(
  before: readonly RunCell[],
  now: readonly IPlannedCell[]
): IChangedCells {
  const running = now.filter(
    ({ index, action }) => index !== null && action !== 'skip'
  );
  const known = new Map(before.map(({ id, source }) => [id, source]));
  const numbers = (cells: readonly IPlannedCell[]): number[] =>
    cells.map(({ index }) => (index ?? 0) + 1);
  const ids = new Set(running.map(({ id }) => id));
  return {
    changed: numbers(
      running.filter(
        ({ id, source }) => known.has(id) && known.get(id) !== source
      )
    ),
    added: numbers(running.filter(({ id }) => !known.has(id))),
    removed: before.filter(({ id, index }) => index !== null && !ids.has(id))
      .length
  };
}

function changeText(
  { changed, added, removed }: IChangedCells,
  trans: TranslationBundle
): string {
  const list = (numbers: number[]): string => numbers.join(trans.__(', '));
  const told = [
    changed.length > 0 &&
      trans.__('Changed since: %1.', trans.__('cell %1', list(changed))),
    added.length > 0 &&
      trans.__('New since: %1.', trans.__('cell %1', list(added))),
    removed > 0 &&
      trans._n('%1 cell is gone since.', '%1 cells are gone since.', removed)
  ].filter((text): text is string => typeof text === 'string');
  return told.length > 0
    ? joinSentences(told)
    : trans.__('The code is the same.');
}

/** What a job has run; null where no record of it is kept. */
async function cellsOf(
  { api }: IHubContext,
  { run }: IJob
): Promise<RunCell[] | null> {
  try {
    const text = run && (await api.runs.file(run, CELLS));
    return text ? (JSON.parse(text) as { cells: RunCell[] }).cells : null;
  } catch {
    return null;
  }
}
