import React, { useState } from 'react';

/** By which column a table is ordered. */
export interface IOrder<Column extends string> {
  by: Column;
  down: boolean;
}

/** The order of a table, and its headings: pressing one orders by it, pressing it again turns it. */
export function useOrder<Column extends string>(
  first: IOrder<Column>
): {
  order: IOrder<Column>;
  heading: (column: Column, label: string) => JSX.Element;
} {
  const [order, setOrder] = useState(first);
  const heading = (column: Column, label: string): JSX.Element => {
    const isBy = order.by === column;
    return (
      <th
        scope="col"
        aria-sort={isBy ? (order.down ? 'descending' : 'ascending') : undefined}
      >
        <button
          className="jp-TrainHub-sort"
          onClick={() =>
            setOrder({ by: column, down: isBy ? !order.down : false })
          }
        >
          {label}
          <span aria-hidden="true">
            {isBy ? (order.down ? ' ▾' : ' ▴') : ''}
          </span>
        </button>
      </th>
    );
  };
  return { order, heading };
}

/** Which of two values stands first; what is not known stands behind the rest. */
export function compareValues(
  a: string | number | null,
  b: string | number | null
): number {
  return typeof a === 'string' || typeof b === 'string'
    ? String(a ?? '').localeCompare(String(b ?? ''), undefined, {
        numeric: true
      })
    : (a ?? -1) - (b ?? -1);
}
