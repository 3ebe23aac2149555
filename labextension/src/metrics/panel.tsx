import React, { useMemo } from 'react';
import { useHub } from '../context';
import { Chart } from './chart';
import type { IView } from './controls';
import { align, bounds, statistics, whole } from './model';
import type { IPod } from './pods';
import type { IPlot } from './plot';
import { MetricTable } from './table';
import type { IMetrics, Metric } from './views';
import { formatAmount, formatTime, metricTitle, UNITS } from './words';

/** One metric: its chart or table, with what was asked for. */
export function MetricPanel(props: {
  metric: Metric;
  metrics: IMetrics;
  pods: IPod[];
  view: IView;
  /** Seconds since 1970. */
  start: number;
  group: string;
}): JSX.Element {
  const { trans } = useHub();
  const { metric, metrics, pods, view, start } = props;
  const unit = UNITS[metric];
  const title = metricTitle(metric, trans);
  const format = (value: number): string => formatAmount(value, unit, trans);
  const { plot, rows, request, limit } = useMemo(() => {
    const known = pods.flatMap(pod => {
      const series = metrics.series.find(
        one => one.metric === metric && one.pod === pod.name
      );
      return series ? [{ pod, series }] : [];
    });
    const shown = known.filter(({ pod }) => !view.hidden.includes(pod.name));
    const data = align(
      (view.isWhole ? shown : known).map(({ series }) => series),
      start,
      metrics.interval
    );
    const names = shown.map(({ pod }) => pod.name);
    const { request, limit } = bounds(metrics, metric, names, view.isWhole);
    const all = whole(data.columns, unit === 'percent');
    const wholeLine = {
      label: trans.__('Whole job'),
      color: 'var(--jp-TrainHub-line0)',
      isShown: true
    };
    const lines = view.isWhole
      ? [wholeLine]
      : known.map(({ pod }) => ({
          label: pod.label,
          color: pod.color,
          isShown: names.includes(pod.name)
        }));
    const columns = view.isWhole ? [all] : data.columns;
    const marks = [
      { label: trans.__('requested'), value: request, isLimit: false },
      { label: trans.__('limit'), value: limit, isLimit: true }
    ].filter((mark): mark is IPlot['marks'][number] => mark.value !== null);
    const plot: IPlot = {
      unit,
      lines,
      data: { times: data.times, columns },
      marks,
      format,
      formatTime
    };
    const rows = lines
      .map(({ label, isShown }, at) => ({
        label,
        isShown,
        values: columns[at]
      }))
      .filter(({ isShown }) => isShown);
    return { plot, rows, request, limit };
  }, [metric, metrics, pods, view, start, trans]);
  const isEach = !view.isWhole && rows.length > 1;
  const facts: string[] = [];
  if (request !== null) {
    facts.push(
      isEach
        ? trans.__('requested %1 each', format(request))
        : trans.__('requested %1', format(request))
    );
  }
  if (limit !== null) {
    facts.push(
      isEach
        ? trans.__('limit %1 each', format(limit))
        : trans.__('limit %1', format(limit))
    );
  }
  const isShare = unit === 'percent';
  const latest = statistics(
    whole(
      rows.map(({ values }) => values),
      isShare
    )
  );
  return (
    <section className="jp-TrainHub-metricPanel" data-trainhub-metric={metric}>
      <h2>
        {title}
        {latest && (
          <strong>
            {isEach && !isShare
              ? trans.__('%1 in all', format(latest.latest))
              : format(latest.latest)}
          </strong>
        )}
        {facts.length > 0 && <small>{facts.join(' · ')}</small>}
      </h2>
      {view.isTable ? (
        <MetricTable caption={title} rows={rows} format={format} />
      ) : (
        <Chart
          plot={plot}
          group={props.group}
          label={
            latest
              ? trans.__(
                  '%1 over time: latest %2, highest %3. The table has the numbers.',
                  title,
                  format(latest.latest),
                  format(latest.max)
                )
              : title
          }
        />
      )}
    </section>
  );
}
