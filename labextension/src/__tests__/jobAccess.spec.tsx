import { fireEvent, screen, within } from '@testing-library/react';
import React from 'react';
import { JobLogTab } from '../jobs/log/tab';
import { JobPageContext } from '../jobs/page/target';
import { JobShellTab } from '../jobs/shell/tab';
import { JobYamlTab } from '../jobs/yaml/tab';
import type { IJob } from '../views';
import { hubContext, renderInHub } from './hub';
import { pass, settle } from './instanceBench';
import { RequestTable, type IAnswer } from './requestTable';
import { job, jobPod } from './views';

jest.mock('../shell/view', () => ({
  ShellView: (props: { place: string; children?: React.ReactNode }) => (
    <div>
      <code>{props.place}</code>
      {props.children}
    </div>
  )
}));

/** Longer than the time after which lines are shown. */
const QUIET = 250;

const PODS = [jobPod(0), jobPod(1), jobPod(2)];

function stream(text: string): unknown {
  const chunks = [new TextEncoder().encode(text)];
  return {
    getReader: () => ({
      read: async () => {
        const value = chunks.shift();
        return { done: value === undefined, value };
      }
    })
  };
}

function show(
  Tab: (props: { job: IJob }) => JSX.Element,
  answers: Record<string, IAnswer | (() => IAnswer)>,
  changes: Partial<IJob> = {},
  rank: number | null = null
): RequestTable {
  const table = new RequestTable(answers);
  const target = { tab: 'log' as const, rank, turn: rank === null ? 0 : 1 };
  const page = { target, select: () => undefined };
  renderInHub(
    <JobPageContext.Provider value={page}>
      <Tab job={job('train', { nodes: 3, pods: PODS, ...changes })} />
    </JobPageContext.Provider>,
    hubContext(table)
  );
  return table;
}

describe('JobLogTab', () => {
  const time = '2026-11-22T02:00:00.123456789Z';
  const lines = [0, 1, 2, 0, 1].map(
    (rank, index) => `[${rank}] ${time} line ${index} loss\n`
  );
  const log = (): HTMLElement => screen.getByRole('log');
  const choose = (label: string, value: string): boolean =>
    fireEvent.change(screen.getByLabelText(label), { target: { value } });

  async function open(
    changes: Partial<IJob> = {},
    rank: number | null = null
  ): Promise<RequestTable> {
    const table = show(
      JobLogTab,
      { 'GET jobs/train/logs': () => ({ body: stream(lines.join('')) }) },
      { phase: 'Succeeded', ...changes },
      rank
    );
    await pass(QUIET);
    return table;
  }

  beforeEach(() => jest.useFakeTimers());

  afterEach(() => jest.useRealTimers());

  it('shows all ranks, one, or the one that somebody asked for', async () => {
    await open();
    expect(log().textContent).toContain('[1] 2026-11-22T02:00:00.123Z line 1');
    expect(log().querySelectorAll('[data-number]')).toHaveLength(5);
    choose('Show', '2');
    expect(
      screen.getByRole('log', { name: 'Log of rank 2 of job train' })
    ).toBe(log());
    expect(log().querySelectorAll('[data-number]')).toHaveLength(1);
  });

  it('begins with the rank that somebody asked for', async () => {
    await open({}, 1);
    expect(log().getAttribute('aria-label')).toBe('Log of rank 1 of job train');
  });

  it('shows ranks side by side out of one stream', async () => {
    const table = await open();
    choose('Show', 'beside');
    const counts = (): number[] =>
      screen
        .getAllByRole('log')
        .map(pane => pane.querySelectorAll('[data-number]').length);
    expect(counts()).toEqual([2, 2, 1]);
    fireEvent.click(screen.getByRole('button', { name: 'Close rank 0' }));
    expect(counts()).toEqual([2, 1]);
    fireEvent.change(screen.getAllByLabelText('Rank')[0], {
      target: { value: '2' }
    });
    expect(counts()).toEqual([1, 1]);
    fireEvent.click(screen.getByRole('button', { name: 'Add rank 0' }));
    expect(counts()).toEqual([1, 1, 2]);
    expect(table.asked).toHaveLength(1);
  });

  it('searches, and stops to follow when it goes to a line', async () => {
    Element.prototype.scrollIntoView = jest.fn();
    await open();
    fireEvent.change(screen.getByLabelText('Search the log'), {
      target: { value: 'LINE 1' }
    });
    const follow = screen.getByLabelText('Follow') as HTMLInputElement;
    expect([screen.getByText('1 line'), follow.checked]).toHaveLength(2);
    fireEvent.click(screen.getByRole('button', { name: 'Next' }));
    expect(screen.getByText('Match 1 of 1')).toBeDefined();
    expect(follow.checked).toBe(false);
    expect(log().querySelector('.jp-mod-current')?.textContent).toContain(
      'line 1'
    );
  });

  it('reads another attempt and an earlier container, and downloads', async () => {
    const table = await open({
      attempt: 2,
      attempts: 3,
      earlier: [
        {
          attempt: 1,
          phase: 'Failed',
          reason: null,
          message: null,
          started: null,
          finished: null,
          pods: [jobPod(0, { previous: true })]
        }
      ]
    });
    choose('Attempt', '1');
    fireEvent.click(screen.getByLabelText('Previous container'));
    await pass(QUIET);
    expect(table.asked[table.asked.length - 1]).toContain(
      'logs?attempt=1&previous=true&timestamps=true&follow=false'
    );
    choose('Show', '0');
    expect(
      screen.getByRole('link', { name: 'Download log' }).getAttribute('href')
    ).toContain('attempt=1&previous=true&rank=0&download=true');
  });
});

describe('JobShellTab', () => {
  it('opens a shell in the pod that is chosen', () => {
    show(
      JobShellTab,
      {},
      { pods: [jobPod(0, { phase: 'Failed' }), jobPod(1), jobPod(2)] }
    );
    expect(screen.getByText('jobs/train/1')).toBeDefined();
    const ranks = within(screen.getByLabelText('Rank')).getAllByRole('option');
    expect(ranks.map(({ textContent }) => textContent)).toEqual(['1', '2']);
    fireEvent.change(screen.getByLabelText('Rank'), { target: { value: '2' } });
    expect(screen.getByText('jobs/train/2')).toBeDefined();
  });

  it('says that no pod runs', () => {
    show(JobShellTab, {}, { pods: [jobPod(0, { phase: 'Succeeded' })] });
    expect(screen.getByText('No pod runs')).toBeDefined();
  });
});

describe('JobYamlTab', () => {
  it('shows objects as applied and as they are, and says what is wrong', async () => {
    const answers = [
      { body: 'kind: Job\n' },
      { body: 'kind: Pod\n' },
      { status: 404, body: { message: 'it is gone', reason: 'NotFound' } }
    ];
    const table = show(JobYamlTab, {
      'GET jobs/train/yaml': () => answers.shift()!
    });
    await settle();
    expect(screen.getByText('kind: Job')).toBeDefined();
    fireEvent.change(screen.getByLabelText('Show'), {
      target: { value: 'live' }
    });
    await settle();
    expect(screen.getByText('kind: Pod')).toBeDefined();
    expect(table.asked).toEqual([
      'GET jobs/train/yaml?as=applied',
      'GET jobs/train/yaml?as=live'
    ]);
    expect(
      screen.getByRole('link', { name: 'Download' }).getAttribute('href')
    ).toBe(
      'http://localhost/user/a%40b/trainhub/api/jobs/train/yaml?as=live&download=true'
    );
    fireEvent.click(screen.getByRole('button', { name: 'Refresh' }));
    await settle();
    expect(screen.getByRole('status').textContent).toBe('It is gone.');
  });
});
