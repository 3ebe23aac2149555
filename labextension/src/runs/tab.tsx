import React from 'react';
import type { IJob } from '../jobs/views';

/** What is kept of a job's run: its code, its repository, its environment. */
export function JobRunTab({ job }: { job: IJob }): JSX.Element {
  return <section className="jp-TrainHub-run" data-trainhub-job={job.name} />;
}
