import { act, fireEvent, screen, within } from '@testing-library/react';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { HistoryTable } from '../jobs/overview/history';
import { specText } from '../jobs/overview/specTable';
import { factsOf } from '../jobs/page/header';
import { JobPage } from '../jobs/page/widget';
import type { JobTabName } from '../jobs/views';
import type { IJob } from '../views';
import { hubContext, renderInHub } from './hub';
import { settle } from './instanceBench';
import { jobHub, jobLists } from './jobBench';
import { RequestTable, trans } from './requestTable';
import { job, jobPod } from './views';

describe('JobPage', () => {
  let hub: IHubContext;
  let executed: [string, unknown][];
  let page: JobPage;

  async function open(
    changes: Partial<IJob>,
    tab: JobTabName = 'overview'
  ): Promise<void> {
    ({ hub, executed } = jobHub(job('train', changes)));
    page = new JobPage(hub, 'train', tab);
    Widget.attach(page, document.body);
    await settle();
  }

  afterEach(() => act(() => page.dispose()));

  const header = (): HTMLElement => screen.getByRole('banner');
  const press = async (name: string): Promise<void> =>
    settle(() =>
      fireEvent.click(within(header()).getByRole('button', { name }))
    );
  const chosen = (): string | null =>
    screen.getByRole('tab', { selected: true }).textContent;

  it('says how the job stands, why, and what Kubernetes says', async () => {
    await open({
      phase: 'Pending',
      message: 'it needs 1000 CPUs',
      remedy: 'Ask for at most 4.',
      details: '0/1 nodes are available',
      category: 'debug',
      project: 'vision',
      priority: 7,
      pinned: true,
      attempt: 2,
      attempts: 4
    });
    const { textContent } = header();
    for (const text of [
      'It needs 1000 CPUs. Ask for at most 4.',
      '0/1 nodes are available',
      'Debugging',
      'vision',
      'Priority 7',
      'Attempt 2 of 4',
      'Pinned'
    ]) {
      expect(textContent).toContain(text);
    }
    expect(page.title.caption).toBe('train: Pending');
  });

  it('offers what can be done to a job that runs', async () => {
    await open({ ssh: true });
    for (const name of ['Stop', 'Clone…', 'SSH', 'Pin', 'Delete']) {
      await press(name);
    }
    expect(executed).toEqual([
      [CommandIDs.stopJob, { name: 'train' }],
      [CommandIDs.cloneJob, { name: 'train' }],
      [CommandIDs.showJobSsh, { name: 'train' }],
      [CommandIDs.pinJob, { name: 'train', pinned: true }],
      [CommandIDs.deleteJob, { name: 'train' }]
    ]);
  });

  it('offers to submit again what is over, and to stop what waits for an attempt', async () => {
    await open({ phase: 'Failed', attempts: 2, restart: 'waiting' });
    expect(header().textContent).toContain('attempt 2 of 2');
    expect(within(header()).getByText('Stop')).toBeTruthy();
    await settle(() =>
      hub.store.put(job('train', { phase: 'Failed', restart: 'off' }))
    );
    await press('Submit again');
    expect(executed).toEqual([[CommandIDs.resubmitJob, { name: 'train' }]]);
  });

  it('leads from a pod to its events, and remembers the tab', async () => {
    await open({ pods: [jobPod(0), jobPod(1)] }, 'pods');
    const changes: JobTabName[] = [];
    page.tabChanged.connect(({ tab }) => changes.push(tab));
    await settle(() =>
      fireEvent.click(screen.getByRole('button', { name: 'Events of rank 1' }))
    );
    expect(chosen()).toBe('Events');
    expect(screen.getByRole('combobox', { name: 'About' })).toHaveProperty(
      'value',
      'job-train-1-abcde'
    );
    expect(changes).toEqual(['events']);
  });

  it('says that a job is gone', async () => {
    await open({});
    await settle(() => hub.store.remove('job', 'train'));
    expect(
      screen.getByText('There is no job of this name any more.')
    ).toBeTruthy();
  });
});

describe('the events of a pod', () => {
  it('are those of the job that are about it', async () => {
    const event = (reason: string, object: string) => ({
      time: '2026-01-01T00:00:00Z',
      type: 'Normal',
      reason,
      message: '',
      object
    });
    const table = new RequestTable({
      ...jobLists(job('train', { pods: [jobPod(0), jobPod(1)] })),
      'GET jobs/train/events': {
        body: {
          items: [
            event('Created', 'Job/job-train'),
            event('Pulled', 'Pod/job-train-1-abcde')
          ]
        }
      }
    });
    const page = new JobPage(hubContext(table), 'train', 'events');
    Widget.attach(page, document.body);
    await settle();
    const rows = (): number =>
      within(screen.getByRole('tabpanel')).getAllByRole('row').length - 1;
    expect(rows()).toBe(2);
    await settle(() => page.select('events', 1));
    expect(rows()).toBe(1);
    expect(screen.getByText('Pulled')).toBeTruthy();
    act(() => page.dispose());
  });
});

describe('factsOf', () => {
  it('counts down the time limit while the job runs', () => {
    const running = job('x', { time_limit: 3600, estimated_time: 60 });
    const now = Date.parse('2026-01-01T00:10:05Z');
    const facts = Object.fromEntries(factsOf(running, now, trans));
    expect(facts['Time left']).toBe('50 min 0 s of 1 h');
    expect(facts['Estimated']).toBe('1 min');
    const ended = { ...running, finished: '2026-01-01T00:01:05Z' };
    const last = Object.fromEntries(factsOf(ended, now, trans));
    expect(last['Time left']).toBeUndefined();
    expect(last['Ran for']).toBe('1 min 0 s');
  });

  it('names the operator that runs it', () => {
    const facts = factsOf(job('x', { backend: 'pytorchjob' }), 0, trans);
    expect(facts[0]).toEqual(['Framework', 'pytorch by pytorchjob']);
  });
});

describe('specText', () => {
  it.each([
    [
      'env',
      { TOKEN: 'x', HF_TOKEN: 'y', SEED: '1' },
      'TOKEN=••••••\nHF_TOKEN=••••••\nSEED=1'
    ],
    ['command', ['python', 'a b.py'], "python 'a b.py'"],
    ['parameters', { rate: 0.1, name: 'a' }, 'rate = 0.1\nname = "a"'],
    ['time_limit', 5403, '1 h 30 min 3 s'],
    ['category', 'special', 'Special'],
    ['ssh', false, 'no'],
    ['priority', null, ''],
    [
      'model_volume',
      { path: '/model', size: '10Gi' },
      '/model, 10 GiB, claim job-x-model'
    ]
  ])('of %s', (field, value, expected) => {
    const volumes: IJob['volumes'] = [
      {
        role: 'model',
        path: '/model',
        claim: 'job-x-model',
        size: 10 * 2 ** 30
      }
    ];
    expect(specText(field, value, { volumes }, trans)).toBe(expected);
  });
});

describe('HistoryTable', () => {
  it('has the newest transition first, with its attempt', () => {
    const at = '2026-01-01T00:00:00Z';
    const entry = { at, reason: null, attempt: 1 };
    renderInHub(
      <HistoryTable
        job={job('x', {
          attempts: 2,
          history: [
            { ...entry, phase: 'Running', message: null },
            { ...entry, phase: 'Failed', message: 'rank 1 was killed' }
          ]
        })}
      />
    );
    const [, first] = screen.getAllByRole('row');
    expect(first.textContent).toContain('Rank 1 was killed.');
  });
});
