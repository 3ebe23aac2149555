import { refreshIcon } from '@jupyterlab/ui-components';
import React, { useEffect, useState } from 'react';
import { useHub } from '../context';
import { useRequest } from '../useRequest';
import { DownloadLink, FolderTable } from './folder';
import { shownName, waysTo } from './path';
import { VolumeHeader } from './header';
import { roleName } from './words';

/** Milliseconds between two looks at a volume that is being made or grows. */
const PERIOD = 2_000;

/** A volume: how it is, and the files in it. */
export function VolumeFiles(props: {
  claim: string;
  /** What comes with a new value is shown with files that are asked for anew. */
  version?: unknown;
  onDeleted: () => void;
}): JSX.Element {
  const { api, trans } = useHub();
  const { claim, version } = props;
  const [path, setPath] = useState('');
  const asked = useRequest(
    () => api.volumes.get(claim),
    `${claim} ${String(version)}`
  );
  const volume = asked.value;
  const isSettled = volume === null || volume.size <= (volume.capacity ?? 0);
  useEffect(() => {
    const timer = isSettled ? 0 : window.setTimeout(asked.again, PERIOD);
    return () => window.clearTimeout(timer);
  }, [volume]);
  const isThere = volume?.phase === 'Bound';
  const folder = useRequest(
    async () => (isThere ? await api.volumes.folder(claim, path) : null),
    `${claim} ${isThere} ${String(version)} ${path}`
  );
  const found = folder.value;
  const refresh = (): void => {
    asked.again();
    folder.again();
  };
  const role = volume && roleName(volume.role, trans);
  const problem = asked.problem ?? folder.problem;
  return (
    <section
      className="jp-TrainHub-volume"
      aria-label={role ?? claim}
      aria-busy={asked.isPending || folder.isPending}
      data-trainhub-claim={claim}
    >
      {volume && (
        <VolumeHeader
          volume={volume}
          used={found?.used ?? null}
          onChanged={asked.again}
          onDeleted={props.onDeleted}
        />
      )}
      <div className="jp-TrainHub-volumeBar">
        <Breadcrumbs path={path} onOpen={setPath} />
        <button
          className="jp-TrainHub-iconButton"
          aria-label={trans.__('Refresh')}
          title={trans.__('Refresh')}
          onClick={refresh}
        >
          <refreshIcon.react tag="span" aria-hidden="true" />
        </button>
        {isThere && (
          <DownloadLink
            claim={claim}
            path={path}
            name={shownName(path) || claim}
            isFolder={found?.type !== 'file'}
          />
        )}
      </div>
      {problem !== null && (
        <p className="jp-TrainHub-notice" role="status">
          {problem}
        </p>
      )}
      {folder.isPending && isThere && !found && (
        <p role="status">
          {trans.__('Looking into the volume…')}{' '}
          <progress className="jp-TrainHub-progress" />
        </p>
      )}
      {found && problem === null && found.items.length > 0 && (
        <FolderTable
          claim={claim}
          label={trans.__('Files in %1', shownName(found.path) || claim)}
          items={found.items}
          onOpen={setPath}
        />
      )}
      {found && problem === null && found.items.length === 0 && (
        <p className="jp-TrainHub-empty">
          {found.type === 'file'
            ? trans.__('This is a file.')
            : trans.__('There are no files here.')}
        </p>
      )}
      {found?.truncated && (
        <p className="jp-TrainHub-empty">
          {trans.__(
            'These are %1 of more files. Download the folder to have all.',
            found.items.length.toLocaleString()
          )}
        </p>
      )}
    </section>
  );
}

/** The way to a folder; each part leads there. */
function Breadcrumbs(props: {
  path: string;
  onOpen: (path: string) => void;
}): JSX.Element {
  const { trans } = useHub();
  const ways = [{ name: trans.__('Volume'), path: '' }, ...waysTo(props.path)];
  return (
    <nav aria-label={trans.__('Folder')} className="jp-TrainHub-breadcrumbs">
      {ways.map(({ name, path }, index) => (
        <React.Fragment key={path}>
          {index > 0 && <span aria-hidden="true">/</span>}
          <button
            className="jp-TrainHub-itemName"
            aria-current={path === props.path ? 'location' : undefined}
            onClick={() => props.onOpen(path)}
          >
            {shownName(name)}
          </button>
        </React.Fragment>
      ))}
    </nav>
  );
}
