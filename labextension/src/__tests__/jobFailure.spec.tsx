import { PageConfig } from '@jupyterlab/coreutils';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { CommandIDs } from '../commands';
import type { IFailure } from '../jobs/failure/views';
import { JobFailure } from '../jobs/overview/error';
import { JobPage } from '../jobs/page/widget';
import type { IJob } from '../views';
import { failure, rankFailure, SOURCES } from './failureViews';
import { hubContext, renderInHub } from './hub';
import { press, settle } from './instanceBench';
import { jobLists } from './jobBench';
import { RequestTable } from './requestTable';
import { job } from './views';

const FAILED = job('train', { phase: 'Failed' });

describe('JobFailure', () => {
  let executed: [string, unknown][];
  let table: RequestTable;

  async function show(
    answer: Partial<IFailure>,
    failed: IJob = FAILED
  ): Promise<string> {
    table = new RequestTable({
      'GET jobs/train/failure': () => ({ body: failure(answer) })
    });
    const hub = hubContext(table);
    executed = [];
    for (const id of [
      CommandIDs.openJob,
      CommandIDs.showCell,
      'docmanager:open',
      'fileeditor:go-to-line'
    ]) {
      hub.commands.addCommand(id, {
        describedBy: { args: { type: 'object' } },
        execute: args => void executed.push([id, args])
      });
    }
    const { container } = renderInHub(<JobFailure job={failed} />, hub);
    await settle();
    return container.textContent ?? '';
  }

  it('tells what would do, then where it failed and with what', async () => {
    const text = await show({ others: [rankFailure(6)] });
    const parts = [
      'A divisor is zero. Divide by something else.',
      'Rank 5 on node gpu-2 failed first, in cell 1, line 2.',
      'ZeroDivisionError: division by zero',
      '    return total / 0',
      'cell 3, line 2',
      'Traceback:\n  return total / 0',
      'step 1',
      '1 other rank stopped because of it',
      'Rank 0 on node gpu-1, cell 3, line 2: RuntimeError',
      '1 other rank failed on its own',
      'Rank 6 on node gpu-2 failed in cell 1, line 2.'
    ];
    const places = parts.map(part => text.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('leads to the cell and to the place in the log', async () => {
    await show({});
    await press('Show in notebook');
    await press('Log');
    expect(executed).toEqual([
      [
        CommandIDs.showCell,
        {
          path: 'train.ipynb',
          cell: 0,
          cell_id: 'define',
          cell_source: SOURCES.define,
          lineno: 2,
          line: '    return total / 0'
        }
      ],
      [
        CommandIDs.openJob,
        {
          name: 'train',
          tab: 'log',
          rank: 1,
          attempt: 1,
          find: 'ZeroDivisionError: division by zero'
        }
      ]
    ]);
  });

  it.each([
    [null, '/home/ada l/src/train.py', 'src/train.py'],
    ['a/train.py', 'lib/model.py', 'a/lib/model.py'],
    ['/home/ada l/b/train.py', 'train.py', 'b/train.py'],
    [null, '/opt/train.py', null]
  ])(
    'opens a file where the server shows it: %s %s',
    async (notebook, file, path) => {
      PageConfig.setOption('rootUri', 'file:///home/ada%20l');
      const frames = [{ ...rankFailure(0).frames[0], cell: null, file }];
      const root = rankFailure(0, { cell: null, cell_source: null, frames });
      expect(await show({ notebook, root })).toContain(`in ${file}, line 2.`);
      expect(screen.queryByText('Show in notebook')).toBeNull();
      if (path === null) {
        expect(screen.queryByText('Open file')).toBeNull();
      } else {
        await press('Open file');
        expect(executed).toEqual([
          ['docmanager:open', { path }],
          ['fileeditor:go-to-line', { line: 2 }]
        ]);
      }
    }
  );

  it('says how a process ended that raised nothing', async () => {
    const silent = { etype: null, message: '', cell: null, frames: [] };
    const root = rankFailure(null, { ...silent, node: null, exit_code: 139 });
    const text = await show({ root, followers: [] });
    expect(text).toContain('job-train-1-abcde failed first.Exit code 139');
  });

  it('says where ranks were that the time limit ended', async () => {
    const ended = { etype: null, message: '', reason: 'TimeLimit' };
    const others = [rankFailure(5, ended), rankFailure(6, ended)];
    const text = await show({ root: null, others, followers: [] });
    expect(text).toContain('Where 2 ranks were');
    expect(text).toContain('Rank 6 on node gpu-2 was ended in cell 1, line 2.');
  });

  it('has each attempt that failed', async () => {
    const earlier = [1, 2].map(attempt => ({
      attempt,
      phase: 'Failed',
      reason: null,
      message: null,
      started: null,
      finished: null,
      pods: []
    }));
    await show({}, { ...FAILED, phase: 'Running', attempt: 3, earlier });
    fireEvent.change(screen.getByRole('combobox', { name: 'Attempt' }), {
      target: { value: '1' }
    });
    await settle();
    expect(table.asked.map(asked => asked.split('attempt=')[1][0])).toEqual([
      '2',
      '1'
    ]);
  });

  it('asks nothing of a job in which nothing failed', async () => {
    expect(await show({}, job('train'))).toBe('');
    expect(table.asked).toEqual([]);
  });
});

test('the log opens where a rank failed', async () => {
  const lines = Array.from({ length: 900 }, (_, step) => `[0] step ${step}\n`);
  const text = `${lines.slice(0, 300).join('')}[1] ValueError: x\n${lines.slice(300).join('')}`;
  const chunks = [new TextEncoder().encode(text)];
  const hub = hubContext({
    ...jobLists(FAILED),
    'GET jobs/train/logs': {
      body: {
        getReader: () => ({
          read: async () => ({ value: chunks[0], done: !chunks.shift() })
        })
      }
    }
  });
  Element.prototype.scrollIntoView = jest.fn();
  const page = new JobPage(hub, 'train', 'overview');
  page.select('log', null, { attempt: 1, find: 'ValueError: x' });
  Widget.attach(page, document.body);
  await settle();
  await waitFor(() => {
    expect(document.querySelector('.jp-mod-current')?.textContent).toContain(
      'ValueError: x'
    );
  });
  act(() => page.dispose());
});
