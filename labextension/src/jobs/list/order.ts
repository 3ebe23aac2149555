import { pinnedThenNewest } from '../search';
import type { IJob } from '../views';

/** What jobs can be ordered by. */
export type Column =
  | 'name'
  | 'phase'
  | 'category'
  | 'project'
  | 'priority'
  | 'framework'
  | 'nodes'
  | 'owner'
  | 'created'
  /** How long it ran. */
  | 'started';

/** By what jobs are ordered, and whether the greatest comes first. */
export interface IOrder {
  by: Column;
  down: boolean;
}

/** Jobs in an order: pinned ones first, then as asked for, then the newest. */
export function sorted(
  jobs: readonly IJob[],
  { by, down }: IOrder
): readonly IJob[] {
  const sign = down ? -1 : 1;
  return [...jobs].sort(
    (a, b) =>
      Number(b.pinned) - Number(a.pinned) ||
      sign * compare(a, b, by) ||
      pinnedThenNewest(a, b)
  );
}

function compare(a: IJob, b: IJob, by: Column): number {
  switch (by) {
    case 'nodes':
      return a.nodes - b.nodes;
    case 'priority':
      return (a.priority ?? 0) - (b.priority ?? 0);
    case 'started':
      return duration(a) - duration(b);
    default:
      return (a[by] ?? '').localeCompare(b[by] ?? '', undefined, {
        numeric: true
      });
  }
}

/** How long a job ran, in milliseconds; -1 where that is not known. */
function duration({ started, finished }: IJob): number {
  return started && finished ? Date.parse(finished) - Date.parse(started) : -1;
}
