import React, { useEffect, useState } from 'react';
import { describeError } from '../api';
import { useHub } from '../context';
import type { IJob, IJobEvent } from '../views';

/** What Kubernetes says about a job and its pods, newest first. */
export function EventsTable({ job }: { job: IJob }): JSX.Element {
  const { api, trans } = useHub();
  const [events, setEvents] = useState<IJobEvent[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    // Each new view of the job comes with events that explain it.
    let isCurrent = true;
    api.jobs.events(job.name).then(
      items => {
        if (isCurrent) {
          setEvents(items);
          setProblem(null);
        }
      },
      (error: unknown) => {
        if (isCurrent) {
          setProblem(describeError(error));
        }
      }
    );
    return () => {
      isCurrent = false;
    };
  }, [api, job]);
  if (problem !== null) {
    return (
      <p className="jp-TrainHub-notice" role="status">
        {problem}
      </p>
    );
  }
  if (!events?.length) {
    return (
      <p className="jp-TrainHub-empty">
        {events ? trans.__('No events.') : trans.__('Fetching events…')}
      </p>
    );
  }
  return (
    <div className="jp-TrainHub-tableScroller">
      <table className="jp-TrainHub-table">
        <caption className="jp-TrainHub-hidden">{trans.__('Events')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Time')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col">{trans.__('Reason')}</th>
            <th scope="col">{trans.__('Object')}</th>
            <th scope="col">{trans.__('Message')}</th>
          </tr>
        </thead>
        <tbody>
          {[...events]
            .sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))
            .map((event, index) => (
              <tr key={index} data-type={event.type}>
                <td>
                  {event.time ? new Date(event.time).toLocaleTimeString() : '–'}
                </td>
                <td>{event.type}</td>
                <td>{event.reason}</td>
                <td>
                  <code>{event.object}</code>
                </td>
                <td>{event.message}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
