import { Clipboard } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import { fireEvent, screen, within } from '@testing-library/react';
import React, { useState } from 'react';
import type { ImageView } from '../images/browser/details';
import { ImagesContent } from '../images/browser/widget';
import type { IChanges, IFitness } from '../images/views';
import { renderInHub } from './hub';
import { ImageBench } from './imageBench';
import { catalogue, image, OFFICIAL } from './imageViews';
import { choose, press, settle } from './instanceBench';

const CHANGES: IChanges = {
  files: 3,
  bytes: 2 ** 20,
  deleted: ['/opt/old'],
  folders: [],
  large: [],
  packages: {
    apt: [],
    pip: [{ name: 'numpy', version: '2.0', change: 'added' }],
    conda: []
  },
  rest: [{ path: '/root/notes', files: 1, bytes: 512 }]
};

const FITNESS: IFitness = {
  target: 'x',
  ok: { instance: true, job: true, mpi: false, ssh: false },
  items: [
    {
      name: 'python',
      title: 'Python',
      state: 'ok',
      value: '3.12',
      needed_for: ['instance'],
      message: null,
      remedy: null
    },
    {
      name: 'sshd',
      title: 'SSH server',
      state: 'missing',
      value: null,
      needed_for: ['ssh'],
      message: 'there is no sshd',
      remedy: 'RUN apt-get install -y openssh-server'
    }
  ],
  dockerfile: 'FROM x\nRUN apt-get install -y openssh-server'
};

describe('ImagesContent', () => {
  let bench: ImageBench;
  let saved: string[];

  const contents = {
    get: (path: string) =>
      path === 'Dockerfile' ? Promise.resolve({}) : Promise.reject(new Error()),
    save: async (path: string, { content }: Partial<Contents.IModel>) =>
      void saved.push(`${path}: ${content}`)
  } as unknown as Contents.IManager;

  async function show(name: string | null = null): Promise<void> {
    saved = [];
    const query = `name=${encodeURIComponent(image().name)}`;
    bench = new ImageBench({
      'GET images': {
        body: catalogue(OFFICIAL, image(), image({ name: 'b', title: 'b' }))
      },
      'GET images/changes': { body: CHANGES },
      'GET images/recipe': {
        body: {
          Dockerfile: 'FROM python:3.12',
          'requirements.txt': 'numpy==2.0',
          'environment.yml': '',
          notes: ['It was not built yet.']
        }
      },
      'GET images/fitness': { body: FITNESS }
    });
    expect(query).toContain('%2F');
    const Page = (): JSX.Element => {
      const [chosen, setChosen] = useState(name);
      const [view, setView] = useState<ImageView>('about');
      return (
        <ImagesContent
          image={chosen}
          view={view}
          contents={contents}
          onChoose={(next, shown = 'about') => {
            setChosen(next);
            setView(shown);
          }}
        />
      );
    };
    renderInHub(<Page />, bench.hub);
    await settle(() => bench.hub.store.watch());
    await settle();
  }

  const order = (): (string | null)[] =>
    screen
      .getAllByRole('rowheader')
      .map(header => header.querySelector('button')!.textContent);

  it('orders by the column that is pressed, up and down', async () => {
    await show();
    expect(order()).toEqual(['ada/desk:1', 'b', 'PyTorch']);
    const size = screen.getByRole('columnheader', { name: /^Size/ });
    fireEvent.click(within(size).getByRole('button'));
    expect(size.getAttribute('aria-sort')).toBe('ascending');
    fireEvent.click(within(size).getByRole('button'));
    expect(order()[0]).toBe('PyTorch');
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: 'pytorch' }
    });
    expect(order()).toEqual(['PyTorch']);
  });

  it('tells all of the image that is chosen', async () => {
    await show();
    await press('ada/desk:1');
    const about = screen.getByRole('table', { name: 'About' });
    expect(about.textContent).toContain('Digestsha256:1');
    await press('Start an instance…');
    expect(bench.executed).toEqual([
      `start-with-image {"image":"${image().name}"}`
    ]);
    await press('Close');
    expect(screen.queryByRole('table', { name: 'About' })).toBeNull();
  });

  it('shows what changed against the base', async () => {
    await show(image().name);
    await choose('What changed');
    const packages = screen.getByRole('table', { name: 'Python packages' });
    expect(within(packages).getAllByRole('row')[1].textContent).toBe(
      'numpy2.0added'
    );
    expect(screen.getByRole('table', { name: 'Deleted' })).toBeTruthy();
    expect(screen.queryByRole('table', { name: /Conda/ })).toBeNull();
  });

  it('shows the recipe, and saves it, over another file only when told to', async () => {
    await show(image().name);
    bench.hub.commands.addCommand('docmanager:open', {
      describedBy: { args: {} },
      execute: ({ path }) => void bench.executed.push(`open ${path}`)
    });
    await choose('Recipe');
    expect(screen.getByText('It was not built yet.')).toBeTruthy();
    expect(screen.queryByText('environment.yml')).toBeNull();
    const accept = async (label: string): Promise<void> => {
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
    };
    await press('Save requirements.txt…');
    await accept('Save');
    await press('Save Dockerfile…');
    await accept('Save');
    expect(saved).toEqual(['requirements.txt: numpy==2.0']);
    await accept('Replace');
    expect(saved[1]).toBe('Dockerfile: FROM python:3.12');
    expect(bench.executed).toEqual([
      'open requirements.txt',
      'open Dockerfile'
    ]);
  });

  it('checks an image when told to, and says what to add', async () => {
    await show(image().name);
    await choose('Check');
    expect(bench.asked(/fitness/)).toEqual([]);
    await press('Check this image');
    expect(screen.getByText(/Fit for instances, jobs\./)).toBeTruthy();
    expect(screen.getByText(/Not fit for MPI, SSH\./)).toBeTruthy();
    const list = screen.getByRole('list', { name: 'What the image has' });
    expect(within(list).getAllByRole('listitem')[1].textContent).toBe(
      '✗ missingSSH serverThere is no sshd.RUN apt-get install -y openssh-server'
    );
    const copied = jest.spyOn(Clipboard, 'copyToSystem').mockReturnValue();
    await press('Copy: A Dockerfile that adds what is missing');
    expect(copied).toHaveBeenCalledWith(FITNESS.dockerfile);
  });

  it('says when an image is gone', async () => {
    await show('r/gone:1');
    expect(screen.getByText(/no image r\/gone:1 any more/)).toBeTruthy();
  });
});
