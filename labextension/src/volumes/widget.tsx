import { closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import React, { useState } from 'react';
import { useHub } from '../context';
import { HubWidget } from '../hubWidget';
import { formatBytes } from '../quantity';
import { Splash } from '../splash';
import { useRequest } from '../useRequest';
import { VolumeFiles } from './files';
import { compareValues, useOrder } from '../ordered';
import type { IVolume } from './views';
import { roleName, volumePhase } from './words';

/** A tab with the volumes of all jobs, also of those that are gone, and the files in them. */
export class VolumesPage extends HubWidget {
  protected renderContent(): JSX.Element {
    return <VolumesContent />;
  }
}

/** What the tab shows. */
export function VolumesContent(): JSX.Element {
  const { api, trans } = useHub();
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const { value, problem, isPending, again } = useRequest(
    () => api.volumes.list(),
    null
  );
  if (value === null) {
    return (
      <Splash
        title={trans.__('Volumes')}
        busy={isPending}
        message={problem ?? trans.__('Fetching…')}
      >
        {problem !== null && (
          <button className="jp-mod-styled" onClick={again}>
            {trans.__('Try again')}
          </button>
        )}
      </Splash>
    );
  }
  const words = text.toLowerCase().split(/\s+/);
  const found = value.filter(({ claim, job, owner, role }) => {
    const all = [claim, job, owner, role].join(' ').toLowerCase();
    return words.every(word => all.includes(word));
  });
  return (
    <main className="jp-TrainHub-volumesColumns" aria-busy={isPending}>
      <div className="jp-TrainHub-volumesMain">
        <h1 className="jp-TrainHub-hidden">{trans.__('Volumes')}</h1>
        <div className="jp-TrainHub-volumeBar">
          <input
            type="search"
            className="jp-TrainHub-filter jp-mod-styled"
            aria-label={trans.__('Filter volumes')}
            placeholder={trans.__('Filter volumes')}
            value={text}
            onChange={event => setText(event.target.value)}
          />
          <button
            className="jp-TrainHub-iconButton"
            aria-label={trans.__('Refresh')}
            title={trans.__('Refresh')}
            onClick={again}
          >
            <refreshIcon.react tag="span" aria-hidden="true" />
          </button>
        </div>
        {problem !== null && (
          <p className="jp-TrainHub-notice" role="status">
            {problem}
          </p>
        )}
        {found.length === 0 ? (
          <p className="jp-TrainHub-empty">
            {value.length === 0
              ? trans.__(
                  'No volumes yet. A job with a checkpoint or a model path gets one, which is kept after the job.'
                )
              : trans.__('No volume matches.')}
          </p>
        ) : (
          <VolumeTable volumes={found} chosen={chosen} onChoose={setChosen} />
        )}
      </div>
      {chosen !== null && (
        <aside
          className="jp-TrainHub-page jp-TrainHub-volumesDetails"
          aria-label={trans.__('Files in %1', chosen)}
        >
          <button
            className="jp-TrainHub-iconButton"
            aria-label={trans.__('Close')}
            title={trans.__('Close')}
            onClick={() => setChosen(null)}
          >
            <closeIcon.react tag="span" aria-hidden="true" />
          </button>
          <VolumeFiles
            key={chosen}
            claim={chosen}
            onDeleted={() => {
              setChosen(null);
              again();
            }}
          />
        </aside>
      )}
    </main>
  );
}

type Column = 'claim' | 'job' | 'role' | 'size' | 'owner' | 'created';

function VolumeTable(props: {
  volumes: readonly IVolume[];
  chosen: string | null;
  onChoose: (claim: string) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { order, heading } = useOrder<Column>({ by: 'created', down: true });
  const sign = order.down ? -1 : 1;
  const ordered = [...props.volumes].sort(
    (a, b) => sign * compareValues(a[order.by], b[order.by])
  );
  return (
    <div className="jp-TrainHub-tableScroller">
      <table className="jp-TrainHub-table">
        <caption className="jp-TrainHub-hidden">{trans.__('Volumes')}</caption>
        <thead>
          <tr>
            {heading('claim', trans.__('Volume'))}
            {heading('job', trans.__('Job'))}
            {heading('role', trans.__('For'))}
            {heading('size', trans._p('bytes', 'Size'))}
            <th scope="col">{trans.__('State')}</th>
            {heading('owner', trans.__('Owner'))}
            {heading('created', trans.__('Created'))}
          </tr>
        </thead>
        <tbody>
          {ordered.map(volume => (
            <tr
              key={volume.claim}
              aria-selected={volume.claim === props.chosen}
              data-trainhub-claim={volume.claim}
            >
              <th scope="row">
                <button
                  className="jp-TrainHub-itemName"
                  aria-pressed={volume.claim === props.chosen}
                  onClick={() => props.onChoose(volume.claim)}
                >
                  {volume.claim}
                </button>
              </th>
              <td>{volume.job}</td>
              <td>{roleName(volume.role, trans)}</td>
              <td>{formatBytes(volume.capacity ?? volume.size)}</td>
              <td title={volume.message ?? undefined}>
                {volume.used_by.length > 0
                  ? trans.__('in use')
                  : volumePhase(volume.phase, trans)}
              </td>
              <td>{volume.owner}</td>
              <td>
                {volume.created && new Date(volume.created).toLocaleString()}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
