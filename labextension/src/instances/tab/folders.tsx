import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useHub } from '../../context';
import type { IFolder } from '../../views';

/** What is kept where, in words. */
export function FoldersTable({
  folders
}: {
  folders: IFolder[];
}): JSX.Element | null {
  const { trans } = useHub();
  if (folders.length === 0) {
    return null;
  }
  return (
    <table className="jp-TrainHub-table jp-TrainHub-folders">
      <caption>{trans.__('What is kept where')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Folder')}</th>
          <th scope="col">{trans.__('When it stops')}</th>
          <th scope="col">{trans.__('Access')}</th>
          <th scope="col">{trans.__('What it is')}</th>
        </tr>
      </thead>
      <tbody>
        {folders.map(({ path, kept, read_only, title, source }) => (
          <tr key={path} data-kept={kept}>
            <th scope="row">
              <code>{path}</code>
            </th>
            <td>{keptWord(kept, trans)}</td>
            <td>
              {read_only ? trans.__('read only') : trans.__('read and write')}
            </td>
            <td title={source ?? undefined}>{title}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function keptWord(kept: IFolder['kept'], trans: TranslationBundle): string {
  return {
    kept: trans.__('kept'),
    lost: trans.__('lost'),
    memory: trans.__('lost (held in memory)'),
    image: trans.__('as in the image again')
  }[kept];
}
