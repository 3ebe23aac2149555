import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import React from 'react';
import { HubContext, useHub, type IHubContext } from '../../context';
import { Copyable } from '../../copyable';
import { useRequest } from '../../useRequest';

const CONFIG = '~/.ssh/config';

/** Shows how to enter the pods of a job by SSH; one of them, or all when `rank` is null. */
export async function showJobSsh(
  hub: IHubContext,
  name: string,
  rank: number | null
): Promise<void> {
  const { trans } = hub;
  await showDialog({
    title: trans.__('SSH to job %1', name),
    body: ReactWidget.create(
      <HubContext.Provider value={hub}>
        <JobSsh name={name} rank={rank} />
      </HubContext.Provider>
    ),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}

function JobSsh(props: { name: string; rank: number | null }): JSX.Element {
  const { api, trans } = useHub();
  const { name, rank } = props;
  const { value, problem } = useRequest(() => api.jobs.ssh(name), name);
  if (problem !== null || value === null) {
    return <p role="status">{problem ?? trans.__('Fetching…')}</p>;
  }
  return (
    <div className="jp-TrainHub-jobSsh">
      {value.length === 0 && (
        <p>{trans.__('No pod of the job runs at the moment.')}</p>
      )}
      {value.length > 0 && (
        <details className="jp-TrainHub-more">
          <summary>{trans.__('Once, on your own machine')}</summary>
          {value[0].setup.map((step, index) => (
            <Copyable
              key={step}
              label={trans.__('Step %1', index + 1)}
              text={step}
            />
          ))}
        </details>
      )}
      {value
        .filter(pod => rank === null || pod.rank === rank)
        .map(pod => (
          <Copyable
            key={pod.rank}
            label={trans.__('Rank %1', pod.rank)}
            text={pod.command}
          />
        ))}
      <details className="jp-TrainHub-more">
        <summary>{CONFIG}</summary>
        <Copyable
          label={CONFIG}
          isInline
          text={value.map(({ config }) => config).join('\n')}
        />
      </details>
    </div>
  );
}
