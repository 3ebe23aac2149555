import React from 'react';
import { useHub } from './context';
import { useRequest } from './useRequest';
import type { IInstance, IJob } from './views';

/** What Kubernetes says about an instance or a job and its pods, newest first. */
export function EventsTable(props: {
  object: IInstance | IJob;
  /** The one object, as `Kind/name`, that they are to be about; all if left out. */
  about?: string;
}): JSX.Element {
  const { api, trans } = useHub();
  const { object, about } = props;
  const { kind, name } = object;
  // Each new view of the object comes with events that explain it.
  const { value, problem } = useRequest(
    () => (kind === 'job' ? api.jobs.events(name) : api.instances.events(name)),
    object
  );
  if (problem !== null) {
    return (
      <p className="jp-TrainHub-notice" role="status">
        {problem}
      </p>
    );
  }
  const events = value?.filter(event => !about || event.object === about);
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
                  {event.time ? new Date(event.time).toLocaleString() : '–'}
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
