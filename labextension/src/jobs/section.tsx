import {
  ellipsesIcon,
  launchIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import React, { useState } from 'react';
import { CommandIDs } from '../commands';
import { useHub, useStore } from '../context';
import { pinIcon, runIcon as recordIcon, volumeIcon } from '../icons';
import { ObjectList, type IRow } from '../panel/list';
import { SectionBar } from '../panel/sectionBar';
import { asSentence } from '../sentence';
import { openJobMenu } from './menu';
import { ProgressLine } from './progress/bar';
import { JobCurve } from './scalars/curves';
import { matchesJob, pinnedThenNewest } from './search';
import { JobSearch } from './searchBox';
import { isOver, type IJob } from './views';

/** How many jobs are found without a search. */
const FEW = 5;

/** How many jobs the panel lists; a tab has room for more. */
const LISTED = 50;

/** The jobs in the panel, the pinned ones first, then the newest. */
export function JobsSection(): JSX.Element {
  const { commands, trans } = useHub();
  const store = useStore();
  const [text, setText] = useState('');
  const all = store.list('job');
  const found = all.filter(job => matchesJob(job, text, trans));
  const row = (job: IJob, now: number): IRow => {
    const { name, phase, nodes, framework, progress } = job;
    const run = (command: string) => () =>
      void commands.execute(command, { name });
    const open = run(CommandIDs.openJob);
    const size = trans._n('%2 on %1 node', '%2 on %1 nodes', nodes, framework);
    const isHeld = phase === 'Pending' || phase === 'Failed';
    const facts = [
      size,
      job.project,
      job.attempts > 1
        ? trans.__('Attempt %1 of %2', job.attempt, job.attempts)
        : ''
    ].filter(Boolean);
    return {
      detail:
        isHeld && job.message ? asSentence(job.message) : facts.join(' · '),
      note: isHeld
        ? job.remedy && <span title={job.remedy}>{job.remedy}</span>
        : phase === 'Running' &&
          progress && (
            <>
              <ProgressLine progress={progress} now={now} />
              <JobCurve job={job} />
            </>
          ),
      mark: job.pinned && (
        <span role="img" aria-label={trans.__('Pinned')}>
          <pinIcon.react tag="span" />
        </span>
      ),
      since: job.created,
      open,
      actions: [
        {
          label: trans.__('Open job %1', name),
          icon: launchIcon,
          execute: open
        },
        isOver(job)
          ? {
              label: trans.__('Submit job %1 again', name),
              icon: runIcon,
              execute: run(CommandIDs.resubmitJob)
            }
          : {
              label: trans.__('Stop job %1', name),
              icon: stopIcon,
              execute: run(CommandIDs.stopJob)
            },
        {
          label: trans.__('More for job %1', name),
          icon: ellipsesIcon,
          hasMenu: true,
          execute: button => openJobMenu(button, commands, job)
        }
      ]
    };
  };
  return (
    <>
      <SectionBar
        label={trans.__('Lists about jobs')}
        buttons={[
          {
            command: CommandIDs.showJobs,
            label: trans.__('Show all jobs in a tab'),
            icon: launchIcon
          },
          {
            command: CommandIDs.showRuns,
            label: trans.__('Show records of runs'),
            icon: recordIcon
          },
          {
            command: CommandIDs.showVolumes,
            label: trans.__('Show volumes of jobs'),
            icon: volumeIcon
          }
        ]}
      />
      {all.length > FEW && <JobSearch text={text} onChange={setText} />}
      <ObjectList
        kind="job"
        label={trans.__('Jobs')}
        empty={trans.__(
          'No jobs. Open a notebook and press "Submit as job" in its toolbar.'
        )}
        row={row}
        arrange={() => [...found].sort(pinnedThenNewest).slice(0, LISTED)}
      />
      {found.length === 0 && all.length > 0 && (
        <p className="jp-TrainHub-empty" role="status">
          {trans.__('No job has all these words.')}
        </p>
      )}
      {found.length > LISTED && (
        <p className="jp-TrainHub-empty">
          {trans.__(
            '%1 of %2 are listed. The tab with all jobs has the others.',
            LISTED,
            found.length
          )}
        </p>
      )}
    </>
  );
}
