import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useHub } from '../../context';
import { differenceOf } from '../../notebook/marks/difference';
import { Diff } from '../../runs/diff';
import { Remarks, type Show } from './remarks';
import { SourceText } from './source';
import { PARAMETERS_ID, type IPlannedCell, type IRemark } from './views';

interface ICellProps {
  cell: IPlannedCell;
  errors: readonly IRemark[];
  warnings: readonly IRemark[];
  onShow: Show;
}

/** A cell and what becomes of it; rendered anew only when it is another one. */
export const PlannedCell = React.memo(
  CellItem,
  (before, after) =>
    before.onShow === after.onShow &&
    JSON.stringify(before) === JSON.stringify(after)
);

function CellItem({ cell, ...remarks }: ICellProps): JSX.Element {
  const { trans } = useHub();
  const { index, action, reason } = cell;
  const name =
    index !== null
      ? cellWord(index, trans)
      : cell.id === PARAMETERS_ID
        ? trans.__('Parameters')
        : (cell.id ?? '');
  const head = (
    <>
      {cell.id === PARAMETERS_ID ? (
        <span className="jp-TrainHub-cellNumber">{name}</span>
      ) : (
        <button
          type="button"
          className="jp-TrainHub-cellNumber"
          title={trans.__('Show it in the editor')}
          onClick={() => remarks.onShow(index, null)}
        >
          {name}
        </button>
      )}
      <span className="jp-TrainHub-cellAction">{actionWord(cell, trans)}</span>
      {reason && <span className="jp-TrainHub-cellReason">{reason}</span>}
    </>
  );
  const body = (
    <>
      <CellText cell={cell} name={name} />
      <Remarks {...remarks} />
    </>
  );
  return (
    <li
      className="jp-TrainHub-cell"
      data-trainhub-cell={index ?? cell.id}
      data-action={action}
    >
      {action === 'skip' ? (
        <details open={remarks.errors.length + remarks.warnings.length > 0}>
          <summary className="jp-TrainHub-cellHead">{head}</summary>
          {body}
        </details>
      ) : (
        <>
          <div className="jp-TrainHub-cellHead">{head}</div>
          {body}
        </>
      )}
    </li>
  );
}

/** What runs: coloured as it is, or what has changed of the cell's own text. */
function CellText(props: { cell: IPlannedCell; name: string }): JSX.Element {
  const { trans } = useHub();
  const { source, original, action, writes } = props.cell;
  const isChanged = action === 'changed' && original !== '' && writes === null;
  return isChanged ? (
    <Diff
      text={differenceOf(original, source.replace(/\n$/, ''))}
      label={trans.__('%1: what changes in it', props.name)}
    />
  ) : (
    <SourceText
      text={action === 'skip' ? original || source : source}
      file={writes ?? 'cell.py'}
      label={props.name}
    />
  );
}

/** What people call a cell: they count from 1. */
export function cellWord(index: number, trans: TranslationBundle): string {
  return trans.__('Cell %1', index + 1);
}

function actionWord(
  { action, writes }: IPlannedCell,
  trans: TranslationBundle
): string {
  if (action === 'skip') {
    return trans.__('Left out');
  }
  if (writes !== null) {
    return trans.__('Writes %1', writes);
  }
  return action === 'run' ? trans.__('Runs') : trans.__('Runs, changed');
}
