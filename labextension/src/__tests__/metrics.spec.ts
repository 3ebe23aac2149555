import {
  align,
  bounds,
  merge,
  nextSince,
  statistics,
  unknown,
  whole
} from '../metrics/model';
import { plotData, visibleMarks, type IPlot } from '../metrics/plot';
import type { IMetrics, ISeries, Metric, Point } from '../metrics/views';

function series(pod: string, points: Point[], metric: Metric = 'cpu'): ISeries {
  return { pod, rank: Number(pod.slice(1)), metric, unit: 'cores', points };
}

function metrics(found: ISeries[], changes: Partial<IMetrics> = {}): IMetrics {
  return {
    job: 'train',
    interval: 15,
    sources: [],
    missing: [],
    asked: [],
    series: found,
    ...changes
  };
}

describe('merge', () => {
  it('adds what is new, whatever is told twice, and keeps what is not told of', () => {
    const before = metrics([
      series('p0', [[15, 1]]),
      series('p1', [[14, 2]]),
      series('p0', [[15, 7]], 'memory')
    ]);
    const after = merge(
      before,
      metrics([
        series('p0', [
          [15, 1],
          [30, 3]
        ]),
        series('p2', [[31, 5]])
      ])
    );
    expect(
      after.series.map(({ pod, points }) => [pod, points.map(([at]) => at)])
    ).toEqual([
      ['p0', [15, 30]],
      ['p1', [14]],
      ['p0', [15]],
      ['p2', [31]]
    ]);
    // Those of slower pods may still be on their way.
    expect(nextSince(after)).toBe(31 - 60);
  });

  it('begins anew with nothing, and with too much', () => {
    expect(nextSince(null)).toBeNull();
    expect(nextSince(metrics([series('p0', [])]))).toBeNull();
    const many = Array.from({ length: 3001 }, (_, at): Point => [at, 0]);
    expect(nextSince(metrics([series('p0', many)]))).toBeNull();
  });
});

describe('align', () => {
  it('puts pods that were measured at different times onto common ones', () => {
    const { times, columns } = align(
      [
        series('p0', [
          [100, 1],
          [115, 2],
          [130, 3]
        ]),
        series('p1', [
          [107, 4],
          [137, 6]
        ]),
        series('p2', [[50, 9]])
      ],
      100,
      15
    );
    expect(times).toEqual([100, 115, 130]);
    expect(columns).toEqual([
      [1, 2, 3],
      [4, 4, 6],
      [null, null, null]
    ]);
    expect(whole(columns, false)).toEqual([5, 6, 9]);
    expect(whole(columns, true)).toEqual([2.5, 3, 4.5]);
  });

  it('leaves a gap where nobody measured for long', () => {
    const points: Point[] = [
      [0, 1],
      [150, 2]
    ];
    const [column] = align([series('p0', points)], 0, 15).columns;
    expect(column).toEqual([1, 1, 1, 1, 1, null, null, null, null, null, 2]);
  });

  it('draws no more columns than a screen has', () => {
    const points = Array.from({ length: 40_000 }, (_, at): Point => [
      at * 15,
      1
    ]);
    const { times, columns } = align([series('p0', points)], 0, 15);
    expect(times.length).toBeLessThanOrEqual(601);
    expect(new Set(columns[0])).toEqual(new Set([1]));
  });

  it('is empty where nothing is known', () => {
    expect(align([series('p0', [])], 0, 15)).toEqual({
      times: [],
      columns: [[]]
    });
    expect(whole([], false)).toEqual([]);
    expect(statistics([null])).toBeNull();
  });
});

describe('bounds', () => {
  const asked = [1, 2].map(memory => ({
    pod: `p${memory}`,
    rank: memory,
    metric: 'memory' as const,
    request: 10,
    limit: memory * 20
  }));
  const found = metrics([], { asked });

  it('are those of a pod where all have the same, and sums for the job', () => {
    expect(bounds(found, 'memory', ['p1', 'p2'], false)).toEqual({
      request: 10,
      limit: null
    });
    expect(bounds(found, 'memory', ['p1', 'p2'], true)).toEqual({
      request: 20,
      limit: 60
    });
    expect(bounds(found, 'cpu', ['p1'], true)).toEqual({
      request: null,
      limit: null
    });
  });
});

describe('unknown', () => {
  it('tells one reason once, for the metrics that are not known', () => {
    const missing = (
      ['gpu', 'gpu_memory', 'cpu', 'network_receive'] as const
    ).map(metric => ({
      metric,
      why: metric === 'network_receive' ? 'no rights' : 'no source',
      remedy: 'Ask.'
    }));
    expect(unknown(metrics([series('p0', [[1, 1]])], { missing }))).toEqual([
      {
        metrics: ['gpu', 'gpu_memory'],
        reasons: [{ why: 'no source', remedy: 'Ask.' }]
      },
      {
        metrics: ['network_receive'],
        reasons: [{ why: 'no rights', remedy: 'Ask.' }]
      }
    ]);
  });
});

describe('a plot', () => {
  const line = { label: 'Rank 0', color: 'red', isShown: true };
  const plot: IPlot = {
    unit: 'bytes',
    lines: [line, { ...line, isShown: false }],
    data: {
      times: [1, 2],
      columns: [
        [10, null],
        [900, 900]
      ]
    },
    marks: [
      { label: 'limit', value: 500, isLimit: true },
      { label: 'requested', value: 25, isLimit: false }
    ],
    format: String,
    formatTime: String
  };

  it('shows what was asked for, unless that is far above all lines', () => {
    expect(visibleMarks(plot).map(({ value }) => value)).toEqual([25]);
    expect(plotData(plot)).toEqual([
      [1, 2],
      [10, null],
      [900, 900],
      [25, 25]
    ]);
  });
});
