import React from 'react';
import { useHub } from '../../context';
import type { IRequest } from '../../useRequest';

/** A page with what the server answers: until then, or where it does not, says so. */
export function Asked<T>(props: {
  request: IRequest<T>;
  /** What is said meanwhile. */
  wait: string;
  children: (value: T) => React.ReactNode;
}): JSX.Element {
  const { trans } = useHub();
  const { value, problem, isPending, again } = props.request;
  return (
    <div className="jp-TrainHub-page" aria-busy={isPending}>
      {isPending && value === null && (
        <p role="status">
          {props.wait} <progress className="jp-TrainHub-progress" />
        </p>
      )}
      {problem !== null && (
        <div className="jp-TrainHub-notice" role="status">
          {problem}
          <button className="jp-mod-styled" onClick={again}>
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {value !== null && problem === null && props.children(value)}
    </div>
  );
}
