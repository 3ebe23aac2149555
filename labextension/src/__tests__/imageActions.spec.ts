import { Notification } from '@jupyterlab/apputils';
import { ImageActions } from '../images/actions';
import { Rate } from '../images/rate';
import { ImageBench } from './imageBench';
import { catalogue, image, PROPOSED, SAVED, transfer } from './imageViews';
import { settle } from './instanceBench';
import type { IAnswer } from './requestTable';

const NAME = image().name;

describe('ImageActions', () => {
  let bench: ImageBench;
  let actions: ImageActions;

  function begin(answers: Record<string, IAnswer | (() => IAnswer)> = {}) {
    bench = new ImageBench(answers);
    actions = new ImageActions(bench.hub);
  }

  /** Types into the dialog that is open or opens next, presses a button, and gives its text. */
  async function answer(
    label: string,
    typed: Record<string, string> = {}
  ): Promise<string> {
    for (;;) {
      await settle();
      const dialog = document.querySelector('.jp-Dialog');
      const button = Array.from(dialog?.querySelectorAll('button') ?? []).find(
        ({ textContent }) => textContent === label
      );
      if (dialog && button) {
        for (const [field, text] of Object.entries(typed)) {
          const input = dialog.querySelector<HTMLInputElement>(
            `[data-trainhub-field="${field}"]`
          )!;
          const { set } = Object.getOwnPropertyDescriptor(
            HTMLInputElement.prototype,
            'value'
          )!;
          await settle(() => {
            set!.call(input, text);
            input.dispatchEvent(new Event('input', { bubbles: true }));
          });
        }
        const text = dialog.textContent ?? '';
        await settle(() => button.click());
        return text;
      }
    }
  }

  const told = (): string[] =>
    Notification.manager.notifications.map(({ message }) => message);

  /** Presses a button of the last notification. */
  const follow = (label: string): void => {
    const [{ options }] = Notification.manager.notifications;
    options
      .actions!.find(action => action.label === label)!
      .callback(new MouseEvent('click'));
  };

  afterEach(() => {
    Notification.dismiss();
  });

  it('tells of a transfer that it has begun, by one notification', async () => {
    begin({ 'GET transfers': { body: { items: [transfer()] } } });
    const { store } = bench.hub;
    await settle(() => actions.begin(transfer()));
    await settle(() =>
      store.put(
        transfer({ progress: { ...transfer().progress, bytes: 1.5 * 2 ** 30 } })
      )
    );
    expect(told()).toEqual(['Save desk as desk:20260101-120000']);
    const [{ options }] = Notification.manager.notifications;
    expect(options.progress).toBe(0.75);
    follow('Cancel');
    await settle(() => store.put(transfer(SAVED)));
    expect(told()).toEqual(['Done: Save desk as desk:20260101-120000.']);
    follow('Start an instance…');
    expect(bench.executed).toEqual([
      'cancel-transfer {"id":"snapshot-desk"}',
      `start-with-image {"image":"${PROPOSED}"}`
    ]);
  });

  it('says nothing of transfers of others, and of those that were cancelled', async () => {
    begin();
    const { store } = bench.hub;
    await settle(() => store.put(transfer({ id: 'other' })));
    await settle(() => actions.begin(transfer()));
    await settle(() => store.put(transfer({ phase: 'Cancelled' })));
    expect(told()).toEqual([]);
  });

  it('tells why a transfer has failed and tries it again', async () => {
    const failed = transfer({
      phase: 'Failed',
      message: 'the registry went away',
      remedy: 'Start it.',
      resumable: true
    });
    begin({
      'GET transfers': { body: { items: [transfer()] } },
      'PATCH transfers/snapshot-desk': { body: transfer() }
    });
    await settle(() => actions.begin(transfer()));
    await settle(() => bench.hub.store.put(failed));
    expect(told()).toEqual([
      'This has failed: Save desk as desk:20260101-120000. The registry went away. Start it.'
    ]);
    await settle(() => actions.retry('snapshot-desk'));
    expect(bench.table.bodies).toEqual([{ state: 'running' }]);
    expect(told()[0]).toBe('Save desk as desk:20260101-120000');
  });

  it('deletes an image that is used only when told so twice', async () => {
    const refuse = (message: string, reason: string): IAnswer => ({
      status: 409,
      body: { message, reason }
    });
    begin({ 'DELETE images': refuse('it is used by job train', 'ImageInUse') });
    const deleted = actions.delete(NAME);
    expect(await answer('Delete')).toContain('This cannot be undone.');
    bench.table.answers['DELETE images'] = refuse('it is read only', 'Refused');
    expect(await answer('Delete')).toContain(
      'It is used by job train. What uses it will not start again.'
    );
    await deleted;
    expect(bench.table.asked.pop()).toMatch(/force=true/);
    expect(told()).toEqual(['Image desk:1 could not be deleted.']);
  });

  it('asks again, with what was typed, until the server agrees', async () => {
    begin({
      'POST images/tag': {
        status: 409,
        body: {
          message: 'the name is taken',
          reason: 'ImageExists',
          details: { field: 'new_name', remedy: 'Take another.' }
        }
      }
    });
    const tagged = actions.tag(NAME);
    await answer('Add name', { new_name: 'r/x:2' });
    await settle();
    expect(document.querySelector('.jp-Dialog')?.textContent).toContain(
      'The name is taken. Take another.'
    );
    bench.table.answers['POST images/tag'] = { body: image() };
    await answer('Add name');
    await tagged;
    expect(bench.table.bodies).toEqual([
      { name: NAME, new_name: 'r/x:2', overwrite: false },
      { name: NAME, new_name: 'r/x:2', overwrite: false }
    ]);
  });

  it('loads an archive that was picked, and asks which of its images', async () => {
    begin({
      'POST images/load': {
        status: 422,
        body: {
          message: 'the archive has several images',
          reason: 'InvalidField',
          details: { field: 'entry', entries: ['a:1', 'b:1'] }
        }
      }
    });
    const loaded = actions.load(null, async () => 'images/x.tar');
    await answer('Browse…');
    await answer('Load');
    await settle();
    const options = document.querySelectorAll('.jp-Dialog option');
    expect(Array.from(options, ({ textContent }) => textContent)).toEqual([
      '',
      'a:1',
      'b:1'
    ]);
    await answer('Cancel');
    await loaded;
    expect(bench.table.bodies).toEqual([
      { path: 'images/x.tar', image: null, entry: null, overwrite: false }
    ]);
    expect(told()).toEqual([]);
  });

  it('copies with what was typed, and follows the copy', async () => {
    const copy = transfer({
      id: 'c',
      type: 'copy',
      source: 'python:3.12',
      instance: null
    });
    begin({ 'POST images/copy': { status: 202, body: copy } });
    bench.hub.images.watch();
    await settle(() => bench.hub.store.watch());
    await settle();
    const copied = actions.copy();
    await answer('Copy', { source: ' python:3.12 ' });
    await copied;
    expect(bench.table.bodies).toEqual([
      {
        source: 'python:3.12',
        image: `${catalogue().registry!.name}/`,
        platforms: 'all',
        source_secret: null,
        secret: null,
        overwrite: false,
        where: 'auto'
      }
    ]);
    expect(told()).toEqual(['Copy python:3.12']);
  });

  it('exports to a file beside what the file browser shows', async () => {
    begin({
      'POST images/export': {
        status: 202,
        body: transfer({ type: 'export', phase: 'Succeeded' })
      }
    });
    const exported = actions.export(NAME, 'work');
    await answer('Export');
    await exported;
    expect(bench.table.bodies).toEqual([
      {
        image: NAME,
        path: 'work/desk-1.tar',
        format: 'docker',
        overwrite: false
      }
    ]);
  });
});

describe('Rate', () => {
  it('is that of the last seconds, and begins anew when less is there', () => {
    const rate = new Rate();
    expect(rate.perSecond).toBeNull();
    rate.add(0, 0);
    expect(rate.perSecond).toBeNull();
    rate.add(2_000, 100);
    expect(rate.perSecond).toBe(50);
    rate.add(10_000, 100);
    rate.add(20_000, 1100);
    expect(rate.perSecond).toBe(100);
    rate.add(21_000, 5);
    expect(rate.perSecond).toBeNull();
  });
});
