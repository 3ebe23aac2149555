import { Notification } from '@jupyterlab/apputils';
import { StateDB } from '@jupyterlab/statedb';
import { CommandArguments, CommandIDs } from '../commands';
import type { IHubContext } from '../context';
import { IdleWarnings } from '../instances/idleWarnings';
import type { IIdle, IInstance } from '../views';
import { hubContext } from './hub';
import { instance, STATUS } from './views';

const IDLE: IIdle = {
  policy: { timeout: 3600, warning: 600, extension: 3600 },
  state: 'idle',
  since: '2026-01-01T00:00:00Z',
  stops_at: '2026-01-01T01:00:00Z',
  warned: true,
  extended_until: null,
  message: null,
  signals: []
};

describe('IdleWarnings', () => {
  const state = new StateDB();
  let hub: IHubContext;
  let warnings: IdleWarnings;

  async function begin(...items: IInstance[]): Promise<void> {
    hub = hubContext({
      'GET status': { body: STATUS },
      'GET instances': { body: { items } },
      'GET jobs': { body: { items: [] } },
      'GET tensorboards': { body: { items: [] } },
      'GET transfers': { body: { items: [] } }
    });
    warnings = new IdleWarnings(hub, state);
    const changed = nextChange();
    await warnings.begin();
    await changed;
  }

  const nextChange = (): Promise<void> =>
    new Promise(resolve => hub.store.changed.connect(() => resolve()));

  async function put(idle: Partial<IIdle>, more = {}): Promise<void> {
    const changed = nextChange();
    hub.store.put(instance('x', { idle: { ...IDLE, ...idle }, ...more }));
    await changed;
  }

  const shown = (): string[] =>
    Notification.manager.notifications.map(({ message }) => message);

  afterEach(async () => {
    warnings.dispose();
    await hub.store.refresh();
    hub.store.dispose();
    Notification.dismiss();
  });

  it('warns once for each stop, also over a reload', async () => {
    await begin(instance('x', { idle: IDLE }));
    expect(shown()).toHaveLength(1);
    expect(shown()[0]).toMatch(/^Instance x is idle and will be stopped at /);
    await put({ stops_at: '2026-01-01T01:00:05Z' });
    expect(shown()).toHaveLength(1);

    warnings.dispose();
    Notification.dismiss();
    await begin(instance('x', { idle: IDLE }));
    expect(shown()).toHaveLength(0);
    await put({ stops_at: '2026-01-01T03:00:00Z' });
    expect(shown()).toHaveLength(1);
  });

  it.each([
    ['extended or active', { warned: false }, {}],
    ['stopped', {}, { phase: 'Stopped' }]
  ])('takes the warning back when it is %s', async (_, idle, more) => {
    const stops_at = '2026-01-02T01:00:00Z';
    await begin();
    await put({ stops_at });
    expect(shown()).toHaveLength(1);
    await put({ stops_at, ...idle }, more);
    expect(shown()).toHaveLength(0);
    await state.clear();
  });

  it('keeps the instance by its button', async () => {
    const kept: unknown[] = [];
    await begin();
    hub.commands.addCommand(CommandIDs.extendInstance, {
      describedBy: { args: CommandArguments.extendInstance },
      execute: args => void kept.push(args.name)
    });
    await put({ stops_at: '2026-01-03T01:00:00Z' });
    const [{ options }] = Notification.manager.notifications;
    const [keep] = options.actions!;
    expect(keep.label).toBe('Keep for 1 hour');
    keep.callback(new MouseEvent('click'));
    expect(kept).toEqual(['x']);
  });

  it("does not warn of others' instances", async () => {
    await begin(instance('y', { idle: IDLE, owner: 'bob' }));
    expect(shown()).toHaveLength(0);
  });

  it('watches the store only while an instance runs', async () => {
    let watching = 0;
    await begin(instance('x', { idle: null, phase: 'Stopped' }));
    const watch = hub.store.watch.bind(hub.store);
    hub.store.watch = () => {
      watching += 1;
      return watch();
    };
    await put({ warned: false }, { phase: 'Running' });
    await put({ warned: false }, { phase: 'Running', message: 'same' });
    expect(watching).toBe(1);
    await put({ warned: false }, { phase: 'Stopped' });
    await put({ warned: false }, { phase: 'Running' });
    expect(watching).toBe(2);
  });
});
