import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useHub } from '../../context';
import { formatBytes } from '../../quantity';
import { useRequest } from '../../useRequest';
import type { IChanges, IPackageChange } from '../views';
import { Asked } from './asked';

/** What a saved image changes about its base: packages, and files that no package explains. */
export function Changes({ image }: { image: string }): JSX.Element {
  const { api, trans } = useHub();
  const request = useRequest(() => api.images.changes(image), image);
  return (
    <Asked request={request} wait={trans.__('Reading the layer of the image…')}>
      {changes => <ChangeTables changes={changes} />}
    </Asked>
  );
}

function ChangeTables({ changes }: { changes: IChanges }): JSX.Element {
  const { trans } = useHub();
  const { files, bytes, deleted, packages, rest, folders, large } = changes;
  const sizes = (title: string, entries: { path: string; bytes: number }[]) => (
    <Table
      title={title}
      head={[trans.__('Path'), trans._p('bytes', 'Size')]}
      rows={entries.map(entry => [entry.path, formatBytes(entry.bytes)])}
    />
  );
  return (
    <>
      <p>
        {trans.__(
          '%1 in %2',
          formatBytes(bytes),
          trans._n('%2 file', '%2 files', files, files.toLocaleString())
        )}
      </p>
      <Packages title={trans.__('Debian packages')} packages={packages.apt} />
      <Packages title={trans.__('Python packages')} packages={packages.pip} />
      <Packages title={trans.__('Conda packages')} packages={packages.conda} />
      {sizes(
        trans.__('Files that no package explains'),
        rest.length > 0 ? rest : folders
      )}
      {sizes(trans.__('Largest files'), large)}
      <Table
        title={trans.__('Deleted')}
        head={[trans.__('Path')]}
        rows={deleted.map(path => [path])}
      />
    </>
  );
}

function Packages(props: {
  title: string;
  packages: IPackageChange[];
}): JSX.Element {
  const { trans } = useHub();
  return (
    <Table
      title={props.title}
      head={[trans.__('Package'), trans.__('Version'), trans.__('Change')]}
      rows={props.packages.map(({ name, version, change }) => [
        name,
        version ?? '',
        changeWord(change, trans)
      ])}
    />
  );
}

/** A table under a heading; nothing when it has no rows. */
function Table(props: {
  title: string;
  head: string[];
  rows: string[][];
}): JSX.Element | null {
  const { title, head, rows } = props;
  return rows.length === 0 ? null : (
    <section>
      <h3>{title}</h3>
      <table className="jp-TrainHub-table" aria-label={title}>
        <thead>
          <tr>
            {head.map(label => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...others]) => (
            <tr key={first}>
              <th scope="row">
                <code>{first}</code>
              </th>
              {others.map((value, column) => (
                <td key={head[column + 1]}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function changeWord(
  change: IPackageChange['change'],
  trans: TranslationBundle
): string {
  return {
    added: trans.__('added'),
    changed: trans.__('changed'),
    removed: trans.__('removed')
  }[change];
}
