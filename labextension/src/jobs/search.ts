import { phaseWord } from '../phase';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IJob } from './views';
import { categoryWord } from './words';

/** Whether each word of `text` occurs in what people know a job by, whatever its case. */
export function matchesJob(
  job: IJob,
  text: string,
  trans: TranslationBundle
): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return true;
  }
  const { category, priority, phase, spec } = job;
  const known = [
    job.name,
    category,
    categoryWord(category, trans),
    job.project,
    priority === null ? '' : `priority:${priority}`,
    job.description,
    job.owner,
    job.framework,
    spec.image,
    phase,
    phaseWord(phase, trans)
  ]
    .join('\n')
    .toLowerCase();
  return words.every(word => known.includes(word));
}

/** Pinned ones first, then the newest. */
export function pinnedThenNewest(a: IJob, b: IJob): number {
  return (
    Number(b.pinned) - Number(a.pinned) ||
    (b.created ?? '').localeCompare(a.created ?? '') ||
    a.name.localeCompare(b.name, undefined, { numeric: true })
  );
}
