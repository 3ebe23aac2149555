import React from 'react';
import { useHub } from '../../context';
import { useSignal } from '../../useSignal';
import type { LogModel } from './model';
import { fraction } from './progress';

/** How far the program says it has come; nothing where it says nothing. */
export function LogProgress({
  model
}: {
  model: LogModel;
}): JSX.Element | null {
  const { trans } = useHub();
  useSignal(model.changed);
  const { progress } = model;
  if (!progress) {
    return null;
  }
  const { epoch, step } = progress;
  const text = [
    epoch && trans.__('Epoch %1 of %2', epoch.done, epoch.total),
    step && trans.__('Step %1 of %2', step.done, step.total)
  ]
    .filter(Boolean)
    .join(' · ');
  return (
    <div className="jp-TrainHub-logProgress">
      <progress
        className="jp-TrainHub-progress"
        value={fraction(progress)}
        max={1}
        aria-label={trans.__('Progress')}
        aria-valuetext={text}
      />
      <span>{text}</span>
    </div>
  );
}
