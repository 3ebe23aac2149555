import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { CommandButton } from '../../commandButton';
import { CommandIDs } from '../../commands';
import { useHub, useNow } from '../../context';
import { formatDuration, formatExactly, secondsBetween } from '../../duration';
import { PhaseLabel } from '../../phase';
import { RawDetails, whyText } from '../../why';
import { ProgressSummary } from '../progress/summary';
import { isFinished, isOver, type IJob } from '../views';
import { backendWord, categoryWord } from '../words';

/** The top of a job's page: which one it is, how it stands, why, and what can be done to it. */
export function JobHeader({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const { phase } = job;
  const isFine = phase === 'Succeeded' && !job.message;
  const why = isFine ? '' : whyText(job);
  return (
    <header className="jp-TrainHub-jobHeader">
      <div className="jp-TrainHub-jobTitle">
        <h1>{job.name}</h1>
        <span role="status">
          <PhaseLabel phase={phase} />
        </span>
        <Badges job={job} />
        <Actions job={job} />
      </div>
      {why && (
        <p className="jp-TrainHub-jobMessage" data-phase={phase}>
          {why}
        </p>
      )}
      {job.restart === 'waiting' && (
        <p className="jp-TrainHub-notice" role="status">
          {trans.__(
            'It is started again soon: attempt %1 of %2. Stop it to end that.',
            job.attempt + 1,
            job.attempts
          )}
        </p>
      )}
      <RawDetails details={job.details} />
      {job.progress && <ProgressSummary progress={job.progress} />}
      <Facts job={job} />
    </header>
  );
}

/** What tells it from other jobs, in words. */
function Badges({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const { attempt, attempts, pinned, priority, project } = job;
  const badges = [
    ...(pinned ? [trans.__('Pinned')] : []),
    ...(attempts > 1 ? [trans.__('Attempt %1 of %2', attempt, attempts)] : []),
    categoryWord(job.category, trans),
    ...(project ? [project] : []),
    ...(priority === null ? [] : [trans.__('Priority %1', priority)])
  ];
  return (
    <span className="jp-TrainHub-jobBadges">
      {badges.map(badge => (
        <span key={badge} className="jp-TrainHub-badge">
          {badge}
        </span>
      ))}
    </span>
  );
}

function Actions({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const { name, phase, pinned, ssh } = job;
  return (
    <div className="jp-TrainHub-jobActions">
      {isOver(job) ? (
        <CommandButton
          command={CommandIDs.resubmitJob}
          args={{ name }}
          label={trans.__('Submit again')}
        />
      ) : (
        <CommandButton
          command={CommandIDs.stopJob}
          args={{ name }}
          label={trans.__('Stop')}
          disabled={phase === 'Stopping'}
        />
      )}
      <CommandButton
        command={CommandIDs.cloneJob}
        args={{ name }}
        label={trans.__('Clone…')}
      />
      <CommandButton
        command={CommandIDs.openTensorBoard}
        args={{ job: name }}
        label={trans.__('TensorBoard')}
      />
      {ssh && (
        <CommandButton
          command={CommandIDs.showJobSsh}
          args={{ name }}
          label={trans.__('SSH')}
          disabled={isFinished(phase)}
        />
      )}
      <CommandButton
        command={CommandIDs.pinJob}
        args={{ name, pinned: !pinned }}
        label={pinned ? trans.__('Unpin') : trans.__('Pin')}
      />
      <CommandButton
        command={CommandIDs.deleteJob}
        args={{ name }}
        label={trans.__('Delete')}
      />
    </div>
  );
}

function Facts({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const now = useNow(1_000);
  return (
    <dl className="jp-TrainHub-facts">
      {factsOf(job, now, trans).map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What there is to know of a job at a time, in milliseconds, as pairs of a word and a value. */
export function factsOf(
  job: IJob,
  now: number,
  trans: TranslationBundle
): [string, string][] {
  const { created, started, finished, nodes, time_limit, estimated_time } = job;
  const facts: [string, string][] = [
    [trans.__('Framework'), backendWord(job, trans)],
    [trans.__('Nodes'), String(nodes)]
  ];
  if (job.virtual_cluster) {
    facts.push([
      trans.__('Virtual cluster'),
      trans._n('%2, %1 SKU', '%2, %1 SKUs', job.skus, job.virtual_cluster)
    ]);
  }
  if (created) {
    facts.push([trans.__('Created'), localTime(created)]);
  }
  if (started) {
    const seconds = secondsBetween(started, finished ?? now);
    facts.push(
      [trans.__('Started'), localTime(started)],
      [
        finished ? trans.__('Ran for') : trans.__('Running for'),
        formatDuration(seconds, trans)
      ]
    );
    if (!finished && time_limit !== null) {
      facts.push([
        trans.__('Time left'),
        trans.__(
          '%1 of %2',
          formatDuration(time_limit - seconds, trans),
          formatExactly(time_limit, trans)
        )
      ]);
    }
  }
  if (!finished && estimated_time !== null) {
    facts.push([trans.__('Estimated'), formatExactly(estimated_time, trans)]);
  }
  if (finished) {
    facts.push([trans.__('Finished'), localTime(finished)]);
  }
  return facts;
}

function localTime(time: string): string {
  return new Date(time).toLocaleString();
}
