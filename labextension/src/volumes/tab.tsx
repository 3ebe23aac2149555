import React, { useState } from 'react';
import { CommandButton } from '../commandButton';
import { CommandIDs } from '../commands';
import { useHub } from '../context';
import type { IJob } from '../jobs/views';
import { VolumeFiles } from './files';

/** The files in the volumes of a job, also when its pods are gone. */
export function JobFilesTab({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const [deleted, setDeleted] = useState<readonly string[]>([]);
  const volumes = job.volumes.filter(({ claim }) => !deleted.includes(claim));
  return (
    <div className="jp-TrainHub-page jp-TrainHub-volumes">
      {volumes.map(({ claim }) => (
        <VolumeFiles
          key={claim}
          claim={claim}
          version={job.phase}
          onDeleted={() => setDeleted([...deleted, claim])}
        />
      ))}
      <CommandButton
        command={CommandIDs.showVolumes}
        args={{}}
        label={trans.__('All volumes')}
      />
      {volumes.length === 0 && (
        <p className="jp-TrainHub-empty">
          {trans.__(
            'The job has no volume. Give it a checkpoint or a model path when it is submitted, and what it writes there is kept.'
          )}
        </p>
      )}
    </div>
  );
}
