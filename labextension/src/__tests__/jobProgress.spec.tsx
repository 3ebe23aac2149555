import { screen } from '@testing-library/react';
import React from 'react';
import { sorted } from '../jobs/list/order';
import { JobHeader } from '../jobs/page/header';
import { ProgressLine } from '../jobs/progress/bar';
import {
  doneWords,
  leftWords,
  metricWords,
  placeWords
} from '../jobs/progress/words';
import { JobsSection } from '../jobs/section';
import type { IJobProgress } from '../jobs/views';
import { hubContext, renderInHub } from './hub';
import { settle } from './instanceBench';
import { jobHub } from './jobBench';
import { trans } from './requestTable';
import { job } from './views';

const AT = '2026-01-01T00:00:00Z';
const NOW = Date.parse(AT);

function progress(changes: Partial<IJobProgress> = {}): IJobProgress {
  return {
    fraction: 0.379,
    step: 40,
    total: 100,
    epoch: null,
    epochs: null,
    unit: 'step',
    rate: 7.25,
    remaining: 720,
    metrics: { loss: 0.31234, acc: null },
    at: AT,
    source: 'trainhub',
    stalled: false,
    ...changes
  };
}

describe('the words of progress', () => {
  it.each([
    [{}, '37 %'],
    [{ fraction: 1 }, '100 %'],
    [{ fraction: null }, 'Step 40'],
    [{ fraction: null, step: null }, '']
  ])('say how much is done of %p', (changes, words) => {
    expect(doneWords(progress(changes), trans)).toBe(words);
  });

  it.each([
    [{}, 0, '12 min left'],
    // Nothing was heard since: time passes all the same.
    [{}, 600_000, '2 min left'],
    [{}, 6_000_000, '0 s left'],
    [{ remaining: null }, 0, ''],
    [{ stalled: true, remaining: null }, 720_000, 'No progress for 12 min']
  ])('say how long %p goes on after %p ms', (changes, later, words) => {
    expect(leftWords(progress(changes), NOW + later, trans)).toBe(words);
  });

  it('say where it is', () => {
    expect(placeWords(progress(), trans)).toEqual([
      'Step 40 of 100',
      '7.25 steps/s'
    ]);
    const slow = { epoch: 3, epochs: 10, total: null, rate: 0.4 };
    expect(placeWords(progress(slow), trans)).toEqual([
      'Epoch 3 of 10',
      'Step 40',
      '2.5 s per step'
    ]);
    const nothing = { step: null, epoch: 1.5, rate: null };
    expect(placeWords(progress(nothing), trans)).toEqual(['Epoch 1.5']);
  });

  it('name metrics', () => {
    expect(metricWords('loss', 0.000123456)).toBe('loss 0.0001235');
    expect(metricWords('loss', null)).toBe('loss nan');
  });
});

describe('the bar of progress', () => {
  it('tells what it shows', () => {
    renderInHub(<ProgressLine progress={progress()} now={NOW} />, hubContext());
    const bar = screen.getByRole('progressbar', { name: 'Progress' });
    expect(bar.getAttribute('aria-valuetext')).toBe('37 %, 12 min left');
    expect((bar as HTMLProgressElement).value).toBe(0.379);
  });

  it('is not there where the whole is not known', () => {
    const { container } = renderInHub(
      <ProgressLine progress={progress({ fraction: null })} now={NOW} />,
      hubContext()
    );
    expect(screen.queryByRole('progressbar')).toBeNull();
    expect(container.textContent).toBe('Step 40, 12 min left');
  });
});

describe('a job', () => {
  it('shows its progress in the panel while it runs', async () => {
    const told = progress({ stalled: true, remaining: null });
    const { hub } = jobHub(
      job('a', { progress: told }),
      job('b', { phase: 'Succeeded', progress: told }),
      job('c')
    );
    renderInHub(<JobsSection />, hub);
    await settle(() => hub.store.watch());
    const [bar] = screen.getAllByRole('progressbar');
    expect(screen.getAllByRole('progressbar')).toHaveLength(1);
    expect(bar.closest('li')?.dataset.trainhubName).toBe('a');
    expect(bar.closest('li')?.textContent).toContain('No progress for');
  });

  it('shows it on its page, with its metrics', () => {
    renderInHub(
      <JobHeader job={job('a', { progress: progress({ epoch: 2 }) })} />,
      hubContext()
    );
    const text = screen.getByRole('banner').textContent ?? '';
    for (const part of ['37 %', 'Epoch 2', 'Step 40 of 100', 'loss 0.3123']) {
      expect(text).toContain(part);
    }
    expect(text).toContain('acc nan');
  });

  it('is ordered by it', () => {
    const jobs = [0.5, null, 0.2].map((fraction, index) =>
      job(`j${index}`, {
        progress: fraction === null ? null : progress({ fraction })
      })
    );
    const names = sorted(jobs, { by: 'progress', down: false }).map(
      ({ name }) => name
    );
    expect(names.indexOf('j2')).toBeLessThan(names.indexOf('j0'));
  });
});
