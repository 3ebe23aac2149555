import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { InputDialog } from '@jupyterlab/apputils';
import React from 'react';
import { CommandIDs } from '../commands';
import { openLogFolder } from '../instances/logFolder';
import { JobCurve, JobCurves } from '../jobs/scalars/curves';
import { nearest, sparkline, valueText } from '../jobs/scalars/model';
import type {
  IScalars,
  IScalarSeries,
  ScalarPoint,
  ScalarValue
} from '../jobs/scalars/views';
import type { JobPhase } from '../jobs/views';
import { hubContext, renderInHub } from './hub';
import { RequestTable } from './requestTable';
import { instance, job } from './views';
import './seen';

const SIZE = { width: 106, height: 26 };

function series(
  tag: string,
  points: ScalarPoint[] = [
    [0, 3],
    [10, 1]
  ],
  run = '.'
): IScalarSeries {
  const [step, value] = points[points.length - 1];
  return { run, tag, points, last: { step, value } };
}

function scalars(...of: IScalarSeries[]): IScalars {
  return {
    source: 'tensorboard',
    folder: '/mnt/runs',
    at: '2026-01-01T00:00:00Z',
    series: of,
    message: ''
  };
}

function table(...of: IScalarSeries[]): RequestTable {
  return new RequestTable({
    'GET jobs/train/scalars': { body: scalars(...of) }
  });
}

const train = (phase: JobPhase = 'Running') =>
  job('train', { phase, started: '2026-01-01T00:00:00Z' });

describe('the line of a sparkline', () => {
  it.each<[string, ScalarPoint[], string]>([
    [
      'goes from edge to edge',
      [
        [0, 0],
        [5, 1],
        [10, 0]
      ],
      'M3 23h0L53 3h0L103 23h0'
    ],
    [
      'has a gap at what is not finite',
      [
        [0, 0],
        [4, 1],
        [5, 'NaN'],
        [10, 1]
      ],
      'M3 23h0L43 3h0M103 3h0'
    ],
    [
      'begins where values do',
      [
        [0, 'Infinity'],
        [10, 1]
      ],
      'M103 13h0'
    ],
    ['is a dot for one point', [[7, 0.5]], 'M53 13h0'],
    [
      'is flat for one value',
      [
        [0, 2],
        [10, 2]
      ],
      'M3 13h0L103 13h0'
    ],
    [
      'is none without a number',
      [
        [0, 'NaN'],
        [1, '-Infinity']
      ],
      ''
    ]
  ])('%s', (_, points, path) => {
    expect(sparkline(points, SIZE).path).toBe(path);
  });

  it('knows the point under the pointer', () => {
    const drawn = sparkline(
      [
        [0, 1],
        [4, 2],
        [10, 3]
      ],
      SIZE
    );
    expect([-5, 30, 50, 999].map(x => nearest(drawn, x))).toEqual([0, 1, 1, 2]);
    expect(drawn.range).toEqual([1, 3]);
  });
});

it.each<[ScalarValue, string]>([
  [0.312345, '0.3123'],
  [1234.5678, '1235'],
  [0, '0'],
  [0.00001234, '1.23e-5'],
  [-12345678, '-1.23e+7'],
  ['NaN', 'nan'],
  ['-Infinity', '-inf']
])('%p is written %p', (value, text) => {
  expect(valueText(value)).toBe(text);
});

it('the curves of a job are named, and tell the value under the pointer', async () => {
  const hub = hubContext(
    table(
      series(
        'loss',
        [
          [0, 3],
          [5, 'NaN'],
          [10, 1]
        ],
        'a'
      ),
      series('loss', undefined, 'b')
    )
  );
  renderInHub(<JobCurves job={train()} />, hub);
  const curve = await screen.findByRole('img', {
    name: 'a · loss: 1 at step 10, least 1, greatest 3'
  });
  expect(screen.getByText('b · loss')).toBeTruthy();
  fireEvent.pointerMove(curve, { clientX: 0 });
  expect(screen.getByText('3 (step 0)')).toBeTruthy();
  fireEvent.pointerLeave(curve);
  expect(screen.queryByText('3 (step 0)')).toBeNull();
});

it('a job is asked for once for all who show it, and no more when it is over', async () => {
  jest.useFakeTimers();
  try {
    const requests = table(series('loss'));
    const hub = hubContext(requests);
    const asked = jest.spyOn(requests.api.jobs, 'scalars');
    const shown = (phase: JobPhase) => (
      <>
        <JobCurve job={train(phase)} />
        <JobCurves job={train(phase)} />
      </>
    );
    const rendered = renderInHub(shown('Running'), hub);
    await act(() => jest.advanceTimersByTimeAsync(100));
    expect(asked).toHaveBeenCalledTimes(1);
    expect(screen.getAllByRole('img')).toHaveLength(2);
    await act(() => jest.advanceTimersByTimeAsync(30_000));
    expect(asked.mock.calls.length).toBeGreaterThan(3);
    rendered.unmount();
    asked.mockClear();
    renderInHub(shown('Succeeded'), hub);
    await act(() => jest.advanceTimersByTimeAsync(120_000));
    expect(asked).toHaveBeenCalledTimes(2);
  } finally {
    jest.useRealTimers();
  }
});

it('a job without curves shows none', async () => {
  const requests = table();
  const asked = jest.spyOn(requests.api.jobs, 'scalars');
  renderInHub(<JobCurves job={train()} />, hubContext(requests));
  await waitFor(() => expect(asked).toHaveBeenCalled());
  expect(screen.queryByText('Curves')).toBeNull();
});

it('a log folder of an instance is asked for, the kept ones to choose from', async () => {
  const folder = {
    title: '',
    read_only: false,
    kept: 'kept' as const,
    source: 'nas'
  };
  const folders = [
    { ...folder, path: '/mnt/a' },
    { ...folder, path: '/tmp', kept: 'lost' as const }
  ];
  const hub = hubContext({
    'GET instances/dev': { body: instance('dev', { folders }) }
  });
  const executed: unknown[] = [];
  hub.commands.addCommand(CommandIDs.openTensorBoard, {
    describedBy: { args: { type: 'object' } },
    execute: args => void executed.push(args)
  });
  const ask = jest.spyOn(InputDialog, 'getItem').mockResolvedValue({
    button: {} as never,
    value: ' /mnt/a/runs ',
    isChecked: null
  });
  await openLogFolder(hub, 'dev');
  expect(ask.mock.calls[0][0].items).toEqual(['/mnt/a']);
  expect(executed).toEqual([{ instance: 'dev', folders: ['/mnt/a/runs'] }]);
});
