import { Notification } from '@jupyterlab/apputils';
import { CommandArguments, CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { InstanceActions } from '../instances/actions';
import type { IInstance } from '../views';
import { hubContext } from './hub';
import { RequestTable } from './requestTable';
import { instance } from './views';

describe('InstanceActions', () => {
  let table: RequestTable;
  let hub: IHubContext;
  let actions: InstanceActions;

  async function begin(
    changes: Partial<IInstance>,
    answers: RequestTable['answers'] = {}
  ): Promise<void> {
    table = new RequestTable(answers);
    hub = hubContext(table);
    actions = new InstanceActions(hub);
    await put(changes);
  }

  async function put(changes: Partial<IInstance>): Promise<void> {
    const changed = new Promise<void>(resolve =>
      hub.store.changed.connect(() => resolve())
    );
    hub.store.put(instance('x', changes));
    await changed;
  }

  /** Presses a button of the dialog that opens next, and gives the dialog's text. */
  async function answer(label: string): Promise<string> {
    for (;;) {
      await new Promise(resolve => requestAnimationFrame(resolve));
      const dialog = document.querySelector('.jp-Dialog');
      const button = Array.from(dialog?.querySelectorAll('button') ?? []).find(
        ({ textContent }) => textContent === label
      );
      // The title is rendered last.
      const text = dialog?.textContent ?? '';
      if (button && text.includes('?')) {
        button.click();
        return text;
      }
    }
  }

  const told = (): string[] =>
    Notification.manager.notifications.map(({ message }) => message);

  afterEach(() => {
    Notification.dismiss();
  });

  it('leaves everything as it is when the user thinks better of it', async () => {
    await begin({});
    const [text] = await Promise.all([answer('Cancel'), actions.stop('x')]);
    expect(text).toContain('Stop instance x?');
    expect(table.asked).toEqual([]);
  });

  it('offers to save as an image before files are lost', async () => {
    await begin({});
    const saved: unknown[] = [];
    hub.commands.addCommand(CommandIDs.saveInstance, {
      describedBy: { args: CommandArguments.saveInstance },
      execute: args => void saved.push(args)
    });
    await Promise.all([answer('Save as image first…'), actions.delete('x')]);
    expect(saved).toEqual([{ name: 'x' }]);
    expect(table.asked).toEqual([]);
  });

  it('cancels what never ran without a question', async () => {
    const stopped = instance('x', { phase: 'Stopped' });
    await begin(
      { phase: 'Pending' },
      { 'PATCH instances/x': { body: stopped } }
    );
    await actions.stop('x');
    expect(table.bodies).toEqual([{ state: 'stopped' }]);
  });

  it('keeps the row and offers to tell why when deleting fails', async () => {
    await begin(
      { phase: 'Stopped' },
      {
        'DELETE instances/x': {
          status: 503,
          body: { message: 'the cluster is away', reason: 'ClusterUnavailable' }
        }
      }
    );
    await Promise.all([answer('Delete'), actions.delete('x')]);
    expect(hub.store.get('instance', 'x')).toBeTruthy();
    expect(told()).toEqual(['Instance x could not be deleted.']);
  });

  it('does not take the pod that ends for the one that was restarted', async () => {
    const before = instance('x');
    await begin({}, { 'PATCH instances/x': { body: before } });
    const pressed = answer('Restart');
    const restarted = actions.restart('x');
    await pressed;
    await put({ message: 'still the old pod' });
    expect(told()).toEqual(['Instance x is restarting…']);
    await put({ phase: 'Starting', ready: false });
    await put({});
    await restarted;
    expect(told()).toEqual(['Instance x is running again.']);
  });
});
