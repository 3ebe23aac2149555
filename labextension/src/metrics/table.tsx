import React from 'react';
import { useHub } from '../context';
import { statistics } from './model';

/** What charts show, in numbers: a row for each pod. */
export function MetricTable(props: {
  caption: string;
  rows: { label: string; values: (number | null)[] }[];
  format: (value: number) => string;
}): JSX.Element {
  const { trans } = useHub();
  return (
    <table className="jp-TrainHub-table">
      <caption>{props.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Rank')}</th>
          <th scope="col">{trans.__('Latest')}</th>
          <th scope="col">{trans.__('Mean')}</th>
          <th scope="col">{trans.__('Highest')}</th>
        </tr>
      </thead>
      <tbody>
        {props.rows.map(({ label, values }) => {
          const found = statistics(values);
          const cell = (value: number | undefined): string =>
            value === undefined ? '–' : props.format(value);
          return (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{cell(found?.latest)}</td>
              <td>{cell(found?.mean)}</td>
              <td>{cell(found?.max)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
