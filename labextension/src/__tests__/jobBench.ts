import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import type { IJob } from '../views';
import { hubContext } from './hub';
import type { IAnswer } from './requestTable';
import { job, STATUS } from './views';

/** What a server with these jobs answers when its lists are asked for. */
export function jobLists(...jobs: IJob[]): Record<string, IAnswer> {
  const none = { body: { items: [] } };
  return {
    'GET status': { body: STATUS },
    'GET instances': none,
    'GET jobs': { body: { items: jobs } },
    'GET tensorboards': none,
    'GET transfers': none
  };
}

/** A hub on a server with these jobs, and the commands that were executed, with what they took. */
export function jobHub(...jobs: IJob[]): {
  hub: IHubContext;
  executed: [string, unknown][];
} {
  const hub = hubContext(jobLists(...jobs));
  const executed: [string, unknown][] = [];
  for (const id of [
    CommandIDs.openJob,
    CommandIDs.stopJob,
    CommandIDs.cloneJob,
    CommandIDs.resubmitJob,
    CommandIDs.pinJob,
    CommandIDs.deleteJob,
    CommandIDs.showJobs,
    CommandIDs.showJobSsh,
    'docmanager:open'
  ]) {
    hub.commands.addCommand(id, {
      describedBy: { args: { type: 'object' } },
      execute: args => void executed.push([id, args])
    });
  }
  return { hub, executed };
}

/** Many jobs, the later ones newer. */
export function manyJobs(count: number): IJob[] {
  return Array.from({ length: count }, (_, index) =>
    job(`job-${index}`, {
      created: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString()
    })
  );
}
