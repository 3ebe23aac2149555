import { waitFor } from '@testing-library/react';
import { Notification } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { JobActions } from '../jobs/actions';
import type { IJob } from '../views';
import { hubContext } from './hub';
import { jobLists } from './jobBench';
import { RequestTable } from './requestTable';
import { job } from './views';

describe('JobActions', () => {
  let table: RequestTable;
  let hub: IHubContext;
  let actions: JobActions;
  let lease: IDisposable;

  async function begin(
    jobs: IJob[],
    answers: RequestTable['answers'] = {}
  ): Promise<void> {
    table = new RequestTable({ ...jobLists(...jobs), ...answers });
    hub = hubContext(table);
    actions = new JobActions(hub);
    lease = hub.store.watch();
    await hub.store.refresh();
    await new Promise(resolve => requestAnimationFrame(resolve));
    table.asked.length = 0;
  }

  /** Presses a button of the dialog that opens next, and gives the dialog's text. */
  async function answer(label: string, tick = false): Promise<string> {
    for (;;) {
      await new Promise(resolve => requestAnimationFrame(resolve));
      const dialog = document.querySelector('.jp-Dialog');
      const button = Array.from(dialog?.querySelectorAll('button') ?? []).find(
        ({ textContent }) => textContent === label
      );
      const text = dialog?.textContent ?? '';
      if (button && text.includes('?')) {
        if (tick) {
          dialog!.querySelector<HTMLInputElement>('[type=checkbox]')!.click();
        }
        button.click();
        return text;
      }
    }
  }

  const told = (): string[] =>
    Notification.manager.notifications.map(({ message }) => message);
  const changes = (): string[] =>
    table.asked.filter(request => !request.startsWith('GET'));

  afterEach(() => {
    lease.dispose();
    Notification.dismiss();
  });

  it('stops what goes on, and says what becomes of logs and attempts', async () => {
    const stopped = job('b', { phase: 'Stopped' });
    await begin(
      [
        job('a', { phase: 'Succeeded' }),
        job('b', { attempts: 3 }),
        job('c', { phase: 'Failed', restart: 'off' })
      ],
      { 'PATCH jobs/b': { body: stopped } }
    );
    const [text] = await Promise.all([
      answer('Stop'),
      actions.stop(['a', 'b', 'c'])
    ]);
    expect(text).toContain('Stop job b?');
    expect(text).toContain('Their logs are saved in the run record first');
    expect(text).toContain('No further attempt follows.');
    expect(changes()).toEqual(['PATCH jobs/b']);
    expect(table.bodies).toEqual([{ state: 'stopped' }]);
    expect(told()).toEqual(['Job b has stopped.']);
  });

  const WITH_VOLUME = job('a', {
    phase: 'Succeeded',
    volumes: [{ role: 'model', path: '/model', claim: 'job-a-model', size: 1 }]
  });

  it.each([
    [false, 'DELETE jobs/a'],
    [true, 'DELETE jobs/a?volumes=true']
  ])('deletes volumes only when that is ticked: %s', async (tick, request) => {
    await begin([WITH_VOLUME], { 'DELETE jobs/a': { status: 204, body: '' } });
    const [text, gone] = await Promise.all([
      answer('Delete', tick),
      actions.delete(['a'])
    ]);
    expect(text).toContain('job-a-model');
    expect(gone).toEqual(['a']);
    expect(changes()).toEqual([request]);
  });

  it('goes on after a failure, and says how many failed and why', async () => {
    const names = ['a', 'b', 'c'];
    await begin(
      names.map(name => job(name, { phase: 'Failed' })),
      {
        'DELETE jobs/a': { status: 204, body: '' },
        'DELETE jobs/b': {
          status: 403,
          body: { message: 'you may not delete it', reason: 'Forbidden' }
        },
        'DELETE jobs/c': { status: 204, body: '' }
      }
    );
    const [, gone] = await Promise.all([
      answer('Delete'),
      actions.delete(names)
    ]);
    expect(gone).toEqual(['a', 'c']);
    expect(told()).toEqual(['1 of 3 jobs could not be deleted.']);
    const [{ options }] = Notification.manager.notifications;
    options.actions![0].callback(new MouseEvent('click'));
    await waitFor(() => {
      expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
        'b: You may not delete it.'
      );
    });
    document.querySelector<HTMLElement>('.jp-Dialog button')!.click();
  });

  it('pins a job without a word, and says why it could not', async () => {
    await begin([job('a'), job('b')], {
      'PATCH jobs/a': { body: job('a', { pinned: true }) }
    });
    await actions.pin(['a'], true);
    expect(told()).toEqual([]);
    await actions.pin(['b'], false);
    expect(table.bodies).toEqual([{ pinned: true }, { pinned: false }]);
    expect(told()).toEqual(['Job b could not be changed.']);
  });

  it('submits a job again and opens the new one', async () => {
    await begin([job('a', { phase: 'Failed' })], {
      'POST jobs/a/resubmit': { body: job('a-2', { phase: 'Succeeded' }) }
    });
    const opened: unknown[] = [];
    hub.commands.addCommand(CommandIDs.openJob, {
      describedBy: { args: { type: 'object' } },
      execute: args => void opened.push(args)
    });
    await actions.resubmit(['a']);
    expect(opened).toEqual([{ name: 'a-2' }]);
  });
});
