import { fireEvent, screen } from '@testing-library/react';
import React from 'react';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { TensorBoardsSection } from '../tensorboards/section';
import type { ITensorBoards } from '../tensorboards/views';
import { hubContext, renderInHub } from './hub';
import { settle } from './instanceBench';
import { jobLists } from './jobBench';
import { tensorboard } from './views';

describe('TensorBoardsSection', () => {
  let executed: [string, unknown][];

  async function show(body: ITensorBoards): Promise<void> {
    const hub: IHubContext = hubContext({
      ...jobLists(),
      'GET tensorboards': { body }
    });
    executed = [];
    for (const id of [
      CommandIDs.openTensorBoard,
      CommandIDs.newTensorBoard,
      CommandIDs.startTensorBoard,
      CommandIDs.stopTensorBoard
    ]) {
      hub.commands.addCommand(id, {
        describedBy: { args: { type: 'object' } },
        execute: args => void executed.push([id, args])
      });
    }
    renderInHub(<TensorBoardsSection />, hub);
    await settle(() => hub.store.watch());
  }

  const click = (name: string): boolean =>
    fireEvent.click(screen.getByRole('button', { name }));

  it('says where each runs and what it uses, and offers what can be done', async () => {
    await show({
      items: [
        tensorboard('1', { name: 'mine' }),
        tensorboard('cluster-b', {
          name: 'shared',
          where: 'cluster',
          owner: 'grace',
          phase: 'Stopped'
        }),
        tensorboard('found-7-1', { name: 'theirs', where: 'found' })
      ],
      problem: null
    });
    const [mine, shared, theirs] = screen
      .getAllByRole('listitem')
      .map(({ textContent }) => textContent);
    expect(mine).toContain('This machine · 100 MiB of 4 GiB');
    expect(shared).toContain('Cluster · of grace');
    expect(theirs).toContain('Started elsewhere');
    click('Open TensorBoard mine');
    click('Stop TensorBoard mine');
    click('Start TensorBoard shared');
    click('New TensorBoard…');
    expect(executed).toEqual([
      [CommandIDs.openTensorBoard, { id: '1', folders: ['/home/ada/runs'] }],
      [CommandIDs.stopTensorBoard, { id: '1' }],
      [CommandIDs.startTensorBoard, { id: 'cluster-b' }],
      [CommandIDs.newTensorBoard, {}]
    ]);
    // What somebody else has started is not ours to change.
    expect(
      screen.queryByRole('button', { name: 'More for TensorBoard theirs' })
    ).toBeNull();
  });

  it('says why one failed, and why those of the cluster are missing', async () => {
    await show({
      items: [
        tensorboard('1', {
          phase: 'Failed',
          message: 'no module named tensorboard',
          remedy: 'Install it.'
        })
      ],
      problem: 'no route to the cluster'
    });
    expect(screen.getByRole('listitem').textContent).toMatch(
      /[Nn]o module named tensorboard.*Install it\./
    );
    expect(screen.getByText(/No route to the cluster/)).toBeTruthy();
  });
});
