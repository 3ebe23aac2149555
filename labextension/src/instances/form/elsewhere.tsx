import React from 'react';
import { useHub } from '../../context';
import type { InstanceFormModel } from './model';

/** Tells that the instance which is edited was changed or deleted elsewhere, and what can be done. */
export function Elsewhere(props: {
  model: InstanceFormModel;
}): JSX.Element | null {
  const { trans } = useHub();
  const { model } = props;
  const { elsewhere, name } = model;
  if (elsewhere === null) {
    return null;
  }
  return (
    <div className="jp-TrainHub-notice" role="alert">
      {elsewhere === 'deleted' ? (
        <>
          <span>
            {trans.__(
              'Instance %1 was deleted elsewhere. What you have typed is still here.',
              name
            )}
          </span>
          <button className="jp-mod-styled" onClick={() => model.makeNew()}>
            {trans.__('Make a new instance of it')}
          </button>
        </>
      ) : (
        <>
          <span>
            {trans.__(
              'Instance %1 was changed elsewhere, in another tab or by someone else. Nothing of yours is saved yet.',
              name
            )}
          </span>
          <div className="jp-TrainHub-formButtons">
            <button
              className="jp-mod-styled"
              onClick={() => model.takeTheirs()}
            >
              {trans.__('Show it as it is now')}
            </button>
            <button className="jp-mod-styled" onClick={() => model.keepMine()}>
              {trans.__('Keep what I have typed')}
            </button>
          </div>
        </>
      )}
    </div>
  );
}
