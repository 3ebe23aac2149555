import React from 'react';
import type { IJob } from '../views';

/** A shell in a pod of a job. */
export function JobShellTab({ job }: { job: IJob }): JSX.Element {
  return <p className="jp-TrainHub-empty">{job.name}</p>;
}
