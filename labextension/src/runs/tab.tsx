import React from 'react';
import { useHub } from '../context';
import { Asked } from '../images/browser/asked';
import type { IJob } from '../jobs/views';
import { useRequest } from '../useRequest';
import { RunRecord } from './record';

/** What is kept of a job's run: its code, its repository, its environment. */
export function JobRunTab({ job }: { job: IJob }): JSX.Element {
  const { api, trans } = useHub();
  const { run, phase, attempt } = job;
  // What is kept grows with each step of the job.
  const request = useRequest(
    async () => (run === null ? null : api.runs.get(run)),
    `${run} ${phase} ${attempt}`
  );
  return (
    <section className="jp-TrainHub-run">
      <Asked request={request} wait={trans.__('Fetching…')}>
        {found =>
          found ? (
            <>
              {!found.complete && found.missing.length === 0 && (
                <p className="jp-TrainHub-lead" role="status">
                  {trans.__('The record is written while the job runs.')}{' '}
                  <button className="jp-mod-styled" onClick={request.again}>
                    {trans.__('Refresh')}
                  </button>
                </p>
              )}
              <RunRecord run={found} />
            </>
          ) : (
            <p className="jp-TrainHub-empty">
              {trans.__('Nothing is recorded of this job.')}
            </p>
          )
        }
      </Asked>
    </section>
  );
}
