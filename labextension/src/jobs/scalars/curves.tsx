import React, { useRef } from 'react';
import { useHub } from '../../context';
import type { IJob } from '../views';
import { seriesName, type ISize } from './model';
import { Sparkline } from './sparkline';
import { useScalars } from './useScalars';

const ON_PAGE: ISize = { width: 200, height: 48 };
const IN_ROW: ISize = { width: 72, height: 18 };

/** The latest curves of a job, as its page shows them; nothing where it has none. */
export function JobCurves({ job }: { job: IJob }): JSX.Element {
  const { trans } = useHub();
  const element = useRef<HTMLElement>(null);
  const scalars = useScalars(job, element);
  return (
    <section ref={element} data-trainhub-source={scalars?.source}>
      {scalars && scalars.series.length > 0 && (
        <>
          <h2>{trans.__('Curves')}</h2>
          <ul
            className="jp-TrainHub-curves"
            title={scalars.folder ?? undefined}
          >
            {scalars.series.map(series => (
              <li key={JSON.stringify([series.run, series.tag])}>
                <Sparkline
                  series={series}
                  name={seriesName(series, scalars.series)}
                  size={ON_PAGE}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** The curve of a running job that says most, in a row of a list. */
export function JobCurve({ job }: { job: IJob }): JSX.Element {
  const element = useRef<HTMLSpanElement>(null);
  const series = useScalars(job, element)?.series[0];
  return (
    <span ref={element} className="jp-TrainHub-curve">
      {series && <Sparkline series={series} name={series.tag} size={IN_ROW} />}
    </span>
  );
}
