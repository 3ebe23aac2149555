import React from 'react';
import type { IJob } from '../jobs/views';

/** The files in the volumes of a job. */
export function JobFilesTab({ job }: { job: IJob }): JSX.Element {
  return <p className="jp-TrainHub-empty">{job.name}</p>;
}
