import type uPlot from 'uplot';
import type { IChartData } from './model';
import type { Unit } from './views';

/** A line of a chart. */
export interface ILine {
  label: string;
  color: string;
  isShown: boolean;
}

/** What a chart shows. */
export interface IPlot {
  unit: Unit;
  lines: ILine[];
  data: IChartData;
  /** Straight lines: what was asked for, and the limit. */
  marks: { label: string; value: number; isLimit: boolean }[];
  /** Writes an amount with its unit. */
  format: (value: number) => string;
  /** Writes a time, on an axis of so many seconds. */
  formatTime: (seconds: number, span: number) => string;
}

/** Colours of a chart, as the theme has them. */
export interface IPlotTheme {
  text: string;
  grid: string;
  warn: string;
  font: string;
  /** What a colour of CSS stands for, which a canvas does not know by its variable. */
  resolve: (color: string) => string;
}

const HEIGHT = 170;
/** Marks far above all that is used would press the lines to the bottom. */
const FARTHEST_MARK = 3;

/** The marks that fit beside the data. */
export function visibleMarks({ data, marks, lines }: IPlot): IPlot['marks'] {
  const most = Math.max(
    0,
    ...data.columns
      .filter((_, at) => lines[at].isShown)
      .flat()
      .map(value => value ?? 0)
  );
  return marks.filter(({ value }) => value <= most * FARTHEST_MARK);
}

/** The data of a plot as uPlot wants them. */
export function plotData(plot: IPlot): uPlot.AlignedData {
  const { times, columns } = plot.data;
  const marks = visibleMarks(plot).map(({ value }) => times.map(() => value));
  return [times, ...columns, ...marks];
}

/** How uPlot draws a plot; charts of one `group` share their cursor. */
export function plotOptions(
  plot: IPlot,
  theme: IPlotTheme,
  width: number,
  group: string,
  onCursor: (chart: uPlot) => void
): uPlot.Options {
  const axis = {
    stroke: theme.text,
    font: theme.font,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.grid, width: 1 }
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: {
      sync: { key: group, setSeries: false },
      y: false,
      drag: { x: false, y: false },
      points: { size: 6 }
    },
    scales: {
      x: {
        // A single moment is drawn with half a minute on both sides, not with 1000 days.
        range: (chart, least, most) =>
          chart.data[0].length > 1 ? [least, most] : [least - 30, least + 30]
      },
      y: {
        range: (_chart, _least, most) => [
          0,
          plot.unit === 'percent' ? 100 : most > 0 ? most * 1.08 : 1
        ]
      }
    },
    axes: [
      {
        ...axis,
        space: 90,
        values: (_chart, splits) => {
          const span = (splits.at(-1) ?? 0) - (splits[0] ?? 0);
          return splits.map(time => plot.formatTime(time, span));
        }
      },
      {
        ...axis,
        size: 72,
        incrs: plot.unit.startsWith('bytes') ? BYTES : undefined,
        values: (_chart, splits) => splits.map(plot.format)
      }
    ],
    series: [
      {},
      ...plot.lines.map(({ label, color, isShown }) => ({
        label,
        stroke: theme.resolve(color),
        width: 1.5,
        show: isShown,
        // One point alone is no line.
        points: { show: (chart: uPlot) => chart.data[0].length < 2, size: 5 }
      })),
      ...visibleMarks(plot).map(({ label, isLimit }) => ({
        label,
        stroke: isLimit ? theme.warn : theme.text,
        width: 1,
        dash: [6, 4],
        points: { show: false }
      }))
    ],
    hooks: { setCursor: [onCursor] }
  };
}

/** Steps of an axis of bytes: 1, 2 and 5, and tens and hundreds of them, of each binary unit. */
const BYTES = [0, 1, 2, 3, 4].flatMap(power =>
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map(step => step * 1024 ** power)
);
