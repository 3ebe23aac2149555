import { fireEvent, screen, within } from '@testing-library/react';
import React from 'react';
import { CommandArguments, CommandIDs } from '../commands';
import { encodePath, shownName, waysTo } from '../volumes/path';
import { JobFilesTab } from '../volumes/tab';
import type { IVolume, IVolumeFile, IVolumeFolder } from '../volumes/views';
import { VolumesContent } from '../volumes/widget';
import { hubContext, renderInHub } from './hub';
import { press, settle } from './instanceBench';
import { RequestTable, type IAnswer } from './requestTable';
import { job } from './views';

const GIB = 2 ** 30;

function volume(changes: Partial<IVolume> = {}): IVolume {
  return {
    kind: 'volume',
    claim: 'job-mnist-1-model',
    role: 'model',
    job: 'mnist',
    run: 'mnist-1',
    owner: 'ada',
    path: '/model',
    size: 10 * GIB,
    capacity: 10 * GIB,
    phase: 'Bound',
    storage_class: 'standard',
    access_modes: ['ReadWriteOnce'],
    resizable: true,
    used_by: [],
    created: '2026-11-22T10:00:00Z',
    message: null,
    remedy: null,
    ...changes
  };
}

function file(name: string, changes: Partial<IVolumeFile> = {}): IVolumeFile {
  const modified = '2026-11-22T10:00:00Z';
  return { name, path: name, type: 'file', size: 1, modified, ...changes };
}

function folder(
  items: IVolumeFile[],
  changes: Partial<IVolumeFolder> = {}
): { body: IVolumeFolder } {
  const facts = { path: '', type: 'directory' as const, truncated: false };
  return { body: { ...facts, items, used: null, ...changes } };
}

const ROOT = folder(
  [
    file('epoch 10', { type: 'directory', size: null }),
    file('small.bin', { size: 5 }),
    file('large.bin', { size: 3 * GIB }),
    file('odd\udcff', { size: 7 })
  ],
  { used: 5 * GIB }
);

describe('paths in volumes', () => {
  it.each([
    ['a b/ü', 'a%20b%2F%C3%BC'],
    ['odd\udcff', 'odd%FF'],
    ['\udce4\udc80数', '%E4%80%E6%95%B0'],
    ['100%&?#', '100%25%26%3F%23']
  ])('%j is sent byte by byte', (path, encoded) => {
    expect(encodePath(path)).toBe(encoded);
  });

  it('shows what is no text as such', () => {
    expect(shownName('odd\udcff')).toBe('odd\ufffd');
  });

  it('leads to each folder on the way', () => {
    expect(waysTo('a/b').map(({ path }) => path)).toEqual(['a', 'a/b']);
    expect(waysTo('')).toEqual([]);
  });
});

describe('JobFilesTab', () => {
  let table: RequestTable;

  async function show(
    answers: Record<string, IAnswer | (() => IAnswer)> = {}
  ): Promise<void> {
    const route = 'volumes/job-mnist-1-model';
    table = new RequestTable({
      [`GET ${route}`]: { body: volume() },
      [`GET ${route}/files`]: ROOT,
      ...answers
    });
    const hub = hubContext(table);
    hub.commands.addCommand(CommandIDs.showVolumes, {
      describedBy: { args: CommandArguments.none },
      execute: () => undefined
    });
    const mnist = job('mnist', {
      volumes: [
        {
          role: 'model',
          path: '/model',
          claim: 'job-mnist-1-model',
          size: null
        }
      ]
    });
    renderInHub(<JobFilesTab job={mnist} />, hub);
    await settle();
  }

  const names = (): (string | null)[] =>
    screen.getAllByRole('rowheader').map(({ textContent }) => textContent);

  it('tells how full the volume is, and lists folders first', async () => {
    await show();
    expect(screen.getByText(/\/model · 5 of 10 GiB used/)).toBeTruthy();
    expect(names()).toEqual([
      'epoch 10',
      'large.bin',
      'odd\ufffd',
      'small.bin'
    ]);
    const size = screen.getByRole('columnheader', { name: /^Size/ });
    fireEvent.click(within(size).getByRole('button'));
    fireEvent.click(within(size).getByRole('button'));
    expect(names()).toEqual([
      'epoch 10',
      'large.bin',
      'odd\ufffd',
      'small.bin'
    ]);
    expect(size.getAttribute('aria-sort')).toBe('descending');
  });

  it('downloads files, and folders as tar files', async () => {
    await show();
    const href = (name: string): string | null =>
      screen.getByRole('link', { name }).getAttribute('href');
    const root =
      'http://localhost/user/a%40b/trainhub/api/volumes/job-mnist-1-model';
    expect(href('Download odd\ufffd')).toBe(`${root}/file?path=odd%FF`);
    expect(href('Download folder epoch 10 as a tar file')).toBe(
      `${root}/archive?path=epoch%2010`
    );
    expect(href('Download folder job-mnist-1-model as a tar file')).toBe(
      `${root}/archive?path=`
    );
  });

  it('goes into folders and back', async () => {
    const route = 'volumes/job-mnist-1-model/files';
    let answer = ROOT;
    await show({ [`GET ${route}`]: () => answer });
    answer = folder([], { path: 'epoch 10' });
    await press('epoch 10');
    expect(table.asked.at(-1)).toBe(`GET ${route}?path=epoch%2010`);
    expect(screen.getByText('There are no files here.')).toBeTruthy();
    const way = screen.getByRole('navigation', { name: 'Folder' });
    expect(way.textContent).toBe('Volume/epoch 10');
    answer = ROOT;
    await press('Volume');
    expect(names()).toHaveLength(4);
  });

  it('says why a volume is not there, and does not look into it', async () => {
    const pending = volume({
      phase: 'Pending',
      capacity: null,
      resizable: false,
      message: 'The storage has no room for 10Gi.',
      remedy: 'Ask for less.'
    });
    await show({ 'GET volumes/job-mnist-1-model': { body: pending } });
    expect(
      screen.getByText('The storage has no room for 10Gi. Ask for less.')
    ).toBeTruthy();
    expect(table.asked.filter(asked => asked.includes('files'))).toEqual([]);
    const resize = screen.getByRole('button', { name: 'Resize…' });
    expect((resize as HTMLButtonElement).disabled).toBe(true);
  });

  it('says why files cannot be read', async () => {
    const refused = { message: 'the pod does not run', reason: 'NoReader' };
    await show({
      'GET volumes/job-mnist-1-model/files': { status: 409, body: refused }
    });
    expect(screen.getByText('The pod does not run.')).toBeTruthy();
  });

  it('asks for a size, and shows what comes of it', async () => {
    const growing = volume({ size: 20 * GIB, message: 'It grows to 20Gi.' });
    let now = volume();
    await show({
      'GET volumes/job-mnist-1-model': () => ({ body: now }),
      'PATCH volumes/job-mnist-1-model': () => ({ body: (now = growing) })
    });
    await press('Resize…');
    await answer('Resize');
    expect(table.bodies).toEqual([{ size: '20Gi' }]);
    expect(screen.getByText('It grows to 20Gi.')).toBeTruthy();
    now = volume({ size: 20 * GIB, capacity: 20 * GIB });
    await screen.findByText(/5 of 20 GiB used/, {}, { timeout: 5_000 });
  });

  it('deletes a volume after asking', async () => {
    await show({ 'DELETE volumes/job-mnist-1-model': { status: 204 } });
    await press('Delete…');
    await answer('Delete');
    expect(table.asked.at(-1)).toBe('DELETE volumes/job-mnist-1-model');
    expect(screen.getByText(/^The job has no volume/)).toBeTruthy();
  });
});

describe('VolumesContent', () => {
  it('lists the volumes of all jobs and opens one', async () => {
    const other = volume({
      claim: 'job-old-2-checkpoint',
      job: 'old',
      role: 'checkpoint',
      used_by: ['job-old-0-x']
    });
    const table = new RequestTable({
      'GET volumes': { body: { items: [volume(), other] } },
      'GET volumes/job-old-2-checkpoint': { body: other },
      'GET volumes/job-old-2-checkpoint/files': folder([file('last.ckpt')])
    });
    renderInHub(<VolumesContent />, hubContext(table));
    await settle();
    const row = screen.getByRole('row', { name: /job-old-2/ });
    expect(row.textContent).toContain('oldCheckpoints10 GiBin useada');
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: 'ADA checkpoint' }
    });
    expect(screen.getAllByRole('rowheader')).toHaveLength(1);
    await press('job-old-2-checkpoint');
    const details = screen.getByRole('complementary');
    expect(details.textContent).toContain('last.ckpt');
    expect(details.textContent).toContain('used by job-old-0-x');
  });

  it('says what would make a volume where there is none', async () => {
    const table = new RequestTable({ 'GET volumes': { body: { items: [] } } });
    renderInHub(<VolumesContent />, hubContext(table));
    await settle();
    expect(screen.getByText(/^No volumes yet\./)).toBeTruthy();
  });
});

/** Presses a button of the dialog that is open. */
async function answer(label: string): Promise<void> {
  for (let frames = 0; frames < 4; frames += 1) {
    await settle();
  }
  const buttons = document.querySelectorAll<HTMLButtonElement>(
    '.jp-Dialog .jp-mod-accept, .jp-Dialog .jp-mod-warn'
  );
  const button = Array.from(buttons).find(
    ({ textContent }) => textContent === label
  );
  await settle(() => button!.click());
  await settle();
}
