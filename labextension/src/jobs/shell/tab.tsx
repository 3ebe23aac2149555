import React, { useEffect, useState } from 'react';
import { useHub } from '../../context';
import { ShellView } from '../../shell/view';
import { Splash } from '../../splash';
import { useJobPage, useTarget } from '../page/target';
import type { IJob } from '../views';

/** A shell in a running pod of a job; each pod has one of its own. */
export function JobShellTab({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const { target } = useJobPage();
  const running = job.pods.filter(({ phase }) => phase === 'Running');
  const [chosen, setChosen] = useState<number | null>(null);
  const asked = useTarget('shell');
  useEffect(() => {
    if (asked) {
      setChosen(asked.rank);
    }
  }, [asked]);
  const pod = running.find(({ rank }) => rank === chosen) ?? running[0];
  if (!pod) {
    return (
      <Splash
        title={trans.__('No pod runs')}
        message={trans.__(
          'A shell needs a pod that runs. What the job has done is in its log and its files.'
        )}
      />
    );
  }
  return (
    <div className="jp-TrainHub-jobShell">
      {chosen !== null && chosen !== pod.rank && (
        <p className="jp-TrainHub-notice" role="status">
          {trans.__('Rank %1 does not run any more.', chosen)}
        </p>
      )}
      <ShellView
        // A shell ends with its pod: the pod that replaces it has another one.
        key={pod.name}
        place={`jobs/${encodeURIComponent(job.name)}/${pod.rank}`}
        isShown={target.tab === 'shell'}
      >
        {job.nodes > 1 && (
          <label>
            {trans.__('Rank')}{' '}
            <select
              className="jp-TrainHub-select"
              value={pod.rank}
              onChange={({ target }) => setChosen(Number(target.value))}
            >
              {running.map(({ rank }) => (
                <option key={rank}>{rank}</option>
              ))}
            </select>
          </label>
        )}
      </ShellView>
    </div>
  );
}
