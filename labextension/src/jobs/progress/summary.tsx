import React from 'react';
import { useHub, useNow } from '../../context';
import type { IJobProgress } from '../views';
import { ProgressBar } from './bar';
import { doneWords, leftWords, metricWords, placeWords } from './words';

/** Milliseconds after which the time that is left is counted anew. */
const INTERVAL = 5_000;

/** All that is known of a job's progress, and its latest metrics. */
export function ProgressSummary({
  progress
}: {
  progress: IJobProgress;
}): JSX.Element {
  const { trans } = useHub();
  const now = useNow(INTERVAL);
  const words = [
    progress.fraction === null ? '' : doneWords(progress, trans),
    ...placeWords(progress, trans),
    leftWords(progress, now, trans)
  ].filter(Boolean);
  const text = words.join(' · ');
  return (
    <div
      className="jp-TrainHub-jobProgress"
      data-trainhub-stalled={progress.stalled || undefined}
    >
      <ProgressBar progress={progress} text={text} />
      <span>{text}</span>
      {Object.entries(progress.metrics).map(([name, value]) => (
        <span key={name} className="jp-TrainHub-badge">
          {metricWords(name, value)}
        </span>
      ))}
    </div>
  );
}
