import React, { useEffect } from 'react';
import { useHub } from '../context';
import { Asked } from '../images/browser/asked';
import { isOver, type IJob } from '../jobs/views';
import { useRequest } from '../useRequest';
import { RunRecord } from './record';

/** Milliseconds after which the record of a job that has just ended is looked at again. */
const COMPLETED_WITHIN = 3_000;

/** What is kept of a job's run: its code, its repository, its environment. */
export function JobRunTab({ job }: { job: IJob }): JSX.Element {
  const { api, trans } = useHub();
  const { run, phase, attempt } = job;
  // What is kept grows with each step of the job.
  const request = useRequest(
    async () => (run === null ? null : api.runs.get(run)),
    `${run} ${phase} ${attempt}`
  );
  const isUnfinished =
    request.value?.complete === false && request.value.missing.length === 0;
  useEffect(() => {
    if (!isUnfinished || !isOver(job) || request.isPending) {
      return undefined;
    }
    const timer = setTimeout(request.again, COMPLETED_WITHIN);
    return () => clearTimeout(timer);
  }, [isUnfinished, job, request.isPending]);
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
