import React, { useEffect, useState } from 'react';
import { useHub } from '../context';
import { EventsTable } from '../eventsTable';
import { useTarget } from './page/target';
import type { IJob } from './views';

/** What Kubernetes says about a job, or about one of its pods. */
export function JobEventsTab({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const target = useTarget('events');
  const podOf = (rank: number | null | undefined): string =>
    job.pods.find(pod => pod.rank === rank)?.name ?? '';
  const [pod, setPod] = useState(() => podOf(target?.rank));
  useEffect(() => {
    if (target) {
      setPod(podOf(target.rank));
    }
  }, [target]);
  return (
    <div className="jp-TrainHub-page">
      <label className="jp-TrainHub-pagePart">
        {trans.__('About')}{' '}
        <select
          className="jp-TrainHub-select"
          value={pod}
          onChange={event => setPod(event.target.value)}
        >
          <option value="">{trans.__('the job and all pods')}</option>
          {job.pods.map(({ name, rank }) => (
            <option key={name} value={name}>
              {trans.__('rank %1: %2', rank, name)}
            </option>
          ))}
        </select>
      </label>
      <EventsTable object={job} about={pod ? `Pod/${pod}` : undefined} />
    </div>
  );
}
