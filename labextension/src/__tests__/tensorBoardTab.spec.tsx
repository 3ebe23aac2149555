import { act, fireEvent, screen } from '@testing-library/react';
import React from 'react';
import { TensorBoardContent } from '../tensorboards/content';
import { FrameKeeper } from '../tensorboards/frameKeeper';
import { TensorBoardModel } from '../tensorboards/model';
import type { ITensorBoard } from '../tensorboards/views';
import type { TensorBoardView } from '../tensorboards/view';
import { hubContext, renderInHub } from './hub';
import { RequestTable } from './requestTable';
import { tensorboard } from './views';

const ID = '0123456789abcdef';

describe('TensorBoardContent', () => {
  let server: RequestTable;
  let hear: (changes: Partial<ITensorBoard>) => void;

  async function show(changes: Partial<ITensorBoard>): Promise<HTMLElement> {
    server = new RequestTable({
      'POST tensorboards': { body: tensorboard(ID, changes) },
      [`PATCH tensorboards/${ID}`]: {
        body: tensorboard(ID, { phase: 'Starting' })
      },
      [`GET tensorboards/${ID}/log`]: { body: { log: 'the last words' } }
    });
    const hub = hubContext(server);
    hear = changes => hub.store.put(tensorboard(ID, changes));
    const model = new TensorBoardModel(hub, { folders: ['runs'] });
    const view = { model, keeper: new FrameKeeper(() => true) };
    const { container } = renderInHub(
      <TensorBoardContent view={view as unknown as TensorBoardView} />,
      hub
    );
    await act(() => model.open());
    return container;
  }

  const isCovered = (): boolean =>
    document.querySelector('[data-covered]') !== null;

  it('loads TensorBoard behind the splash while it starts', async () => {
    const container = await show({ phase: 'Starting' });
    const frame = container.querySelector('iframe')!;
    expect(frame.src).toContain(`/user/a%40b/trainhub/tensorboards/${ID}/`);
    expect(frame.getAttribute('sandbox')).not.toContain('top-navigation');
    expect(isCovered()).toBe(true);
    expect(screen.getByRole('button', { name: 'Cancel' })).toBeTruthy();
  });

  it('waits for the first event file, unless the user will not', async () => {
    await show({ waiting: true });
    expect(
      screen.getByText(/No event files yet in \/home\/ada\/runs\./)
    ).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Show anyway' }));
    expect(isCovered()).toBe(false);
  });

  it('says why it failed, with its last words, and tries again', async () => {
    const container = await show({
      phase: 'Failed',
      message: 'no module named tensorboard',
      remedy: 'Install it.'
    });
    expect(container.querySelector('iframe')).toBeNull();
    expect(container.textContent).toContain('No module named tensorboard.');
    expect(container.textContent).toContain('Install it.');
    expect(await screen.findByText('the last words')).toBeTruthy();
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Retry' }));
    });
    expect(server.bodies.pop()).toEqual({ state: 'running' });
    expect(container.querySelector('iframe')).not.toBeNull();
  });

  it('loads TensorBoard anew when it runs again after it had stopped', async () => {
    const container = await show({ phase: 'Running' });
    const before = container.querySelector('iframe');
    expect(before).not.toBeNull();
    hear({ phase: 'Stopped' });
    const start = await screen.findByRole('button', { name: 'Start again' });
    expect(container.querySelector('iframe')).toBeNull();
    await act(async () => {
      fireEvent.click(start);
    });
    expect(container.querySelector('iframe')).not.toBe(before);
  });

  it('has notes that can be put away', async () => {
    await show({ notes: [{ id: 'slow-loader', message: 'it reads slowly' }] });
    expect(screen.getByText('It reads slowly.')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByText('It reads slowly.')).toBeNull();
  });
});
