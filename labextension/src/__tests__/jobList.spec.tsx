import { fireEvent, screen } from '@testing-library/react';
import React from 'react';
import { CommandIDs } from '../commands';
import { JobsPage } from '../jobs/list/page';
import type { IJob } from '../views';
import { renderInHub } from './hub';
import { settle } from './instanceBench';
import { jobHub } from './jobBench';
import { job } from './views';

const JOBS = [
  job('a', { created: '2026-01-03T00:00:00Z', priority: 2, pinned: true }),
  job('b', { created: '2026-01-01T00:00:00Z', priority: 9, project: 'nlp' }),
  job('c', {
    created: '2026-01-02T00:00:00Z',
    phase: 'Succeeded',
    started: '2026-01-02T00:00:00Z',
    finished: '2026-01-02T01:00:00Z'
  })
];

describe('JobsPage', () => {
  let executed: ReturnType<typeof jobHub>['executed'];

  async function show(...jobs: IJob[]): Promise<void> {
    const made = jobHub(...jobs);
    executed = made.executed;
    renderInHub(<JobsPage />, made.hub);
    await settle(() => made.hub.store.watch());
  }

  const names = (): (string | undefined)[] =>
    screen
      .getAllByRole('row')
      .slice(1)
      .map(({ dataset }) => dataset.trainhubName);
  const button = (name: string | RegExp): HTMLButtonElement =>
    screen.getByRole('button', { name });
  const choose = (name: string): void => {
    fireEvent.click(screen.getByRole('checkbox', { name }));
  };

  it.each([
    ['Priority', ['a', 'c', 'b']],
    ['Name', ['a', 'b', 'c']],
    ['Created', ['a', 'b', 'c']],
    // The one that runs has done so longest.
    ['Ran for', ['a', 'c', 'b']]
  ])('is sorted by %s, pinned jobs first', async (column, expected) => {
    await show(...JOBS);
    expect(names()).toEqual(['a', 'c', 'b']);
    fireEvent.click(button(new RegExp(`^${column}`)));
    expect(names()).toEqual(expected);
    expect(
      screen
        .getByRole('columnheader', { name: new RegExp(`^${column}`) })
        .getAttribute('aria-sort')
    ).toBe('ascending');
  });

  it('acts on the chosen jobs that are shown', async () => {
    await show(...JOBS);
    expect(button('Delete').disabled).toBe(true);
    choose('Choose all jobs');
    fireEvent.click(button('Stop'));
    fireEvent.click(button('Pin'));
    choose('Choose job c');
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: 'nlp' }
    });
    expect(screen.getByText('1 of 3 jobs')).toBeTruthy();
    fireEvent.click(button('Delete'));
    expect(executed).toEqual([
      [CommandIDs.stopJob, { names: ['a', 'b'] }],
      [CommandIDs.pinJob, { names: ['a', 'b', 'c'], pinned: true }],
      [CommandIDs.deleteJob, { names: ['b'] }]
    ]);
  });

  it('unpins when all that are chosen are pinned', async () => {
    await show(...JOBS);
    choose('Choose job a');
    fireEvent.click(button('Unpin'));
    expect(executed).toEqual([
      [CommandIDs.pinJob, { names: ['a'], pinned: false }]
    ]);
  });
});
