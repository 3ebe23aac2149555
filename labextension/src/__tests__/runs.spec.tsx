import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import React from 'react';
import { JobRunTab } from '../runs/tab';
import type { IRun, IRunComparison } from '../runs/views';
import { RunsContent } from '../runs/widget';
import { hubContext, renderInHub } from './hub';
import { RequestTable, type IAnswer } from './requestTable';
import { job as aJob } from './views';

function aRun(fields: Partial<IRun> = {}): IRun {
  return {
    kind: 'run',
    run: 'train-11111111',
    job: 'train',
    from_run: null,
    owner: 'ada',
    user: 'ada@lab',
    phase: 'Succeeded',
    reason: '',
    message: '',
    created: '2030-01-02T00:00:00Z',
    started: null,
    finished: null,
    attempt: 1,
    spec: {},
    image_digest: 'sha256:abc',
    git: { commit: 'c0ffee', branch: 'main', dirty: true, remote: null },
    remark: '',
    pinned: false,
    size: 2048,
    complete: true,
    missing: [],
    problem: null,
    metrics_summary: {},
    volumes: [],
    error: null,
    progress: null,
    ...fields
  };
}

const FIRST = aRun();
const SECOND = aRun({ run: 'train-22222222', created: '2030-01-01T00:00:00Z' });
const THIRD = aRun({ run: 'other-33333333', pinned: true, created: null });

const COMPARISON: IRunComparison = {
  a: FIRST,
  b: SECOND,
  spec: [
    { field: 'parameters.lr', a: 1, b: 2, differs: true },
    { field: 'nodes', a: 1, b: 1, differs: false }
  ],
  environment: [],
  packages: [{ name: 'torch', a: '2.1', b: null }],
  code: [
    {
      file: 'train.ipynb',
      cell: 2,
      change: 'changed',
      diff: '--- a\n+++ a\n@@ -1 +1 @@\n-lr = 1\n+lr = 2'
    }
  ],
  changes: '',
  metrics: [
    {
      metric: 'memory',
      unit: 'bytes',
      a: { unit: 'bytes', mean: 1024, max: 2048 },
      b: null
    }
  ]
};

function table(answers: Record<string, IAnswer> = {}): RequestTable {
  return new RequestTable({
    'GET runs': { body: { items: [FIRST, SECOND, THIRD] } },
    'GET runs/train-11111111': { body: FIRST },
    'GET runs/train-11111111/files': {
      body: {
        items: ['code/cells.json', 'code/run_notebook.py', 'run.json'].map(
          path => ({ path, size: 10, modified: 0 })
        )
      }
    },
    'GET runs/compare': { body: COMPARISON },
    ...answers
  });
}

function names(): (string | null)[] {
  return screen
    .getAllByRole('rowheader')
    .map(header => within(header).getByRole('button').textContent);
}

describe('the page of runs', () => {
  it('lists pinned runs first, then the newest', async () => {
    renderInHub(<RunsContent />, hubContext(table()));
    await screen.findByText('train-11111111');
    expect(names()).toEqual([
      'other-33333333',
      'train-11111111',
      'train-22222222'
    ]);
  });

  it('asks the server for what is searched', async () => {
    const requests = table();
    renderInHub(<RunsContent />, hubContext(requests));
    await screen.findByText('train-11111111');
    const box = screen.getByRole('searchbox', { name: 'Search runs' });
    fireEvent.change(box, { target: { value: 'adam lr' } });
    fireEvent.click(screen.getByRole('button', { name: 'Search' }));
    await waitFor(() =>
      expect(requests.asked).toContain('GET runs?search=adam%20lr')
    );
  });

  it('compares two runs', async () => {
    renderInHub(<RunsContent />, hubContext(table()));
    await screen.findByText('train-11111111');
    const compare = screen.getByRole('button', { name: 'Compare' });
    expect(compare).toHaveProperty('disabled', true);
    for (const run of ['train-11111111', 'train-22222222']) {
      fireEvent.click(
        screen.getByRole('checkbox', { name: `Compare run ${run}` })
      );
    }
    fireEvent.click(compare);
    expect(await screen.findByText('parameters.lr')).toBeTruthy();
    expect(screen.queryByText('Nodes')).toBeNull();
    fireEvent.click(screen.getByLabelText('Show fields that are the same too'));
    expect(screen.getByText('Nodes')).toBeTruthy();
    expect(screen.getByText('1 KiB (2 KiB)')).toBeTruthy();
    const diff = screen.getByLabelText('train.ipynb, cell 3');
    expect(diff.textContent).toContain('+lr = 2');
    fireEvent.click(screen.getByRole('button', { name: 'Back to all runs' }));
    await screen.findByText('other-33333333');
  });

  it('pins a run and submits it again', async () => {
    const requests = table({
      'PATCH runs/train-11111111': { body: { ...FIRST, pinned: true } },
      'POST runs/train-11111111/submit': { body: { name: 'train-1' } }
    });
    renderInHub(<RunsContent />, hubContext(requests));
    fireEvent.click(await screen.findByText('train-11111111'));
    fireEvent.click(await screen.findByRole('button', { name: 'Pin' }));
    await waitFor(() => expect(requests.bodies).toEqual([{ pinned: true }]));
    fireEvent.click(
      await screen.findByRole('button', { name: 'Submit again' })
    );
    await waitFor(() => expect(requests.bodies).toContainEqual({}));
  });

  it('says why nothing can be listed', async () => {
    const requests = table({
      'GET runs': { status: 503, body: { message: 'no cluster', reason: '' } }
    });
    renderInHub(<RunsContent />, hubContext(requests));
    expect(await screen.findByText('No cluster.')).toBeTruthy();
  });
});

describe('the record on the page of a job', () => {
  const job = aJob('train', { run: 'train-11111111' });

  it('tells what is missing, and of what was not committed', async () => {
    const missing = [{ what: 'the log of rank 1', why: 'Its node is gone.' }];
    const run = { ...FIRST, complete: false, missing };
    const requests = table({
      'GET runs/train-11111111': { body: run },
      'GET runs/train-11111111/file': { body: '+lr = 2' }
    });
    renderInHub(<JobRunTab job={job} />, hubContext(requests));
    expect(
      await screen.findByText('the log of rank 1: Its node is gone.')
    ).toBeTruthy();
    expect(screen.getByText('c0ffee on main, with changes since')).toBeTruthy();
  });

  it('shows the code by cells', async () => {
    const cells = [{ index: 0, id: 'a', source: 'lr = 1' }];
    const requests = table({
      'GET runs/train-11111111/file': {
        body: { notebook: 'train.ipynb', cells }
      }
    });
    renderInHub(<JobRunTab job={job} />, hubContext(requests));
    fireEvent.click(await screen.findByRole('tab', { name: 'Code' }));
    expect(await screen.findByLabelText('Cell 1')).toHaveProperty(
      'textContent',
      'lr = 1'
    );
    expect(screen.queryByText('run_notebook.py')).toBeNull();
  });

  it('searches packages', async () => {
    const environment = {
      python: '3.11',
      packages: { torch: '2.1', numpy: '2.0' },
      variables: { HOME: '/root' }
    };
    const requests = table({
      'GET runs/train-11111111/file': { body: environment }
    });
    renderInHub(<JobRunTab job={job} />, hubContext(requests));
    fireEvent.click(await screen.findByRole('tab', { name: 'Environment' }));
    expect(await screen.findByText('Packages (2)')).toBeTruthy();
    fireEvent.change(screen.getByRole('searchbox'), {
      target: { value: 'TORCH' }
    });
    expect(screen.getByText('Packages (1)')).toBeTruthy();
    expect(screen.queryByText('numpy')).toBeNull();
  });
});
