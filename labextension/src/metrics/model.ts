import {
  METRICS,
  type IMetrics,
  type ISeries,
  type Metric,
  type Point
} from './views';

/** Points of the longest line above which all is asked for anew, thinned out by the server. */
export const MOST_POINTS = 3000;
/** Columns of a chart at most: more than a screen has pixels for. */
const MOST_COLUMNS = 600;
/** For so many columns a pod that was not measured counts with its last value. */
const HELD_COLUMNS = 4;
/** Measurements may come later than those of other pods by so many seconds. */
const LATE = 60;

/** What is known once `answer` has come, which tells what is new since. */
export function merge(known: IMetrics | null, answer: IMetrics): IMetrics {
  if (!known) {
    return answer;
  }
  const series = new Map(known.series.map(one => [keyOf(one), one]));
  for (const fresh of answer.series) {
    const before = series.get(keyOf(fresh));
    const points = before?.points ?? [];
    const last = points.at(-1)?.[0] ?? -Infinity;
    series.set(keyOf(fresh), {
      ...fresh,
      points: [...points, ...fresh.points.filter(([at]) => at > last)]
    });
  }
  return { ...answer, series: [...series.values()] };
}

function keyOf({ pod, metric }: ISeries): string {
  return `${metric} ${pod}`;
}

/** The time since which to ask next; null for everything. */
export function nextSince(known: IMetrics | null): number | null {
  const lengths = (known?.series ?? []).map(({ points }) => points.length);
  if (!known || Math.max(0, ...lengths) === 0) {
    return null;
  }
  if (Math.max(...lengths) > MOST_POINTS) {
    return null;
  }
  return lastTime(known) - LATE;
}

/** When the last of all was measured; 0 where nothing was. */
export function lastTime({ series }: IMetrics): number {
  return Math.max(0, ...series.map(({ points }) => points.at(-1)?.[0] ?? 0));
}

/** Lines over common times, as a chart wants them. */
export interface IChartData {
  times: number[];
  /** One a line; null where nothing is known. */
  columns: (number | null)[][];
}

/** The series on common times from `start` on. */
export function align(
  series: ISeries[],
  start: number,
  interval: number
): IChartData {
  const all = series.map(({ points }) => points.filter(([at]) => at >= start));
  const ends = all.filter(points => points.length > 0);
  if (ends.length === 0) {
    return { times: [], columns: all.map(() => []) };
  }
  const first = Math.min(...ends.map(points => points[0][0]));
  const last = Math.max(...ends.map(points => points[points.length - 1][0]));
  const width = Math.max(interval, (last - first) / MOST_COLUMNS);
  const count = Math.floor((last - first) / width) + 1;
  const times = Array.from({ length: count }, (_, at) => first + at * width);
  return {
    times,
    columns: all.map(points => spread(points, first, width, count))
  };
}

/** The mean in each column; short gaps hold the value before. */
function spread(
  points: Point[],
  first: number,
  width: number,
  count: number
): (number | null)[] {
  const sums = new Array<number>(count).fill(0);
  const counts = new Array<number>(count).fill(0);
  for (const [at, value] of points) {
    const column = Math.min(count - 1, Math.floor((at - first) / width));
    sums[column] += value;
    counts[column] += 1;
  }
  const end = Math.max(...counts.map((found, column) => (found ? column : -1)));
  let seen = -Infinity;
  return sums.map((sum, column) => {
    if (counts[column] > 0) {
      seen = column;
      return sum / counts[column];
    }
    const isHeld = column - seen <= HELD_COLUMNS && column < end;
    return isHeld ? sums[seen] / counts[seen] : null;
  });
}

/** All lines in one: their sum, or their mean for what is a share. */
export function whole(
  columns: (number | null)[][],
  isShare: boolean
): (number | null)[] {
  return (columns[0] ?? []).map((_, at) => {
    const known = columns
      .map(column => column[at])
      .filter((value): value is number => value !== null);
    const sum = known.reduce((total, value) => total + value, 0);
    return known.length === 0 ? null : isShare ? sum / known.length : sum;
  });
}

/** The latest, the mean and the greatest of a line; null where it has no value. */
export function statistics(
  values: (number | null)[]
): { latest: number; mean: number; max: number } | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === 0
    ? null
    : {
        latest: known[known.length - 1],
        mean: known.reduce((sum, value) => sum + value, 0) / known.length,
        max: Math.max(...known)
      };
}

/** Metrics with the same reason for not being known, in one entry. */
export interface IUnknown {
  metrics: Metric[];
  /** Each reason and what would do about it. */
  reasons: { why: string; remedy: string | null }[];
}

/** Why there is no chart of some metrics. */
export function unknown({ missing, series }: IMetrics): IUnknown[] {
  const told = new Set(
    series.filter(({ points }) => points.length).map(({ metric }) => metric)
  );
  const groups = new Map<string, IUnknown>();
  for (const metric of METRICS) {
    const reasons = missing
      .filter(entry => entry.metric === metric && !told.has(metric))
      .map(({ why, remedy }) => ({ why, remedy }));
    if (reasons.length > 0) {
      const key = JSON.stringify(reasons);
      const group = groups.get(key) ?? { metrics: [], reasons };
      group.metrics.push(metric);
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}

/** What was asked for and what is the limit: of a pod where all have the same, or of all. */
export function bounds(
  { asked }: IMetrics,
  metric: Metric,
  pods: string[],
  isWhole: boolean
): { request: number | null; limit: number | null } {
  const entries = asked.filter(
    entry =>
      // GPUs are asked for by their number, and shown by their use.
      metric !== 'gpu' && entry.metric === metric && pods.includes(entry.pod)
  );
  const combine = (values: (number | null)[]): number | null => {
    if (values.length === 0 || values.some(value => value === null)) {
      return null;
    }
    const numbers = values as number[];
    if (isWhole) {
      return numbers.reduce((sum, value) => sum + value, 0);
    }
    return numbers.every(value => value === numbers[0]) ? numbers[0] : null;
  };
  return {
    request: combine(entries.map(({ request }) => request)),
    limit: combine(entries.map(({ limit }) => limit))
  };
}
