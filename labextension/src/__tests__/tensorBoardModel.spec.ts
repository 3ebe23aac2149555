import { TensorBoardModel } from '../tensorboards/model';
import type { ITensorBoardTarget } from '../tensorboards/target';
import type { ITensorBoard } from '../tensorboards/views';
import { hubContext } from './hub';
import { RequestTable, type IAnswer } from './requestTable';
import { STATUS, tensorboard } from './views';

const ID = '0123456789abcdef';

describe('TensorBoardModel', () => {
  let server: RequestTable;

  /** A tab on `target` whose server answers from the table. */
  function open(
    answers: Record<string, IAnswer | (() => IAnswer)>,
    target: ITensorBoardTarget = { folders: ['runs'] }
  ): { model: TensorBoardModel; hear: (view: ITensorBoard | null) => void } {
    server = new RequestTable({
      'GET status': { body: STATUS },
      'GET instances': { body: { items: [] } },
      'GET jobs': { body: { items: [] } },
      'GET transfers': { body: { items: [] } },
      ...answers
    });
    const hub = hubContext(server);
    const model = new TensorBoardModel(hub, target);
    return {
      model,
      hear: view => {
        if (view) {
          hub.store.put(view);
        } else {
          hub.store.remove('tensorboard', model.view!.id);
        }
        jest.advanceTimersByTime(20);
      }
    };
  }

  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('goes from the request to the TensorBoard, and through its phases', async () => {
    const { model, hear } = open({
      'POST tensorboards': { body: tensorboard(ID, { phase: 'Starting' }) }
    });
    expect(model.state).toBe('asking');
    await model.open();
    expect(server.bodies).toEqual([{ folders: ['runs'] }]);
    expect(model.state).toBe('starting');
    hear(tensorboard(ID, { waiting: true }));
    expect(model.state).toBe('waiting');
    model.showAnyway();
    expect(model.state).toBe('running');
    hear(tensorboard(ID, { phase: 'Failed', message: 'no module' }));
    expect(model.state).toBe('failed');
    hear(null);
    expect(model.state).toBe('gone');
  });

  it('says why the server refuses, and asks again', async () => {
    const answers: Record<string, IAnswer> = {
      'POST tensorboards': {
        status: 404,
        body: { message: 'no folder', reason: 'NotFound' }
      }
    };
    const { model } = open(answers);
    await model.open();
    expect([model.state, model.problem?.message]).toEqual([
      'refused',
      'no folder'
    ]);
    server.answers['POST tensorboards'] = { body: tensorboard(ID) };
    await model.open();
    expect(model.state).toBe('running');
  });

  it('shows the first events as soon as TensorBoard has read them', async () => {
    let runs: string[] = [];
    const { model, hear } = open({
      'POST tensorboards': { body: tensorboard(ID, { waiting: true }) },
      [`GET /user/a%40b/trainhub/tensorboards/${ID}/data/runs`]: () => ({
        body: runs
      })
    });
    const first = jest.fn();
    model.firstRead.connect(first);
    await model.open();
    hear(tensorboard(ID));
    await jest.advanceTimersByTimeAsync(2_500);
    expect([model.state, first.mock.calls.length]).toEqual(['waiting', 0]);
    runs = ['a'];
    await jest.advanceTimersByTimeAsync(1_000);
    expect([model.state, first.mock.calls]).toEqual([
      'running',
      [[model, false]]
    ]);
  });

  it('is one of the cluster by its id, and starts anew one that is gone', async () => {
    const shared = tensorboard('cluster-runs', {
      where: 'cluster',
      phase: 'Stopped'
    });
    const { model } = open(
      { 'GET tensorboards/cluster-runs': { body: shared } },
      { id: 'cluster-runs' }
    );
    await model.open();
    // Its pod is started when somebody says so.
    expect(model.state).toBe('stopped');
    expect(model.target).toEqual({ id: 'cluster-runs' });

    const other = open(
      {
        'GET tensorboards/cluster-runs': {
          status: 404,
          body: { message: 'gone', reason: 'NotFound' }
        },
        'POST tensorboards': { body: shared }
      },
      { id: 'cluster-runs', folders: ['/mnt/a'], where: 'cluster' }
    );
    await other.model.open();
    expect(server.bodies).toEqual([{ folders: ['/mnt/a'], where: 'cluster' }]);
  });

  it('is away, not gone, while the cluster cannot be asked', async () => {
    const shared = tensorboard('cluster-runs', { where: 'cluster' });
    const { model } = open({
      'POST tensorboards': { body: shared },
      'GET tensorboards': { body: { items: [], problem: 'no route' } }
    });
    const { store } = (
      model as unknown as { _hub: ReturnType<typeof hubContext> }
    )._hub;
    await model.open();
    jest.advanceTimersByTime(20);
    const lease = store.watch();
    await jest.advanceTimersByTimeAsync(50);
    lease.dispose();
    store.dispose();
    expect(model.state).toBe('away');
  });

  it.each([
    ['starts again', 'local', 3600, 3600, 'starting'],
    ['does not where it was used', 'local', 3600, 60, 'stopped'],
    [
      'does not where it was stopped for another reason',
      'local',
      0,
      9e5,
      'stopped'
    ],
    ['does not start pods', 'cluster', 3600, 3600, 'stopped']
  ] as const)(
    'ended out of sight: %s',
    async (_, where, idle_seconds, away, state) => {
      const view = tensorboard(ID, { where, idle_seconds });
      const { model, hear } = open({
        'POST tensorboards': { body: view },
        [`PATCH tensorboards/${ID}`]: { body: { ...view, phase: 'Starting' } }
      });
      await model.open();
      jest.advanceTimersByTime(away * 1000);
      hear({ ...view, phase: 'Stopped' });
      await model.wake();
      expect(model.state).toBe(state);
      expect(model.notes).toHaveLength(state === 'starting' ? 1 : 0);
      model.dismiss('woken');
      expect(model.notes).toEqual([]);
    }
  );

  it('shows what takes its place, and hears not of its end meanwhile', async () => {
    const { model, hear } = open({
      'POST tensorboards': { body: tensorboard(ID) }
    });
    await model.open();
    const hold = model.hold();
    hear(null);
    expect(model.state).toBe('running');
    model.replace(tensorboard('f'.repeat(16), { folders: ['/a', 'b:/b'] }));
    hold.dispose();
    expect(model.target.folders).toEqual(['/a', 'b:/b']);
    expect(model.shows({ folders: ['runs'] })).toBe(false);
    expect(model.shows({ folders: ['/a', 'b:/b'] })).toBe(true);
    expect(model.shows({ id: 'f'.repeat(16) })).toBe(true);
  });
});
