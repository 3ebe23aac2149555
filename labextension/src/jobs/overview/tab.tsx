import React from 'react';
import { useHub } from '../../context';
import { JobCurves } from '../scalars/curves';
import type { IJob } from '../views';
import { EarlierAttempts } from './attempts';
import { JobFailure } from './error';
import { HistoryTable } from './history';
import { JobSpecTable } from './specTable';

/** How a job has gone, and what was asked for. */
export function JobOverviewTab({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  return (
    <div className="jp-TrainHub-page">
      <JobFailure job={job} />
      {job.description && <p className="jp-TrainHub-lead">{job.description}</p>}
      <JobCurves job={job} />
      <section>
        <h2>{trans.__('History')}</h2>
        <HistoryTable job={job} />
      </section>
      <EarlierAttempts attempts={job.earlier} />
      <section>
        <h2>{trans.__('Definition')}</h2>
        <JobSpecTable job={job} />
      </section>
    </div>
  );
}
