import React from 'react';
import { useHub } from '../context';
import { asSentence, joinSentences } from '../sentence';
import { unknown } from './model';
import type { IMetrics } from './views';
import { metricTitle } from './words';

/** What is not known of a job, why, and what would do. */
export function Unmeasured(props: { metrics: IMetrics }): JSX.Element | null {
  const { trans } = useHub();
  const groups = unknown(props.metrics);
  if (groups.length === 0) {
    return null;
  }
  return (
    <details className="jp-TrainHub-unmeasured" open>
      <summary>{trans.__('Not measured')}</summary>
      <dl>
        {groups.map(({ metrics, reasons }) => (
          <div key={metrics[0]}>
            <dt>
              {metrics.map(metric => metricTitle(metric, trans)).join(' · ')}
            </dt>
            {reasons.map(({ why, remedy }) => (
              <dd key={why}>{joinSentences([asSentence(why), remedy])}</dd>
            ))}
          </div>
        ))}
      </dl>
    </details>
  );
}
