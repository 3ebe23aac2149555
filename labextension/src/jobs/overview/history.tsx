import React from 'react';
import { useHub } from '../../context';
import { PhaseLabel } from '../../phase';
import { asFullSentence } from '../../sentence';
import type { IJob } from '../views';

/** Each transition of a job: when, into which phase, and why; the newest first. */
export function HistoryTable({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const { history, attempts } = job;
  if (history.length === 0) {
    return (
      <p className="jp-TrainHub-empty">
        {trans.__('Nothing has happened yet.')}
      </p>
    );
  }
  return (
    <table className="jp-TrainHub-table jp-TrainHub-history">
      <caption className="jp-TrainHub-hidden">{trans.__('History')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Time')}</th>
          {attempts > 1 && <th scope="col">{trans.__('Attempt')}</th>}
          <th scope="col">{trans.__('Phase')}</th>
          <th scope="col">{trans.__('Why')}</th>
        </tr>
      </thead>
      <tbody>
        {[...history].reverse().map((entry, index) => (
          <tr key={index}>
            <td>{entry.at ? new Date(entry.at).toLocaleString() : '–'}</td>
            {attempts > 1 && <td>{entry.attempt}</td>}
            <td>
              <PhaseLabel phase={entry.phase} />
            </td>
            <td title={entry.reason ?? undefined}>
              {entry.message ? asFullSentence(entry.message) : entry.reason}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
