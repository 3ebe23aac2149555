import { fireEvent, screen } from '@testing-library/react';
import React from 'react';
import { CommandIDs } from '../commands';
import { JobsSection } from '../jobs/section';
import type { IJob } from '../views';
import { renderInHub } from './hub';
import { settle } from './instanceBench';
import { jobHub, manyJobs } from './jobBench';
import { job } from './views';

describe('JobsSection', () => {
  async function show(
    ...jobs: IJob[]
  ): Promise<ReturnType<typeof jobHub>['executed']> {
    const { hub, executed } = jobHub(...jobs);
    renderInHub(<JobsSection />, hub);
    await settle(() => hub.store.watch());
    return executed;
  }

  const names = (): (string | undefined)[] =>
    screen.getAllByRole('listitem').map(({ dataset }) => dataset.trainhubName);

  it('says why a job cannot be placed, and what would do', async () => {
    await show(
      job('x', {
        phase: 'Pending',
        message: 'it needs 1000 CPUs',
        remedy: 'Ask for at most 4.'
      })
    );
    const { textContent } = screen.getByRole('listitem');
    expect(textContent).toContain('It needs 1000 CPUs.');
    expect(textContent).toContain('Ask for at most 4.');
  });

  it('has the pinned jobs first, then the newest', async () => {
    const [oldest, middle, newest] = manyJobs(3);
    await show(newest, { ...oldest, pinned: true }, middle);
    expect(names()).toEqual(['job-0', 'job-2', 'job-1']);
    expect(screen.getByRole('img', { name: 'Pinned' })).toBeTruthy();
  });

  it('finds jobs, and lists as many as there is room for', async () => {
    const jobs = manyJobs(60);
    jobs[7] = { ...jobs[7], project: 'Vision', priority: 5 };
    const executed = await show(...jobs);
    expect(names()).toHaveLength(50);
    const search = screen.getByRole('searchbox');
    fireEvent.change(search, { target: { value: 'vision  PRIORITY:5' } });
    expect(names()).toEqual(['job-7']);
    fireEvent.change(search, { target: { value: 'vision priority:6' } });
    expect(screen.queryAllByRole('listitem')).toEqual([]);
    expect(screen.getByText(/No job has all these words/)).toBeTruthy();
    fireEvent.click(
      screen.getByRole('button', { name: 'Show all jobs in a tab' })
    );
    expect(executed).toEqual([[CommandIDs.showJobs, {}]]);
  });

  it('offers to stop what goes on, and to submit again what is over', async () => {
    const executed = await show(
      job('runs'),
      job('waits', { phase: 'Failed', restart: 'waiting' }),
      job('ended', { phase: 'Succeeded' })
    );
    for (const name of [
      'Stop job runs',
      'Stop job waits',
      'Submit job ended again'
    ]) {
      fireEvent.click(screen.getByRole('button', { name }));
    }
    expect(executed).toEqual([
      [CommandIDs.stopJob, { name: 'runs' }],
      [CommandIDs.stopJob, { name: 'waits' }],
      [CommandIDs.resubmitJob, { name: 'ended' }]
    ]);
  });
});
