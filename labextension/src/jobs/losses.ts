import type { TranslationBundle } from '@jupyterlab/translation';
import type { ILossQuestion } from '../confirmation';
import { joinSentences } from '../sentence';
import { isOver, type IJob } from './views';

/** How many names a question lists. */
const LISTED = 8;

/** What to ask before jobs are stopped. */
export function stopQuestion(
  jobs: readonly IJob[],
  names: readonly string[],
  trans: TranslationBundle
): ILossQuestion {
  const again = jobs.some(({ attempt, attempts }) => attempt < attempts);
  return {
    title:
      names.length === 1
        ? trans.__('Stop job %1?', names[0])
        : trans.__('Stop %1 jobs?', names.length),
    body: joinSentences([
      listed(names, trans),
      trans.__(
        'Its pods end. Their logs are saved in the run record first; what they have not written to a mounted folder or a volume is lost.'
      ),
      again ? trans.__('No further attempt follows.') : null,
      trans.__(
        'A stopped job does not go on; submit it again or clone it to run it once more.'
      )
    ]),
    action: trans.__('Stop')
  };
}

/** What to ask before jobs are deleted. Volumes are kept unless the user ticks the option. */
export function deletionQuestion(
  jobs: readonly IJob[],
  names: readonly string[],
  trans: TranslationBundle
): ILossQuestion {
  const claims = jobs.flatMap(({ volumes }) =>
    volumes.map(({ claim }) => claim)
  );
  return {
    title:
      names.length === 1
        ? trans.__('Delete job %1?', names[0])
        : trans.__('Delete %1 jobs?', names.length),
    body: joinSentences([
      listed(names, trans),
      jobs.some(job => !isOver(job))
        ? trans.__('What has not finished ends.')
        : null,
      trans.__(
        'Pods and definition are deleted. The run record, with code and logs, is kept. This cannot be undone.'
      )
    ]),
    option:
      claims.length > 0
        ? trans.__(
            'Delete its volumes too, with all files in them: %1',
            claims.slice(0, LISTED).join(', ') +
              (claims.length > LISTED ? '…' : '')
          )
        : undefined,
    action: trans.__('Delete')
  };
}

/** The names of several jobs, the first of many. */
function listed(
  names: readonly string[],
  trans: TranslationBundle
): string | null {
  if (names.length === 1) {
    return null;
  }
  const some = names.slice(0, LISTED).join(', ');
  const more = names.length - LISTED;
  return more > 0
    ? trans.__('They are %1 and %2 more.', some, more)
    : trans.__('They are %1.', some);
}
