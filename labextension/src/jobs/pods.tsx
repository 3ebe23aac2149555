import React from 'react';
import { useHub } from '../context';
import { PhaseLabel } from '../phase';
import type { IJobPod } from '../views';

/** The pods of a job, one for each rank. */
export function PodTable({ pods }: { pods: IJobPod[] }): JSX.Element {
  const { trans } = useHub();
  if (pods.length === 0) {
    return (
      <p className="jp-TrainHub-empty">{trans.__('The job has no pods.')}</p>
    );
  }
  return (
    <div className="jp-TrainHub-tableScroller">
      <table className="jp-TrainHub-table">
        <caption className="jp-TrainHub-hidden">{trans.__('Pods')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Rank')}</th>
            <th scope="col">{trans.__('Phase')}</th>
            <th scope="col">{trans.__('Node')}</th>
            <th scope="col">{trans.__('Exit code')}</th>
            <th scope="col">{trans.__('Reason')}</th>
            <th scope="col">{trans.__('Pod')}</th>
          </tr>
        </thead>
        <tbody>
          {[...pods]
            .sort((a, b) => a.rank - b.rank)
            .map(pod => (
              <tr key={pod.name} data-trainhub-rank={pod.rank}>
                <th scope="row">{pod.rank}</th>
                <td>
                  <PhaseLabel phase={pod.phase} />
                </td>
                <td>{pod.node ?? '–'}</td>
                <td>{pod.exit_code ?? '–'}</td>
                <td>
                  {[pod.reason, pod.message].filter(Boolean).join(': ') || '–'}
                </td>
                <td>
                  <code>{pod.name}</code>
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
