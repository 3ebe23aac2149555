import React from 'react';
import { useHub } from '../context';

/** Says that a draft holds no environment variables. */
export function LostVariables(): JSX.Element {
  const { trans } = useHub();
  return (
    <p className="jp-TrainHub-notice" role="status">
      {trans.__(
        'Environment variables that you had typed were not kept when the page was loaded again, as they may hold secrets. Type them again.'
      )}
    </p>
  );
}
