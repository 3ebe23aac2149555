import type { IScalarSeries, ScalarPoint, ScalarValue } from './views';

/** The size of a sparkline, in pixels. */
export interface ISize {
  width: number;
  height: number;
}

/** A curve as it is drawn. */
export interface ISparkline {
  /** The line, for SVG; broken where a value is not finite. */
  path: string;
  /** The least and the greatest finite value; null where there is none. */
  range: [number, number] | null;
  /** Where each point stands; `y` is null where its value is not finite. */
  places: { x: number; y: number | null }[];
}

/** What is left free at the edges, for the width of the line and the dot under the pointer. */
const MARGIN = 3;
const DIGITS = 4;

/** How the points of a curve are drawn. */
export function sparkline(
  points: readonly ScalarPoint[],
  { width, height }: ISize
): ISparkline {
  const values = points.map(([, value]) => value).filter(isFinite);
  const range: [number, number] | null = values.length
    ? [Math.min(...values), Math.max(...values)]
    : null;
  const steps = points.map(([step]) => step);
  const x = scale(Math.min(...steps), Math.max(...steps), [
    MARGIN,
    width - MARGIN
  ]);
  const y = range && scale(range[0], range[1], [height - MARGIN, MARGIN]);
  const places = points.map(([step, value]) => ({
    x: x(step),
    y: y && isFinite(value) ? y(value) : null
  }));
  let isOpen = false;
  const path = places
    .map(place => {
      const command = isOpen ? 'L' : 'M';
      isOpen = place.y !== null;
      // A point alone is a line of no length, which round ends make a dot.
      return isOpen
        ? `${command}${rounded(place.x)} ${rounded(place.y!)}h0`
        : '';
    })
    .join('');
  return { path, range, places };
}

/** Which of the points of a sparkline is nearest to `x`. */
export function nearest({ places }: ISparkline, x: number): number {
  return places.reduce(
    (best, place, at) =>
      Math.abs(place.x - x) < Math.abs(places[best].x - x) ? at : best,
    0
  );
}

/** A value with as many digits as say something. */
export function valueText(value: ScalarValue): string {
  if (!isFinite(value)) {
    return { NaN: 'nan', Infinity: 'inf', '-Infinity': '-inf' }[value];
  }
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6)
    ? value.toExponential(DIGITS - 2)
    : String(Number(value.toPrecision(DIGITS)));
}

/** What a curve is called among others: with its run, where they are of several. */
export function seriesName(
  { run, tag }: IScalarSeries,
  all: readonly IScalarSeries[]
): string {
  return all.some(other => other.run !== run) && run !== '.'
    ? `${run} · ${tag}`
    : tag;
}

function isFinite(value: ScalarValue): value is number {
  return typeof value === 'number';
}

/** Maps what lies between two numbers evenly; all to the middle where they are the same. */
function scale(
  least: number,
  most: number,
  [from, to]: [number, number]
): (value: number) => number {
  return value =>
    most > least
      ? from + ((value - least) / (most - least)) * (to - from)
      : (from + to) / 2;
}

function rounded(length: number): number {
  return Math.round(length * 10) / 10;
}
