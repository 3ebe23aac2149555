import {
  fileIcon,
  historyIcon,
  linkIcon,
  terminalIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { CommandIDs } from '../commands';
import { useHub } from '../context';
import { PhaseLabel } from '../phase';
import { asSentence } from '../sentence';
import { useJobPage } from './page/target';
import { isFinished, type IJob, type IJobPod } from './views';

/** The pods of the newest attempt, and what can be done with each. */
export function JobPodsTab({ job }: { job: IJob }): JSX.Element {
  return (
    <div className="jp-TrainHub-page">
      <PodTable
        pods={job.pods}
        actions={pod => <PodActions job={job} pod={pod} />}
      />
    </div>
  );
}

function PodActions(props: { job: IJob; pod: IJobPod }): JSX.Element {
  const { commands, trans } = useHub();
  const { select } = useJobPage();
  const { job, pod } = props;
  const { rank } = pod;
  const isRunning = pod.phase === 'Running' && !isFinished(job.phase);
  const button = (
    label: string,
    icon: LabIcon,
    execute: () => void
  ): JSX.Element => (
    <button
      className="jp-TrainHub-iconButton"
      aria-label={trans.__('%1 of rank %2', label, rank)}
      title={label}
      onClick={execute}
    >
      <icon.react tag="span" aria-hidden="true" />
    </button>
  );
  return (
    <span className="jp-TrainHub-rowActions">
      {button(trans.__('Log'), fileIcon, () => select('log', rank))}
      {button(trans.__('Events'), historyIcon, () => select('events', rank))}
      {isRunning &&
        button(trans.__('Shell'), terminalIcon, () => select('shell', rank))}
      {isRunning &&
        job.ssh &&
        button(trans.__('SSH command'), linkIcon, () => {
          void commands.execute(CommandIDs.showJobSsh, {
            name: job.name,
            rank
          });
        })}
    </span>
  );
}

/** Pods of a job, one for each rank. */
export function PodTable(props: {
  pods: readonly IJobPod[];
  actions?: (pod: IJobPod) => JSX.Element;
}): JSX.Element {
  const { trans } = useHub();
  const { pods, actions } = props;
  if (pods.length === 0) {
    return (
      <p className="jp-TrainHub-empty">{trans.__('There are no pods.')}</p>
    );
  }
  const time = (text: string | null): string =>
    text ? new Date(text).toLocaleString() : '–';
  return (
    <table className="jp-TrainHub-table jp-TrainHub-pods">
      <caption className="jp-TrainHub-hidden">{trans.__('Pods')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Rank')}</th>
          <th scope="col">{trans.__('Phase')}</th>
          <th scope="col">{trans.__('Node')}</th>
          <th scope="col">{trans.__('Address')}</th>
          <th scope="col">{trans.__('Restarts')}</th>
          <th scope="col">{trans.__('Exit code')}</th>
          <th scope="col">{trans.__('Started')}</th>
          <th scope="col">{trans.__('Pod')}</th>
          <th scope="col">
            <span className="jp-TrainHub-hidden">{trans.__('Actions')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {[...pods]
          .sort((a, b) => a.rank - b.rank)
          .map(pod => (
            <tr key={pod.name} data-trainhub-rank={pod.rank}>
              <th scope="row">
                {pod.rank}
                {pod.role && pod.role !== 'node' && ` (${pod.role})`}
              </th>
              <td>
                <PhaseLabel phase={pod.phase} />
                <Why pod={pod} />
              </td>
              <td>{pod.node ?? '–'}</td>
              <td>{pod.address ?? '–'}</td>
              <td>{pod.restarts}</td>
              <td>{pod.exit_code ?? '–'}</td>
              <td>{time(pod.started)}</td>
              <td>
                <code>{pod.name}</code>
                {pod.image_digest && (
                  <code
                    className="jp-TrainHub-digest"
                    title={pod.image_digest}
                    aria-label={trans.__('Image %1', pod.image_digest)}
                  >
                    {shortDigest(pod.image_digest)}
                  </code>
                )}
              </td>
              <td>{actions?.(pod)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function Why({ pod }: { pod: IJobPod }): JSX.Element | null {
  const why = pod.message ? asSentence(pod.message) : pod.reason;
  return why && pod.phase !== 'Running' && pod.phase !== 'Succeeded' ? (
    <div className="jp-TrainHub-fieldHelp">{why}</div>
  ) : null;
}

/** `registry/image@sha256:0123456789ab…` as far as it tells images apart. */
function shortDigest(digest: string): string {
  return digest.replace(/^.*?(sha256:[0-9a-f]{12})[0-9a-f]*$/, '$1…');
}
