import type { Event } from '@jupyterlab/services';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import { type ApiError, asApiError, type TrainHubApi } from './api';
import { objectChange, type IObjectChange } from './events';
import {
  keyOf,
  titleOf,
  type IObjects,
  type IStatus,
  type ITensorBoard,
  type Kind
} from './views';

/** Milliseconds between two polls; pushed events make the lists live, the poll is the safety net. */
const INTERVAL = 30_000;

/** The same while the cluster is starting or away: nothing pushes that it is there. */
const STARTING_INTERVAL = 2_000;
const AWAY_INTERVAL = 10_000;

/** The longest pause, in milliseconds, that failing polls back off to. */
const LONGEST_INTERVAL = 300_000;

const KINDS: readonly Kind[] = ['instance', 'job', 'tensorboard', 'transfer'];

type Lists = { [K in Kind]: ReadonlyMap<string, IObjects[K]> };

/**
 * The instances, jobs, TensorBoards and transfers as this browser knows them. REST fills the lists, the event
 * bus pushes changes, and a slow poll makes up for events that were missed.
 *
 * Nothing is requested before the first {@link watch}, and nothing is polled while nobody watches.
 */
export class TrainHubStore implements IDisposable {
  constructor(
    private readonly _api: TrainHubApi,
    private readonly _events: Event.IManager
  ) {
    this._poll = new Poll({
      auto: false,
      factory: () => this._fetch(),
      frequency: { interval: INTERVAL, backoff: true, max: LONGEST_INTERVAL },
      name: 'jupyter_trainhub:store',
      standby: () => this._watchers === 0 || 'when-hidden'
    });
  }

  /** Emitted at most once per frame, when lists, status or problem changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted for each object that came, changed or went, before `changed`. */
  get objectChanged(): ISignal<this, IObjectChange> {
    return this._objectChanged;
  }

  /** The server extension and its cluster; null before the first answer. */
  get status(): IStatus | null {
    return this._status;
  }

  /** Why the lists may be out of date; null when they are not. */
  get problem(): ApiError | null {
    return this._problem;
  }

  /** Why the TensorBoards of the cluster may be missing; null when they are not. */
  get tensorboardProblem(): string | null {
    return this._tensorboardProblem;
  }

  /** Whether the lists of this kind were fetched at least once. */
  isLoaded(kind: Kind): boolean {
    return this._loaded.has(kind);
  }

  /** All objects of a kind, ordered by name. The array is the same one until something changes. */
  list<K extends Kind>(kind: K): readonly IObjects[K][] {
    const map = this._lists[kind];
    let sorted = this._sorted.get(map);
    if (!sorted) {
      sorted = Array.from(map.values()).sort((a, b) =>
        titleOf(a).localeCompare(titleOf(b), undefined, { numeric: true })
      );
      this._sorted.set(map, sorted);
    }
    return sorted as readonly IObjects[K][];
  }

  /** One object; undefined when there is none, or none was heard of yet. */
  get<K extends Kind>(kind: K, key: string): IObjects[K] | undefined {
    return this._lists[kind].get(key);
  }

  /** Keeps the lists up to date until the returned lease is disposed. */
  watch(): IDisposable {
    this._watchers += 1;
    if (this._watchers === 1) {
      if (!this._subscribed) {
        this._subscribed = true;
        this._events.stream.connect(this._onEmission, this);
      }
      void this.refresh();
    }
    return new DisposableDelegate(() => {
      this._watchers -= 1;
    });
  }

  /** Fetches everything now. Never rejects: a failure is the {@link problem}. */
  async refresh(): Promise<void> {
    if (this._poll.isDisposed) {
      return;
    }
    await this._poll.refresh();
    await this._poll.tick;
  }

  /** Takes in an object that a request of this browser's own has answered with. */
  put(object: IObjects[Kind]): void {
    this._enqueue({ kind: object.kind, key: keyOf(object), object });
  }

  /** Forgets an object that this browser has deleted. */
  remove(kind: Kind, key: string): void {
    this._enqueue({ kind, key, object: null });
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    cancelAnimationFrame(this._frame);
    Signal.clearData(this);
  }

  private async _fetch(): Promise<void> {
    const background = { background: true };
    const asked = this._clock;
    try {
      this._status = await this._api.status(background);
      const { state } = this._status.cluster;
      const ready = state === 'ready';
      const away = state === 'starting' ? STARTING_INTERVAL : AWAY_INTERVAL;
      this._poll.frequency = {
        interval: ready ? INTERVAL : away,
        backoff: true,
        max: LONGEST_INTERVAL
      };
      const lists = await Promise.allSettled([
        ready ? this._api.instances.list(background) : null,
        ready ? this._api.jobs.list(background) : null,
        this._tensorboards(),
        ready ? this._api.transfers.list(background) : null
      ]);
      lists.forEach((result, index) => {
        if (result.status === 'fulfilled' && result.value) {
          this._replace(KINDS[index], result.value, asked);
        }
      });
      const failed = lists.find(result => result.status === 'rejected');
      if (failed) {
        throw (failed as PromiseRejectedResult).reason;
      }
      this._problem = null;
    } catch (error) {
      this._problem = asApiError(error);
      throw error;
    } finally {
      this._scheduleFlush();
    }
  }

  private async _tensorboards(): Promise<ITensorBoard[]> {
    const { items, problem } = await this._api.tensorboards.list({
      background: true
    });
    this._tensorboardProblem = problem ?? null;
    return items;
  }

  /**
   * Makes the list of a kind what the server listed, but for objects of which something newer was
   * heard since the list was asked for: an event may overtake the answer to a request.
   */
  private _replace(
    kind: Kind,
    objects: readonly IObjects[Kind][],
    asked: number
  ): void {
    const listed = new Map(objects.map(object => [keyOf(object), object]));
    const keys = new Set([...listed.keys(), ...this._lists[kind].keys()]);
    for (const key of keys) {
      if ((this._heard.get(`${kind}/${key}`) ?? 0) <= asked) {
        const object = listed.get(key) ?? null;
        this._pending.set(`${kind}/${key}`, { kind, key, object });
      }
    }
    this._loaded.add(kind);
  }

  private _onEmission(_: unknown, emission: Event.Emission): void {
    const change = objectChange(emission);
    if (change) {
      this._enqueue({
        ...change,
        object: this._api.localize(change.object)
      });
    }
  }

  private _enqueue(change: IObjectChange): void {
    const id = `${change.kind}/${change.key}`;
    this._clock += 1;
    this._heard.set(id, this._clock);
    this._pending.set(id, change);
    this._scheduleFlush();
  }

  /**
   * Changes are applied once per frame, so that a burst of events costs one rendering. Of each
   * object only the last change is kept: a hidden tab has no frames, and must not pile them up.
   */
  private _scheduleFlush(): void {
    if (this._frame === 0 && !this.isDisposed) {
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this._flush();
      });
    }
  }

  private _flush(): void {
    const changes = Array.from(this._pending.values()).filter(
      change => !same(this._lists[change.kind].get(change.key), change.object)
    );
    this._pending.clear();
    const copies = new Map<Kind, Map<string, IObjects[Kind]>>();
    for (const { kind, key, object } of changes) {
      let map = copies.get(kind);
      if (!map) {
        map = new Map<string, IObjects[Kind]>(this._lists[kind]);
        copies.set(kind, map);
      }
      if (object) {
        map.set(key, object);
      } else {
        map.delete(key);
      }
    }
    this._lists = { ...this._lists, ...Object.fromEntries(copies) };
    changes.forEach(change => this._objectChanged.emit(change));
    this._changed.emit();
  }

  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _objectChanged = new Signal<this, IObjectChange>(this);
  private readonly _pending = new Map<string, IObjectChange>();
  private readonly _heard = new Map<string, number>();
  private readonly _loaded = new Set<Kind>();
  private readonly _sorted = new WeakMap<object, readonly IObjects[Kind][]>();
  private _lists: Lists = {
    instance: new Map(),
    job: new Map(),
    tensorboard: new Map(),
    transfer: new Map()
  };
  private _status: IStatus | null = null;
  private _problem: ApiError | null = null;
  private _tensorboardProblem: string | null = null;
  private _watchers = 0;
  private _subscribed = false;
  private _clock = 0;
  private _frame = 0;
}

function same(known: object | undefined, heard: object | null): boolean {
  return JSON.stringify(known ?? null) === JSON.stringify(heard);
}
