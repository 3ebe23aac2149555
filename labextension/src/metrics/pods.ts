import type { TranslationBundle } from '@jupyterlab/translation';
import type { IJob } from '../jobs/views';
import type { ISeries } from './views';

/** Colours in the order in which they are told apart best; set in metrics.css. */
const COLORS = 8;

/** A pod of a job as charts show it. */
export interface IPod {
  name: string;
  label: string;
  /** A colour of CSS. */
  color: string;
}

/** The pods that were measured, by attempt and rank. */
export function podsOf(
  job: IJob,
  series: ISeries[],
  trans: TranslationBundle
): IPod[] {
  const attempts = new Map(
    (job.earlier ?? []).flatMap(({ attempt, pods }) =>
      pods.map(({ name }) => [name, attempt] as const)
    )
  );
  const ranks = new Map(series.map(({ pod, rank }) => [pod, rank]));
  const attemptOf = (pod: string): number => attempts.get(pod) ?? job.attempt;
  return [...ranks.keys()]
    .sort(
      (one, other) =>
        attemptOf(one) - attemptOf(other) ||
        ranks.get(one)! - ranks.get(other)! ||
        one.localeCompare(other)
    )
    .map((name, at) => ({
      name,
      label: attempts.size
        ? trans.__('Rank %1, attempt %2', ranks.get(name)!, attemptOf(name))
        : trans.__('Rank %1', ranks.get(name)!),
      color: `var(--jp-TrainHub-line${at % COLORS})`
    }));
}
