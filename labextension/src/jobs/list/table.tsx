import { ellipsesIcon } from '@jupyterlab/ui-components';
import React, { Fragment, memo, useMemo } from 'react';
import { CommandIDs } from '../../commands';
import { useHub, useNow } from '../../context';
import { formatDuration, secondsBetween } from '../../duration';
import { pinIcon } from '../../icons';
import { useOrder } from '../../ordered';
import { PhaseLabel } from '../../phase';
import { openJobMenu } from '../menu';
import { ProgressLine } from '../progress/bar';
import type { IJob, IJobProgress } from '../views';
import { backendWord, categoryWord } from '../words';
import { sorted, type Column } from './order';

/** Jobs as a table, ordered by the column whose heading was pressed; pinned ones stay on top. */
export function JobTable(props: {
  jobs: readonly IJob[];
  /** The names of those that are chosen. */
  chosen: ReadonlySet<string>;
  onChoose: (names: readonly string[], isChosen: boolean) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { order, heading } = useOrder<Column>({ by: 'created', down: true });
  const { jobs, chosen, onChoose } = props;
  const ordered = useMemo(() => sorted(jobs, order), [jobs, order]);
  const columns: [Column, string][] = [
    ['name', trans.__('Name')],
    ['phase', trans.__('Phase')],
    ['progress', trans.__('Progress')],
    ['category', trans.__('Category')],
    ['project', trans.__('Project')],
    ['priority', trans.__('Priority')],
    ['framework', trans.__('Framework')],
    ['nodes', trans.__('Nodes')],
    ['owner', trans.__('Owner')],
    ['created', trans.__('Created')],
    ['started', trans.__('Ran for')]
  ];
  return (
    <div className="jp-TrainHub-jobListScroller">
      <table className="jp-TrainHub-table">
        <caption className="jp-TrainHub-hidden">{trans.__('Jobs')}</caption>
        <thead>
          <tr>
            <td>
              <input
                type="checkbox"
                aria-label={trans.__('Choose all jobs')}
                checked={jobs.every(({ name }) => chosen.has(name))}
                onChange={({ target }) =>
                  onChoose(
                    jobs.map(({ name }) => name),
                    target.checked
                  )
                }
              />
            </td>
            {columns.map(([column, label]) => (
              <Fragment key={column}>{heading(column, label)}</Fragment>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>
          {ordered.map(job => (
            <Row
              key={job.name}
              job={job}
              isChosen={chosen.has(job.name)}
              onChoose={onChoose}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** One job. Hundreds of them are shown, so it renders only when its own job has changed. */
const Row = memo(
  (props: {
    job: IJob;
    isChosen: boolean;
    onChoose: (names: readonly string[], isChosen: boolean) => void;
  }): JSX.Element => {
    const { commands, trans } = useHub();
    const { job, isChosen, onChoose } = props;
    const { name, phase, message, created, started, finished } = job;
    const more = trans.__('More for job %1', name);
    return (
      <tr data-trainhub-name={name} aria-selected={isChosen}>
        <td>
          <input
            type="checkbox"
            aria-label={trans.__('Choose job %1', name)}
            checked={isChosen}
            onChange={({ target }) => onChoose([name], target.checked)}
          />
        </td>
        <th scope="row">
          <button
            className="jp-TrainHub-itemName"
            title={job.description || name}
            onClick={() => void commands.execute(CommandIDs.openJob, { name })}
          >
            {name}
          </button>
          {job.pinned && (
            <span role="img" aria-label={trans.__('Pinned')}>
              <pinIcon.react tag="span" />
            </span>
          )}
        </th>
        <td>
          <PhaseLabel phase={phase} title={message} />
        </td>
        <td>{job.progress && <JobProgress progress={job.progress} />}</td>
        <td>{categoryWord(job.category, trans)}</td>
        <td>{job.project}</td>
        <td>{job.priority}</td>
        <td>{backendWord(job, trans)}</td>
        <td>{job.nodes}</td>
        <td>{job.owner}</td>
        <td>{created && new Date(created).toLocaleString()}</td>
        <td>
          {started &&
            (finished ? (
              formatDuration(secondsBetween(started, finished), trans)
            ) : (
              <RunningTime started={started} />
            ))}
        </td>
        <td>
          <button
            className="jp-TrainHub-iconButton"
            aria-label={more}
            aria-haspopup="menu"
            title={more}
            onClick={({ currentTarget }) =>
              openJobMenu(currentTarget, commands, job)
            }
          >
            <ellipsesIcon.react tag="span" aria-hidden="true" />
          </button>
        </td>
      </tr>
    );
  }
);
Row.displayName = 'Row';

function JobProgress({ progress }: { progress: IJobProgress }): JSX.Element {
  const now = useNow(10_000);
  return <ProgressLine progress={progress} now={now} />;
}

/** How long a job has been running. */
function RunningTime({ started }: { started: string }): JSX.Element {
  const { trans } = useHub();
  const now = useNow(10_000);
  return <>{formatDuration(secondsBetween(started, now), trans)}</>;
}
