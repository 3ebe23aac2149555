import React, { useMemo, useState } from 'react';
import { useHub } from '../../context';
import { nearest, sparkline, valueText, type ISize } from './model';
import type { IScalarSeries } from './views';

/** A small curve with its name and last value; under the pointer, the value there. */
export function Sparkline(props: {
  series: IScalarSeries;
  name: string;
  size: ISize;
}): JSX.Element {
  const { trans } = useHub();
  const { series, name, size } = props;
  const { points, last } = series;
  const [pointed, setPointed] = useState<number | null>(null);
  const drawn = useMemo(() => sparkline(points, size), [points, size]);
  const { path, range, places } = drawn;
  const at = pointed !== null && pointed < points.length ? pointed : null;
  const [step, value] = at === null ? [last.step, last.value] : points[at];
  const place = at === null ? null : places[at];
  const words = trans.__(
    '%1: %2 at step %3',
    name,
    valueText(last.value),
    last.step
  );
  const label = range
    ? trans.__(
        '%1, least %2, greatest %3',
        words,
        valueText(range[0]),
        valueText(range[1])
      )
    : words;
  return (
    <span className="jp-TrainHub-sparkline">
      <span className="jp-TrainHub-sparklineName" title={name} aria-hidden>
        {name}
      </span>
      <svg
        role="img"
        aria-label={label}
        width={size.width}
        height={size.height}
        viewBox={`0 0 ${size.width} ${size.height}`}
        onPointerMove={event => {
          const { left } = event.currentTarget.getBoundingClientRect();
          setPointed(nearest(drawn, event.clientX - left));
        }}
        onPointerLeave={() => setPointed(null)}
      >
        <path d={path} />
        {place && place.y !== null && (
          <circle cx={place.x} cy={place.y} r={2.5} />
        )}
      </svg>
      <output aria-hidden>
        {valueText(value)}
        {at !== null && ` (${trans.__('step %1', step)})`}
      </output>
    </span>
  );
}
