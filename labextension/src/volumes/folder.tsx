import {
  fileIcon,
  folderIcon,
  LabIcon,
  linkIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { useHub } from '../context';
import { formatBytes } from '../quantity';
import { compareValues, useOrder } from '../ordered';
import { encodePath, shownName } from './path';
import type { IVolumeFile } from './views';

type Column = 'name' | 'size' | 'modified';

/** The files and folders of one folder, ordered by the column whose heading was pressed. */
export function FolderTable(props: {
  claim: string;
  label: string;
  items: readonly IVolumeFile[];
  onOpen: (path: string) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { order, heading } = useOrder<Column>({ by: 'name', down: false });
  const sign = order.down ? -1 : 1;
  const ordered = [...props.items].sort(
    (a, b) =>
      // Folders stand above files whatever the order is.
      Number(b.type === 'directory') - Number(a.type === 'directory') ||
      sign * compareValues(a[order.by], b[order.by])
  );
  return (
    <div className="jp-TrainHub-tableScroller">
      <table className="jp-TrainHub-table jp-TrainHub-files">
        <caption className="jp-TrainHub-hidden">{props.label}</caption>
        <thead>
          <tr>
            {heading('name', trans.__('Name'))}
            {heading('size', trans._p('bytes', 'Size'))}
            {heading('modified', trans.__('Modified'))}
            <th scope="col">
              <span className="jp-TrainHub-hidden">{trans.__('Actions')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {ordered.map(item => (
            <tr key={encodePath(item.path)} data-type={item.type}>
              <th scope="row">
                <Name item={item} onOpen={props.onOpen} />
              </th>
              <td>{item.size === null ? '' : formatBytes(item.size)}</td>
              <td>{new Date(item.modified).toLocaleString()}</td>
              <td>
                <Download claim={props.claim} item={item} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Name(props: {
  item: IVolumeFile;
  onOpen: (path: string) => void;
}): JSX.Element {
  const { name, path, type } = props.item;
  const icon: LabIcon =
    type === 'directory' ? folderIcon : type === 'link' ? linkIcon : fileIcon;
  // Where a link leads is found out when it is opened.
  const opens = type === 'directory' || type === 'link';
  return (
    <span className="jp-TrainHub-fileName">
      <icon.react tag="span" aria-hidden="true" />
      {opens ? (
        <button
          className="jp-TrainHub-itemName"
          onClick={() => props.onOpen(path)}
        >
          {shownName(name)}
        </button>
      ) : (
        shownName(name)
      )}
    </span>
  );
}

function Download(props: {
  claim: string;
  item: IVolumeFile;
}): JSX.Element | null {
  const { name, path, type } = props.item;
  return type === 'file' || type === 'directory' ? (
    <DownloadLink
      claim={props.claim}
      path={path}
      name={shownName(name)}
      isFolder={type === 'directory'}
    />
  ) : null;
}

/** Leads to a download, which the browser keeps and can go on with. */
export function DownloadLink(props: {
  claim: string;
  path: string;
  name: string;
  isFolder: boolean;
}): JSX.Element {
  const { api, trans } = useHub();
  const { claim, path, name, isFolder } = props;
  return (
    <a
      className="jp-TrainHub-link"
      href={api.volumes.download(claim, path, isFolder)}
      download=""
      aria-label={
        isFolder
          ? trans.__('Download folder %1 as a tar file', name)
          : trans.__('Download %1', name)
      }
    >
      {isFolder ? trans.__('Download as tar') : trans.__('Download')}
    </a>
  );
}
