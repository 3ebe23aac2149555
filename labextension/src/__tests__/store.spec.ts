import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { OBJECT_SCHEMA } from '../events';
import { TrainHubStore } from '../store';
import type { IObjects, Kind } from '../views';
import { keyOf } from '../views';
import { waitFor } from '../waiting';
import { RequestTable, type IAnswer } from './requestTable';
import { STATUS, instance, job, tensorboard } from './views';

/** A store on a server from a table, with an event bus that the test speaks on. */
class Bench {
  constructor(answers: Record<string, IAnswer | (() => IAnswer)> = {}) {
    this.table = new RequestTable({
      'GET status': { body: STATUS },
      'GET instances': { body: { items: [instance('lab')] } },
      'GET jobs': { body: { items: [] } },
      'GET tensorboards': { body: { items: [tensorboard('1')] } },
      'GET transfers': { body: { items: [] } },
      ...answers
    });
    this.store = new TrainHubStore(this.table.api, {
      stream: this._stream
    } as unknown as Event.IManager);
  }

  readonly table: RequestTable;
  readonly store: TrainHubStore;

  /** Starts to watch and waits until the lists are there. */
  async watch(): Promise<void> {
    this.store.watch();
    await this.nextChange();
  }

  nextChange(): Promise<void> {
    return new Promise(resolve => {
      const settle = (): void => {
        this.store.changed.disconnect(settle);
        resolve();
      };
      this.store.changed.connect(settle);
    });
  }

  push(object: IObjects[Kind]): void {
    this._emit({
      kind: object.kind,
      name: keyOf(object),
      action: 'changed',
      object
    });
  }

  pushDeleted(kind: Kind, name: string): void {
    this._emit({ kind, name, action: 'deleted' });
  }

  private _emit(data: object): void {
    this._stream.emit({ schema_id: OBJECT_SCHEMA, ...data });
  }

  private readonly _stream = new Signal<object, object>({});
}

describe('TrainHubStore', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  afterEach(() => {
    bench.store.dispose();
  });

  it('asks for nothing before somebody watches', () => {
    expect(bench.table.asked).toEqual([]);
  });

  it('fills its lists when somebody watches, without counting as activity', async () => {
    await bench.watch();
    expect(bench.store.list('instance')).toEqual([instance('lab')]);
    expect(bench.store.get('tensorboard', '1')?.name).toBe('runs');
    expect(bench.store.isLoaded('job')).toBe(true);
    for (const request of bench.table.asked) {
      expect(request).toContain('no_track_activity=1');
    }
  });

  it('takes in what is pushed', async () => {
    await bench.watch();
    bench.push(job('train'));
    await bench.nextChange();
    expect(bench.store.get('job', 'train')?.phase).toBe('Running');
    bench.pushDeleted('job', 'train');
    await bench.nextChange();
    expect(bench.store.list('job')).toEqual([]);
  });

  it('is not moved by events of others', async () => {
    await bench.watch();
    const before = bench.store.list('instance');
    bench.push({ ...job('x'), kind: 'unknown' } as never);
    bench.push(job('last'));
    await bench.nextChange();
    expect(bench.store.list('instance')).toBe(before);
    expect(bench.store.list('job').map(({ name }) => name)).toEqual(['last']);
  });

  it('changes once for a burst of events, to the last of each object', async () => {
    await bench.watch();
    let changes = 0;
    bench.store.changed.connect(() => (changes += 1));
    bench.push(job('train', { phase: 'Pending' }));
    bench.push(job('train', { phase: 'Starting' }));
    bench.push(job('train', { phase: 'Running' }));
    bench.push(job('other'));
    await bench.nextChange();
    expect(changes).toBe(1);
    expect(bench.store.get('job', 'train')?.phase).toBe('Running');
    expect(bench.store.list('job')).toHaveLength(2);
  });

  it('forgets what a poll does not list any more', async () => {
    await bench.watch();
    bench.table.answers['GET instances'] = { body: { items: [] } };
    await bench.store.refresh();
    await bench.nextChange();
    expect(bench.store.list('instance')).toEqual([]);
  });

  it('believes an event rather than a list that was asked for before it', async () => {
    await bench.watch();
    bench.table.answers['GET jobs'] = () => {
      // The event comes while the list, which does not know of it yet, is under way.
      bench.push(job('new'));
      return { body: { items: [] } };
    };
    await bench.store.refresh();
    await bench.nextChange();
    expect(bench.store.get('job', 'new')).toBeDefined();
  });

  it('tells the problem, keeps what it knows, and recovers', async () => {
    await bench.watch();
    bench.table.answers['GET jobs'] = {
      status: 503,
      body: {
        message: 'the cluster does not answer',
        reason: 'ClusterUnavailable',
        details: {}
      }
    };
    await bench.store.refresh();
    await bench.nextChange();
    expect(bench.store.problem?.reason).toBe('ClusterUnavailable');
    expect(bench.store.list('instance')).toHaveLength(1);
    bench.table.answers['GET jobs'] = { body: { items: [] } };
    await bench.store.refresh();
    await bench.nextChange();
    expect(bench.store.problem).toBeNull();
  });

  it('does not ask a cluster that is not ready for its objects', async () => {
    bench.table.answers['GET status'] = {
      body: { ...STATUS, cluster: { ...STATUS.cluster, state: 'unavailable' } }
    };
    await bench.watch();
    expect(bench.store.isLoaded('job')).toBe(false);
    expect(bench.table.asked.join()).not.toContain('GET jobs');
    expect(bench.store.list('tensorboard')).toHaveLength(1);
  });

  it('orders objects by name as people count', async () => {
    await bench.watch();
    ['run-10', 'run-9', 'abc'].forEach(name => bench.store.put(job(name)));
    await bench.nextChange();
    expect(bench.store.list('job').map(({ name }) => name)).toEqual([
      'abc',
      'run-9',
      'run-10'
    ]);
  });

  it('lets others wait for a phase, or for the end of an object', async () => {
    await bench.watch();
    const finished = waitFor(
      bench.store,
      'job',
      'train',
      ({ phase }) => phase === 'Succeeded'
    );
    const gone = waitFor(bench.store, 'instance', 'lab', () => false);
    bench.push(job('train'));
    await bench.nextChange();
    bench.push(job('train', { phase: 'Succeeded' }));
    bench.pushDeleted('instance', 'lab');
    expect((await finished)?.phase).toBe('Succeeded');
    expect(await gone).toBeNull();
  });
});
