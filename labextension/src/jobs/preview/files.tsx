import type { TranslationBundle } from '@jupyterlab/translation';
import React, { useId, useState } from 'react';
import { useHub } from '../../context';
import { formatBytes } from '../../quantity';
import { cellWord } from './cell';
import { IgnoredEditor } from './ignored';
import type { PreviewModel } from './model';
import { treeOf, type IBranch } from './tree';
import type { IPlan, IPlanFile } from './views';

/** The files that travel with the job, how much room they take, and what stays behind. */
export function PlanFiles(props: {
  plan: IPlan;
  model: PreviewModel;
}): JSX.Element {
  const { trans } = useHub();
  const id = useId();
  const [isEditing, setEditing] = useState(false);
  const { source } = props.model;
  const { files, left_out_files: leftOut, bytes, max_bytes } = props.plan;
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{trans.__('Files that go along')}</h3>
      {files.length > 0 ? (
        <Branches branches={treeOf(files)} />
      ) : (
        <p className="jp-TrainHub-fieldHelp">
          {trans.__('None but the code itself.')}
        </p>
      )}
      <p className="jp-TrainHub-filesRoom">
        <meter
          min={0}
          max={max_bytes}
          high={max_bytes}
          value={bytes}
          aria-label={trans.__('Room that is used')}
        />{' '}
        {trans.__('%1 of %2', formatBytes(bytes), formatBytes(max_bytes))}
      </p>
      {leftOut.length > 0 && (
        <details className="jp-TrainHub-more">
          <summary>
            {trans._n(
              '%1 file stays here',
              '%1 files stay here',
              leftOut.length
            )}
          </summary>
          <ul className="jp-TrainHub-files">
            {leftOut.map(file => (
              <li key={file.name}>
                <code>{file.name}</code> {formatBytes(file.bytes)}{' '}
                <span className="jp-TrainHub-cellReason">{file.reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {isEditing && source ? (
        <IgnoredEditor
          path={source.path}
          onEnd={isSaved => {
            setEditing(false);
            if (isSaved) {
              props.model.renew();
            }
          }}
        />
      ) : (
        <button
          type="button"
          className="jp-TrainHub-addButton"
          onClick={() => setEditing(true)}
        >
          {trans.__('Leave files out…')}
        </button>
      )}
    </section>
  );
}

function Branches(props: { branches: readonly IBranch[] }): JSX.Element {
  const { trans } = useHub();
  return (
    <ul className="jp-TrainHub-files">
      {props.branches.map(({ name, bytes, file, children }) => (
        <li key={`${name} ${file === null}`}>
          {file ? (
            <>
              <code>{name}</code> {formatBytes(bytes)}{' '}
              <span className="jp-TrainHub-cellReason">
                {originWord(file, trans)}
              </span>
            </>
          ) : (
            <details open>
              <summary>
                <code>{`${name}/`}</code> {formatBytes(bytes)}
              </summary>
              <Branches branches={children} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}

function originWord(
  { origin, imported_by: importers }: IPlanFile,
  trans: TranslationBundle
): string {
  if (origin === 'cell') {
    return trans.__('written by a cell');
  }
  return importers.length > 0
    ? trans.__(
        'imported in %1',
        importers.map(index => cellWord(index, trans)).join(trans.__(', '))
      )
    : '';
}
