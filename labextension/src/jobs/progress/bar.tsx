import React from 'react';
import { useHub } from '../../context';
import type { IJobProgress } from '../views';
import { doneWords, leftWords } from './words';

/** How far a job is at a time, in milliseconds, on one line: a thin bar, percent, the time left. */
export function ProgressLine({
  progress,
  now
}: {
  progress: IJobProgress;
  now: number;
}): JSX.Element {
  const { trans } = useHub();
  const words = [
    doneWords(progress, trans),
    leftWords(progress, now, trans)
  ].filter(Boolean);
  return (
    <span
      className="jp-TrainHub-jobProgress"
      data-trainhub-stalled={progress.stalled || undefined}
    >
      <ProgressBar progress={progress} text={words.join(', ')} />
      {words.join(', ')}
    </span>
  );
}

/** The bar alone; nothing where the whole is not known. */
export function ProgressBar({
  progress: { fraction },
  text
}: {
  progress: IJobProgress;
  /** What it says to those who do not see it. */
  text: string;
}): JSX.Element | null {
  const { trans } = useHub();
  return fraction === null ? null : (
    <progress
      className="jp-TrainHub-progress"
      value={fraction}
      max={1}
      aria-label={trans.__('Progress')}
      aria-valuetext={text}
    />
  );
}
