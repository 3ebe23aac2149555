import { Clipboard } from '@jupyterlab/apputils';
import React, { useState } from 'react';
import { useHub } from '../../context';
import { useRequest } from '../../useRequest';
import type { IJob, YamlKind } from '../views';
import { YamlEditor } from './editor';

/** The objects of a job in the cluster, as they were applied or as they are. */
export function JobYamlTab({ job }: { job: IJob }): JSX.Element {
  const { api, trans } = useHub();
  const { name, uid } = job;
  const [kind, setKind] = useState<YamlKind>('applied');
  const { value, problem, isPending, again } = useRequest(
    () => api.jobs.yaml(name, kind),
    `${uid} ${kind}`
  );
  const kinds: [YamlKind, string][] = [
    ['applied', trans.__('As applied')],
    ['live', trans.__('As it is now')]
  ];
  return (
    <div className="jp-TrainHub-yaml">
      <div className="jp-TrainHub-logBar">
        <label>
          {trans.__('Show')}{' '}
          <select
            className="jp-TrainHub-select"
            value={kind}
            onChange={({ target }) => setKind(target.value as YamlKind)}
          >
            {kinds.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button
          className="jp-TrainHub-addButton"
          disabled={isPending}
          onClick={again}
        >
          {trans.__('Refresh')}
        </button>
        <button
          className="jp-TrainHub-addButton"
          disabled={!value}
          onClick={() => Clipboard.copyToSystem(value ?? '')}
        >
          {trans.__('Copy')}
        </button>
        <a
          className="jp-TrainHub-link"
          href={api.jobs.yamlAddress(name, kind)}
          download
        >
          {trans.__('Download')}
        </a>
        <span role="status">
          {problem ?? (isPending ? trans.__('Fetching…') : '')}
        </span>
      </div>
      {value !== null && problem === null && (
        <YamlEditor
          text={value}
          label={trans.__('Objects of job %1 as YAML', name)}
        />
      )}
    </div>
  );
}
