import { fireEvent, screen, within } from '@testing-library/react';
import React from 'react';
import { SaveModel } from '../images/save/model';
import { SaveContent } from '../images/save/widget';
import { renderInHub } from './hub';
import { ImageBench } from './imageBench';
import {
  catalogue,
  image,
  measurement,
  PROPOSED,
  SAVED,
  transfer
} from './imageViews';
import { press, settle } from './instanceBench';
import type { IAnswer } from './requestTable';
import { instance } from './views';

const MEASURE = 'POST instances/desk/snapshot/measurement';
const SAVE = 'POST instances/desk/snapshot';

describe('SaveContent', () => {
  let bench: ImageBench;
  let model: SaveModel;

  async function show(
    answers: Record<string, IAnswer | (() => IAnswer)> = {}
  ): Promise<void> {
    bench = new ImageBench({
      [MEASURE]: { body: measurement() },
      [SAVE]: { status: 202, body: transfer() },
      ...answers
    });
    model = new SaveModel(bench.hub, 'desk', null);
    model.begun.connect((_, begun) => bench.hub.store.put(begun));
    renderInHub(
      <SaveContent model={model} onClose={() => undefined} />,
      bench.hub
    );
    await settle(() => bench.hub.store.watch());
    await settle(() => model.load());
    await settle();
  }

  const spec = (): unknown => bench.table.bodies[bench.table.bodies.length - 1];
  const item = (name: RegExp): HTMLElement =>
    screen.getByRole('treeitem', { name });

  afterEach(() => model.dispose());

  it('tells what is saved and what is not, and saves what is left', async () => {
    await show();
    expect(screen.getByText(/^5\.9 KiB in 60 files are saved/)).toBeTruthy();
    const lost = screen.getByRole('list', { name: 'Not saved' });
    expect(lost.textContent).toBe('/mnt/user (NAS) stays where it is');
    // The arrow keys walk the tree; the space bar leaves a folder out.
    const tree = screen.getByRole('tree');
    fireEvent.keyDown(tree, { key: 'ArrowRight' });
    fireEvent.keyDown(tree, { key: 'ArrowRight' });
    expect(document.activeElement).toBe(item(/^data,/));
    fireEvent.keyDown(tree, { key: ' ' });
    expect(item(/^data,/).getAttribute('aria-checked')).toBe('false');
    expect(item(/^\/root,/).getAttribute('aria-checked')).toBe('mixed');
    fireEvent.keyDown(tree, { key: 'ArrowLeft' });
    fireEvent.keyDown(tree, { key: 'ArrowLeft' });
    expect(screen.queryByRole('treeitem', { name: /^data,/ })).toBeNull();
    fireEvent.click(screen.getByLabelText(/^\/tmp/));
    expect(screen.getByText(/^3\.4 KiB in 35 files are saved/)).toBeTruthy();
    fireEvent.change(screen.getByLabelText('Tag'), { target: { value: '2' } });
    fireEvent.change(screen.getByLabelText('Note'), {
      target: { value: 'tried' }
    });
    await press('Save');
    expect(spec()).toEqual({
      image: 'registry.example.com/team/ada/desk:2',
      note: 'tried',
      exclude: ['/root/data'],
      include: ['/tmp'],
      secrets: 'exclude',
      overwrite: false,
      then: 'keep'
    });
    const bar = screen.getByRole('progressbar');
    expect(bar.getAttribute('value')).toBe('0.5');
    expect(bar.getAttribute('aria-valuetext')).toBe(
      'Reading files · 500 of 1,000 files · 1 of 2 GiB · 1 MiB sent'
    );
    await press('Cancel');
    expect(bench.executed).toEqual(['cancel-transfer {"id":"snapshot-desk"}']);
  });

  it('says that the note replaces an earlier save, and what is not known', async () => {
    await show({
      [MEASURE]: {
        body: measurement({
          above_base: true,
          previous_bytes: 2 ** 20,
          deletions_known: false,
          unreadable: { files: 1, paths: ['/etc/shadow'] }
        })
      }
    });
    expect(screen.getByText(/place of the 1 MiB saved before/)).toBeTruthy();
    expect(screen.getByText(/deleted are in the saved image/)).toBeTruthy();
    expect(screen.getByText(/not saved: \/etc\/shadow$/)).toBeTruthy();
  });

  it('leaves secrets out unless that is chosen otherwise', async () => {
    const secrets = [{ path: '/root/.netrc', kind: 'password', line: 1 }];
    const refused = { status: 409, body: { message: 'not now' } };
    await show({
      [MEASURE]: { body: measurement({ secrets }) },
      [SAVE]: refused
    });
    expect(screen.getByText('/root/.netrc:1')).toBeTruthy();
    await press('Save');
    expect(spec()).toMatchObject({ secrets: 'exclude' });
    expect(screen.getByRole('alert').textContent).toBe('Not now.');
    fireEvent.click(screen.getByLabelText('Save them in the image'));
    await press('Save');
    expect(spec()).toMatchObject({ secrets: 'include' });
  });

  it('takes a name from another image only when told to', async () => {
    await show({
      'GET images': { body: catalogue(image({ name: PROPOSED })) }
    });
    const save = screen.getByRole<HTMLButtonElement>('button', {
      name: 'Save'
    });
    expect(save.disabled).toBe(true);
    fireEvent.click(screen.getByLabelText(/overwrite it$/));
    await press('Save');
    expect(spec()).toMatchObject({ overwrite: true });
  });

  it('shows at the name why the server refuses it', async () => {
    await show({
      [SAVE]: {
        status: 422,
        body: {
          message: 'the tag is too long',
          reason: 'InvalidField',
          details: { field: 'image', remedy: 'Take a shorter one.' }
        }
      }
    });
    await press('Save');
    expect(screen.getByRole('alert').textContent).toBe(
      'The tag is too long. Take a shorter one.'
    );
    expect(screen.getByLabelText('Tag').getAttribute('aria-invalid')).toBe(
      'true'
    );
  });

  it('shows the saving that is under way, to its end', async () => {
    await show({ 'GET transfers': { body: { items: [transfer()] } } });
    expect(bench.asked(/measurement/)).toEqual([]);
    expect(screen.getByRole('progressbar')).toBeTruthy();
    await settle(() => bench.hub.store.put(transfer(SAVED)));
    expect(screen.getByText(PROPOSED)).toBeTruthy();
    expect(screen.getByText('1 path was left out')).toBeTruthy();
    await press('Start an instance from it…');
    await press('Use in a job…');
    expect(bench.executed).toEqual([
      `start-with-image {"image":"${PROPOSED}"}`,
      `submit-with-image {"image":"${PROPOSED}"}`
    ]);
    await press('Save anew…');
    expect(bench.asked(/measurement/)).toHaveLength(1);
  });

  it('tells why saving failed and goes on from there', async () => {
    await show({ 'GET transfers': { body: { items: [transfer()] } } });
    const failed = transfer({
      phase: 'Failed',
      message: 'the registry is full',
      remedy: 'Delete an image.',
      resumable: true
    });
    await settle(() => bench.hub.store.put(failed));
    expect(
      screen.getByText('The registry is full. Delete an image.')
    ).toBeTruthy();
    await press('Try again');
    expect(bench.executed).toEqual(['retry-transfer {"id":"snapshot-desk"}']);
  });

  it('can be told to stop looking, and to look again', async () => {
    await show({ [MEASURE]: { status: 503, body: { message: 'no answer' } } });
    expect(screen.getByText('No answer.')).toBeTruthy();
    bench.table.answers[MEASURE] = () => {
      model.cancel();
      return { body: measurement() };
    };
    await press('Try again');
    expect(screen.getByText('Nothing has been looked at yet.')).toBeTruthy();
    bench.table.answers[MEASURE] = { body: measurement() };
    await press('Look at it');
    expect(screen.getByRole('tree')).toBeTruthy();
  });

  it('says that only what runs can be saved', async () => {
    await show({
      [MEASURE]: { status: 409, body: { message: 'it does not run' } },
      'GET instances': {
        body: { items: [instance('desk', { phase: 'Stopped' })] }
      }
    });
    const page = within(document.body);
    expect(page.getByText(/^Only an instance that runs/)).toBeTruthy();
    await press('Start');
    expect(bench.executed).toEqual(['start-instance {"name":"desk"}']);
  });
});
