import { compareValues, type IOrder } from '../../ordered';
import { pinnedThenNewest } from '../search';
import type { IJob } from '../views';

/** What jobs can be ordered by. */
export type Column =
  | 'name'
  | 'phase'
  /** How much is done. */
  | 'progress'
  | 'category'
  | 'project'
  | 'priority'
  | 'framework'
  | 'nodes'
  | 'owner'
  | 'created'
  /** How long it ran. */
  | 'started';

/** Jobs in an order: pinned ones first, then as asked for, then the newest. */
export function sorted(
  jobs: readonly IJob[],
  { by, down }: IOrder<Column>
): readonly IJob[] {
  const sign = down ? -1 : 1;
  return [...jobs].sort(
    (a, b) =>
      Number(b.pinned) - Number(a.pinned) ||
      sign * compareValues(value(a, by), value(b, by)) ||
      pinnedThenNewest(a, b)
  );
}

function value(job: IJob, by: Column): string | number | null {
  if (by === 'progress') {
    return job.progress?.fraction ?? null;
  }
  return by === 'started' ? duration(job) : job[by];
}

/** How long a job has run, in milliseconds; null before it has started. */
function duration({ started, finished }: IJob): number | null {
  return started
    ? (finished ? Date.parse(finished) : Date.now()) - Date.parse(started)
    : null;
}
