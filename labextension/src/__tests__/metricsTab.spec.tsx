import {
  cleanup,
  fireEvent,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import React from 'react';
import { JobMetricsTab } from '../metrics/tab';
import type { IMetrics } from '../metrics/views';
import { hubContext, renderInHub } from './hub';
import { RequestTable } from './requestTable';
import { job } from './views';
import './seen';

// It draws on a canvas, which jsdom has not.
const drawn: unknown[] = [];
jest.mock('uplot', () => ({
  __esModule: true,
  default: class {
    constructor(_options: unknown, data: unknown) {
      drawn.push(data);
    }
    setData(): void {}
    destroy(): void {}
  }
}));

const ANSWER: IMetrics = {
  job: 'train',
  interval: 15,
  sources: ['kubelet'],
  missing: [
    { metric: 'gpu', why: 'the job has no GPUs', remedy: 'Ask for GPUs.' }
  ],
  asked: [],
  series: [0, 1].flatMap(rank => [
    {
      pod: `p${rank}`,
      rank,
      metric: 'cpu' as const,
      unit: 'cores' as const,
      points: [
        [1000, 0.5],
        [1015, 1.5]
      ] as [number, number][]
    },
    {
      pod: `p${rank}`,
      rank,
      metric: 'memory' as const,
      unit: 'bytes' as const,
      points: [[1000, 1 << 20]] as [number, number][]
    }
  ])
};

async function show(
  answer: Partial<IMetrics>,
  phase: 'Running' | 'Pending' | 'Succeeded' = 'Running'
): Promise<RequestTable> {
  const table = new RequestTable({
    'GET jobs/train/metrics': { body: { ...ANSWER, ...answer } }
  });
  const subject = job('train', {
    phase,
    pods: [],
    earlier: [],
    attempt: 1
  });
  renderInHub(<JobMetricsTab job={subject} />, hubContext(table));
  await waitFor(() => {
    expect(screen.queryByText('Measuring…')).toBeNull();
  });
  return table;
}

afterEach(() => {
  cleanup();
  drawn.length = 0;
});

describe('the metrics of a job', () => {
  it('are charts with what they show in words', async () => {
    const table = await show({});
    expect(table.asked).toEqual(['GET jobs/train/metrics?no_track_activity=1']);
    const charts = screen.getAllByRole('img');
    expect(charts[0].getAttribute('aria-label')).toContain('latest 3 cores');
    expect(charts).toHaveLength(2);
    expect(drawn).toHaveLength(2);
    const summary = screen.getByText('Not measured');
    expect(summary.parentElement?.textContent).toContain(
      'The job has no GPUs. Ask for GPUs.'
    );
  });

  it('are a table for who cannot see them, and of the pods that are chosen', async () => {
    await show({});
    fireEvent.click(screen.getByRole('button', { name: 'Table' }));
    fireEvent.click(screen.getByRole('checkbox', { name: 'Rank 1' }));
    const rows = within(screen.getByRole('table', { name: 'CPU' }))
      .getAllByRole('row')
      .map(row => row.textContent);
    expect(rows).toEqual([
      'RankLatestMeanHighest',
      'Rank 01.5 cores1 core1.5 cores'
    ]);
    fireEvent.click(screen.getByRole('button', { name: 'Whole job' }));
    expect(screen.queryAllByText('Whole job')).toHaveLength(3);
  });

  it.each([
    ['Pending', /as soon as its pods run/],
    ['Running', /first measurement/],
    ['Succeeded', /Nothing was measured/]
  ] as const)(
    'say why there are none of a job that is %s',
    async (phase, text) => {
      await show({ series: [], missing: [] }, phase);
      expect(screen.getByText(text)).toBeTruthy();
    }
  );
});
