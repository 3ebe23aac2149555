import React from 'react';
import { useHub } from '../../context';
import type { IJob, IJobError } from '../views';

/** The first exception of a rank, and the cell and line that it came from. */
export function FirstError(props: {
  job: IJob;
  error: IJobError;
}): JSX.Element {
  const { commands, trans } = useHub();
  const { rank, cell, lineno, line, etype, message } = props.error;
  const { notebook } = props.job.spec;
  const place =
    cell === null
      ? trans.__('Rank %1 failed first.', rank)
      : lineno === null
        ? trans.__('Rank %1 failed first, in cell %2.', rank, cell + 1)
        : trans.__(
            'Rank %1 failed first, in cell %2, line %3.',
            rank,
            cell + 1,
            lineno
          );
  return (
    <section className="jp-TrainHub-firstError" data-trainhub-cell={cell}>
      <h2>{trans.__('What went wrong')}</h2>
      <p>
        {place}
        {typeof notebook === 'string' && cell !== null && (
          <button
            className="jp-TrainHub-addButton"
            onClick={() =>
              void commands.execute('docmanager:open', { path: notebook })
            }
          >
            {trans.__('Open %1', notebook)}
          </button>
        )}
      </p>
      <pre tabIndex={0} aria-label={trans.__('Error')}>
        {line && `${line}\n\n`}
        {[etype, message].filter(Boolean).join(': ')}
      </pre>
    </section>
  );
}
