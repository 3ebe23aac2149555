import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useHub } from '../../context';
import { formatBytes } from '../../quantity';
import type { IPreview, IPreviewCell } from '../../views';

/** Exactly what a job will run: the cells in order, what becomes of each, and the files. */
export function PreviewList({ preview }: { preview: IPreview }): JSX.Element {
  const { trans } = useHub();
  const { cells, files, warnings, errors } = preview;
  const known = new Set(cells.map(({ index }) => index));
  const general = (remarks: IPreview['errors']): string[] =>
    remarks
      .filter(({ cell }) => cell === null || !known.has(cell))
      .map(({ message }) => message);
  const at = (remarks: IPreview['errors'], index: number | null): string[] =>
    remarks
      .filter(({ cell }) => cell !== null && cell === index)
      .map(({ message }) => message);
  const running = cells.filter(({ action }) => action !== 'skip').length;
  return (
    <>
      <p className="jp-TrainHub-lead">
        {trans._n(
          '%2 of %1 cell runs.',
          '%2 of %1 cells run.',
          cells.length,
          running
        )}
      </p>
      <Remarks errors={general(errors)} warnings={general(warnings)} />
      <ol className="jp-TrainHub-cells">
        {cells.map((cell, position) => (
          <Cell
            key={position}
            cell={cell}
            errors={at(errors, cell.index)}
            warnings={at(warnings, cell.index)}
          />
        ))}
      </ol>
      {files.length > 0 && (
        <>
          <h3>{trans.__('Files that go along')}</h3>
          <ul className="jp-TrainHub-files">
            {files.map(({ name, bytes }) => (
              <li key={name}>
                <code>{name}</code> {formatBytes(bytes)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Cell(props: {
  cell: IPreviewCell;
  errors: string[];
  warnings: string[];
}): JSX.Element {
  const { trans } = useHub();
  const { index, source, action, reason } = props.cell;
  return (
    <li
      className="jp-TrainHub-cell"
      data-trainhub-cell={index ?? 'parameters'}
      data-action={action}
    >
      <div className="jp-TrainHub-cellHead">
        <span className="jp-TrainHub-cellNumber">
          {index === null
            ? trans.__('Parameters')
            : trans.__('Cell %1', index + 1)}
        </span>
        <span className="jp-TrainHub-cellAction">
          {actionWord(action, trans)}
        </span>
        {reason && <span className="jp-TrainHub-cellReason">{reason}</span>}
      </div>
      <pre className="jp-TrainHub-cellSource">
        <code>{source}</code>
      </pre>
      <Remarks errors={props.errors} warnings={props.warnings} />
    </li>
  );
}

function Remarks(props: {
  errors: string[];
  warnings: string[];
}): JSX.Element | null {
  const { trans } = useHub();
  const { errors, warnings } = props;
  return errors.length + warnings.length > 0 ? (
    <ul className="jp-TrainHub-remarks">
      {errors.map(message => (
        <li key={message} data-severity="error">
          <strong>{trans.__('Error:')}</strong> {message}
        </li>
      ))}
      {warnings.map(message => (
        <li key={message} data-severity="warning">
          <strong>{trans.__('Warning:')}</strong> {message}
        </li>
      ))}
    </ul>
  ) : null;
}

function actionWord(
  action: IPreviewCell['action'],
  trans: TranslationBundle
): string {
  switch (action) {
    case 'run':
      return trans.__('Runs');
    case 'changed':
      return trans.__('Runs, changed');
    case 'skip':
      return trans.__('Left out');
  }
}
