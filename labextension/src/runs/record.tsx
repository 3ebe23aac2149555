import React, { useState } from 'react';
import { useHub } from '../context';
import { Asked } from '../images/browser/asked';
import { formatBytes } from '../quantity';
import { Tabs } from '../tabs';
import { useRequest } from '../useRequest';
import { RunChanges, RunCode } from './code';
import { RunEnvironment } from './environment';
import { RunFacts } from './facts';
import type { IRun } from './views';

type Part = 'facts' | 'code' | 'environment' | 'files';

/** All that is kept of a run. */
export function RunRecord({ run }: { run: IRun }): JSX.Element {
  const { trans } = useHub();
  const [part, setPart] = useState<Part>('facts');
  return (
    <Tabs
      id={`trainhub-run-${run.run}`}
      label={trans.__('About run %1', run.run)}
      selected={part}
      onSelect={setPart}
      tabs={[
        {
          name: 'facts',
          label: trans.__('Record'),
          render: () => (
            <div className="jp-TrainHub-page">
              <RunFacts run={run} />
              {run.git?.dirty && <RunChanges run={run.run} />}
            </div>
          )
        },
        {
          name: 'code',
          label: trans.__('Code'),
          render: () => <RunCode run={run.run} />
        },
        {
          name: 'environment',
          label: trans.__('Environment'),
          render: () => <RunEnvironment run={run.run} />
        },
        {
          name: 'files',
          label: trans.__('All files'),
          render: () => <RunFiles run={run} />
        }
      ]}
    />
  );
}

/** The files of a record, logs among them, to download. */
function RunFiles({ run }: { run: IRun }): JSX.Element {
  const { api, trans } = useHub();
  const request = useRequest(() => api.runs.files(run.run), run);
  return (
    <Asked request={request} wait={trans.__('Fetching…')}>
      {files => (
        <table className="jp-TrainHub-table">
          <caption className="jp-TrainHub-hidden">
            {trans.__('All files')}
          </caption>
          <tbody>
            {files.map(({ path, size }) => (
              <tr key={path}>
                <th scope="row">
                  <a href={api.runs.fileAddress(run.run, path)} download>
                    {path}
                  </a>
                </th>
                <td>{formatBytes(size)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Asked>
  );
}
