import React from 'react';
import { useHub } from '../context';
import { pinIcon } from '../icons';
import { PhaseLabel } from '../phase';
import { formatBytes } from '../quantity';
import { compareValues, useOrder } from '../ordered';
import type { IRun } from './views';

type Column = 'run' | 'phase' | 'created' | 'size';

/** Runs as a table, pinned ones first; two of them can be marked. */
export function RunTable(props: {
  runs: readonly IRun[];
  chosen: string | null;
  marked: readonly string[];
  onChoose: (run: string) => void;
  onMark: (run: string, isMarked: boolean) => void;
}): JSX.Element {
  const { trans } = useHub();
  const { chosen, marked } = props;
  const { order, heading } = useOrder<Column>({ by: 'created', down: true });
  const sign = order.down ? -1 : 1;
  const ordered = [...props.runs].sort(
    (a, b) =>
      Number(b.pinned) - Number(a.pinned) ||
      sign * compareValues(a[order.by], b[order.by])
  );
  return (
    <div className="jp-TrainHub-tableScroller">
      <table className="jp-TrainHub-table">
        <caption className="jp-TrainHub-hidden">{trans.__('Runs')}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="jp-TrainHub-hidden">{trans.__('Compare')}</span>
            </th>
            {heading('run', trans.__('Run'))}
            {heading('phase', trans.__('State'))}
            {heading('created', trans.__('Created'))}
            <th scope="col">{trans.__('Commit')}</th>
            {heading('size', trans._p('bytes', 'Size'))}
          </tr>
        </thead>
        <tbody>
          {ordered.map(({ run, phase, created, git, size, pinned }) => (
            <tr
              key={run}
              aria-selected={run === chosen}
              data-trainhub-run={run}
            >
              <td>
                <input
                  type="checkbox"
                  aria-label={trans.__('Compare run %1', run)}
                  checked={marked.includes(run)}
                  onChange={({ target }) => props.onMark(run, target.checked)}
                />
              </td>
              <th scope="row">
                <button
                  className="jp-TrainHub-itemName"
                  aria-pressed={run === chosen}
                  onClick={() => props.onChoose(run)}
                >
                  {run}
                </button>
                {pinned && (
                  <span title={trans.__('pinned')}>
                    <pinIcon.react tag="span" aria-hidden="true" />
                    <span className="jp-TrainHub-hidden">
                      {trans.__('pinned')}
                    </span>
                  </span>
                )}
              </th>
              <td>
                <PhaseLabel phase={phase} />
              </td>
              <td>{created && new Date(created).toLocaleString()}</td>
              <td>
                <code>{git?.commit?.slice(0, 10)}</code>
              </td>
              <td>{formatBytes(size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
