import { fireEvent, screen, within } from '@testing-library/react';
import React from 'react';
import { ImagesSection } from '../images/section';
import type { ICatalogue } from '../images/views';
import { renderInHub } from './hub';
import { ImageBench } from './imageBench';
import { catalogue, image, OFFICIAL, SAVED, transfer } from './imageViews';
import { press, settle } from './instanceBench';

const NAME = image().name;

describe('ImagesSection', () => {
  let bench: ImageBench;

  async function show(body: ICatalogue | string, status = 200): Promise<void> {
    bench = new ImageBench({ 'GET images': { status, body } });
    renderInHub(<ImagesSection />, bench.hub);
    await settle(() => bench.hub.store.watch());
    await settle();
  }

  const menu = (): (string | null)[] =>
    screen.getAllByRole('menuitem').map(({ textContent }) => textContent);

  afterEach(() => {
    document.querySelectorAll('.lm-Menu').forEach(node => node.remove());
  });

  it('lists what the site offers and what was saved, and finds in it', async () => {
    const others = [2, 3, 4].map(tag =>
      image({
        name: `r/x:${tag}`,
        title: `x:${tag}`,
        note: null,
        created: null
      })
    );
    await show(catalogue(OFFICIAL, image({ owner: 'bob' }), ...others));
    const saved = within(screen.getByRole('list', { name: 'Saved' }));
    expect(saved.getAllByRole('listitem')[0].textContent).toContain(
      'with numpy · 1 GiB · from instance desk · of bob · base python:3.12'
    );
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: 'NUMPY' }
    });
    expect(screen.queryByText('PyTorch')).toBeNull();
    await press('ada/desk:1');
    expect(bench.executed).toEqual([`show-images {"image":"${NAME}"}`]);
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: 'nothing' }
    });
    expect(screen.getByText('No image has "nothing" in it.')).toBeTruthy();
  });

  it('has a menu for what can be done with an image', async () => {
    await show(catalogue(OFFICIAL, image()));
    fireEvent.click(screen.getByLabelText('More for image PyTorch'));
    expect(menu()).not.toContain('trainhub:delete-image');
    document.querySelector('.lm-Menu')!.remove();
    fireEvent.click(screen.getByLabelText('More for image ada/desk:1'));
    expect(menu()).toContain('trainhub:delete-image');
  });

  it.each([
    ['Load an archive…', 'load-image {}'],
    ['Copy from a registry…', 'copy-image {}'],
    ['Refresh images', 'refresh-images {}'],
    ['Show all images in a tab', 'show-images {}']
  ])('offers to: %s', async (name, command) => {
    await show(catalogue());
    await press(name);
    expect(bench.executed).toEqual([command]);
  });

  it('says what to set up where no registry takes images', async () => {
    await show({ items: [], registry: null });
    expect(screen.getByText(/Set TrainHubConfig\.registry/)).toBeTruthy();
  });

  it('tells what is wrong with the registry, in place', async () => {
    await show({
      items: [],
      registry: {
        name: 'r',
        source: 'config',
        message: 'the password is wrong',
        remedy: 'Set another.'
      }
    });
    expect(
      screen.getByText('The password is wrong. Set another.')
    ).toBeTruthy();
  });

  it('shows transfers while they run and when they fail, and the image then', async () => {
    await show(catalogue());
    const { store } = bench.hub;
    await settle(() => store.put(transfer()));
    await press('Cancel: Save desk as desk:20260101-120000');
    await settle(() => store.put(transfer({ phase: 'Failed' })));
    await press('Remove: Save desk as desk:20260101-120000');
    expect(bench.executed).toEqual([
      'cancel-transfer {"id":"snapshot-desk"}',
      'forget-transfer {"id":"snapshot-desk"}'
    ]);
    await settle(() => store.put(transfer()));
    bench.table.answers['GET images'] = { body: catalogue(image()) };
    await settle(() => store.put(transfer(SAVED)));
    await settle();
    expect(screen.queryByRole('progressbar')).toBeNull();
    expect(screen.getByText('ada/desk:1')).toBeTruthy();
  });

  it('asks the registry only when the cluster is ready, and says why not', async () => {
    const refusal = { message: 'the registry is away', reason: 'Unavailable' };
    await show(refusal as never, 503);
    expect(screen.getByText('The registry is away.')).toBeTruthy();
    expect(bench.asked(/GET images/)).toHaveLength(1);
  });
});
