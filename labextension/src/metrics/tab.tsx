import React, { useMemo, useRef, useState } from 'react';
import { useHub } from '../context';
import { isFinished, type IJob } from '../jobs/views';
import { Controls, type IView } from './controls';
import { lastTime } from './model';
import { MetricPanel } from './panel';
import { podsOf } from './pods';
import { Unmeasured } from './unmeasured';
import { useMetrics } from './useMetrics';
import { METRICS } from './views';

/** What a job uses, of each thing in a chart of its own. */
export function JobMetricsTab({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const node = useRef<HTMLElement>(null);
  const { metrics, problem } = useMetrics(job, node);
  const [view, setView] = useState<IView>({
    seconds: null,
    isWhole: false,
    isTable: false,
    hidden: []
  });
  const pods = useMemo(
    () => podsOf(job, metrics?.series ?? [], trans),
    [job, metrics, trans]
  );
  const measured = METRICS.filter(metric =>
    metrics?.series.some(one => one.metric === metric && one.points.length)
  );
  const start =
    metrics && view.seconds !== null ? lastTime(metrics) - view.seconds : 0;
  return (
    <section
      ref={node}
      className="jp-TrainHub-metrics"
      aria-label={trans.__('What job %1 uses', job.name)}
    >
      {problem && (
        <p className="jp-TrainHub-notice" role="status">
          {problem}
        </p>
      )}
      {metrics && measured.length > 0 && (
        <Controls view={view} pods={pods} onChange={setView} />
      )}
      <div className="jp-TrainHub-metricPanels">
        {metrics &&
          measured.map(metric => (
            <MetricPanel
              key={metric}
              metric={metric}
              metrics={metrics}
              pods={pods}
              view={view}
              start={start}
              group={`trainhub-${job.uid}`}
            />
          ))}
      </div>
      {measured.length === 0 && !problem && (
        <p className="jp-TrainHub-empty">
          {metrics === null
            ? trans.__('Measuring…')
            : isFinished(job.phase)
              ? trans.__(
                  'Nothing was measured while the job ran. Short jobs end before the first measurement.'
                )
              : job.phase === 'Running'
                ? trans.__('The first measurement takes up to a minute.')
                : trans.__('The job is measured as soon as its pods run.')}
        </p>
      )}
      {metrics && <Unmeasured metrics={metrics} />}
    </section>
  );
}
