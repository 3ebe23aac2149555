import React from 'react';
import type { IJob } from '../views';

/** The objects of a job. */
export function JobYamlTab({ job }: { job: IJob }): JSX.Element {
  return <p className="jp-TrainHub-empty">{job.name}</p>;
}
